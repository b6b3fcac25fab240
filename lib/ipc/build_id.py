#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Write build_id.h: a hash over every source that processes share, rewritten only when it changes."""
import hashlib
import pathlib
import sys

root, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
digest = hashlib.sha256()
for path in sorted([*(root / 'lib').rglob('*.[ch]'), *(root / 'lib').rglob('*.def'), *(root / 'proc').rglob('*.[ch]')]):
    digest.update(path.relative_to(root).as_posix().encode() + b'\0' + path.read_bytes())
octets = ', '.join(f'0x{b:02x}' for b in digest.digest()[:16])
text = f'/* SPDX-License-Identifier: ISC */\n#define BUILD_ID {{{octets}}}\n'
if not out.exists() or out.read_text() != text:
    out.write_text(text)
