#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Write schema.sql as a C string, so that the database is made from the one file and nothing is opened at run time."""
import pathlib
import sys

lines = pathlib.Path(sys.argv[1]).read_text().splitlines()
body = ' '.join(line.strip() for line in lines if line.strip() and not line.lstrip().startswith('--'))
statements = [s.strip() + ';' for s in body.split(';') if s.strip()]
assert not any(c in body for c in '"\\')
text = '\n'.join(f'    "{s}"' for s in statements)
pathlib.Path(sys.argv[2]).write_text(
    f'/* SPDX-License-Identifier: ISC */\nstatic const char schema_sql[] =\n{text};\n')
