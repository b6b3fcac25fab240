#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Write schema.sql as C: as one string, so that the database is made from the one file and nothing is opened at run time, and as the
list of its tables and columns that a backup walks, so that a new table cannot be forgotten in it."""
import hashlib
import pathlib
import re
import sys

# (table, column) that no backup holds: the sources of the call log (R21)
LEFT_OUT = {('calls', 'source')}
# tables that none holds: voicemail, whose keys no backup holds either
NO_TABLES = {'messages', 'message_pieces'}
KINDS = {'BIGINT': 'I', 'TEXT': 'T', 'BYTEA': 'B'}
COLUMNS_MAX = 14  # DB_PARAMS_MAX


def table(name, body):
    """(name, columns, kinds, has an id of its own, what orders its rows)"""
    key = re.search(r'PRIMARY KEY \(([^)]*)\)', body)
    key = key and key[1] or re.search(r'(\w+) \w+ PRIMARY KEY', body)[1]
    columns = [(c, KINDS[k]) for c, k in re.findall(r'(?:^|,)\s*(\w+) (BIGINT|TEXT|BYTEA)\b', body) if (name, c) not in LEFT_OUT]
    assert 0 < len(columns) <= COLUMNS_MAX, name
    own = key == 'id' and columns[0] == ('id', 'I')
    return name, ', '.join(c for c, _ in columns), ''.join(k for _, k in columns), own, key


lines = pathlib.Path(sys.argv[1]).read_text().splitlines()
body = ' '.join(line.strip() for line in lines if line.strip() and not line.lstrip().startswith('--'))
statements = [s.strip() + ';' for s in body.split(';') if s.strip()]
assert not any(c in body for c in '"\\')
text = '\n'.join(f'    "{s}"' for s in statements)
tables = [table(m[1], m[2]) for s in statements if (m := re.match(r'CREATE TABLE IF NOT EXISTS (\w+) \((.*)\);$', s)) and m[1] not in NO_TABLES]
assert tables and len(tables) + sum(f'EXISTS {n} ' in body for n in NO_TABLES) == body.count('CREATE TABLE')
rows = '\n'.join(f'    {{"{n}", "{c}", "{k}", {str(own).lower()}, "{key}"}},' for n, c, k, own, key in tables)
digest = hashlib.sha256(rows.encode()).hexdigest()[:16]
pathlib.Path(sys.argv[2]).write_text(
    f'/* SPDX-License-Identifier: ISC */\nstatic const char schema_sql[] =\n{text};\n')
if len(sys.argv) > 3:
    pathlib.Path(sys.argv[3]).write_text(
        f'/* SPDX-License-Identifier: ISC */\n#define TABLES {len(tables)}\n#define TABLES_ID UINT64_C(0x{digest})\n'
        f'static const struct dump_table dump_table[TABLES] = {{\n{rows}\n}};\n')
