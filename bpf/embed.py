#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Write the compiled programs as C, so that nothing is opened at run time."""
import pathlib
import sys

octets = pathlib.Path(sys.argv[1]).read_bytes()
rows = (octets[at:at + 24] for at in range(0, len(octets), 24))
body = "\n".join("\t" + " ".join(f"{b}," for b in row) for row in rows)
name = pathlib.Path(sys.argv[2]).stem
pathlib.Path(sys.argv[2]).write_text(
    f"static const unsigned char {name}[] __attribute__((aligned(8))) = {{\n{body}\n}};\n")
