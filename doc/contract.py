#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The table of who may say what to whom, from lib/ipc/contract.def. Without arguments it is written into doc/architecture/contracts.md; --check
says whether what stands there is current."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
DOC = TOP / 'doc/architecture/contracts.md'
BEGIN, END = '<!-- contract: doc/contract.py -->\n', '<!-- end of contract -->\n'


def rows():
    text = (TOP / 'lib/ipc/contract.def').read_text()
    found = re.findall(r'^CONTRACT\((\w+), (\w+), (.+?), (.+?), PHASE_(\w+), (.+?), (true|false), (\d+)\)$', text, re.M)
    assert len(found) == len(re.findall(r'^CONTRACT\(', text, re.M)), 'a row of contract.def is written differently'
    return found


def fields():
    """NAME -> its fields' names: the second argument of a number or a part, the first of all else"""
    text = (TOP / 'lib/ipc/contract_fields.h').read_text().replace('\\\n', ' ')
    return {name: [second if kind in 'NO' else first
                   for kind, first, second in re.findall(r'\b([NESDABO])\((\w+)(?: \w+)?(?:, (\w+))?', body)]
            for name, body in re.findall(r'^#define FIELDS_(\w+)\(N, E, S, D, A, B, O\)(.*)$', text, re.M)}


def names(mask):
    return 'all' if mask == 'P_ALL' else ', '.join(re.findall(r'P\((\w+)\)', mask)).lower()


def table():
    members = fields()
    lines = ['| message | from | to | class | fields |', '|---|---|---|---|---|']
    for name, lower, sender, reader, phase, classes, fd, rate in rows():
        kind = ', '.join(re.findall(r'C\((\w+)\)', classes)).lower()
        notes = (' + descriptor' if fd == 'true' else '') + (f', {rate}/s' if rate != '0' else '')
        lines.append(f'| {lower} | {names(sender)} | {names(reader)} | {kind}{notes} | {" ".join(members[name])} |')
    return '\n'.join(lines) + '\n'


def main():
    text = DOC.read_text()
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    current = head + BEGIN + table() + END + tail
    if sys.argv[1:] == ['--check']:
        if text != current:
            print('doc/architecture/contracts.md is behind lib/ipc/contract.def: run doc/contract.py')
        print('1 passed, 0 failed' if text == current else '0 passed, 1 failed')
        return text != current
    DOC.write_text(current)
    return 0


sys.exit(main())
