# SPDX-License-Identifier: ISC
"""Has espeak-ng say every text of every language folder and packs the result: speak.py PACKER OUTPUT LANGUAGE/prompts.txt..."""
import pathlib
import subprocess
import sys
import tempfile


def read(path):
    """({option of espeak-ng: value}, {name: text})"""
    options, texts = {}, {}
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("%"):
            key, _, value = line[1:].partition(" ")
            options[key] = value.strip()
            continue
        name, equals, text = (part.strip() for part in line.partition("="))
        if not (equals and name and text) or name in texts:
            sys.exit(f"{path}:{n}: neither a new name = text, nor a % line, nor a comment")
        texts[name] = text
    return options, texts


def main(packer, output, tables):
    flag = {"voice": "-v", "speed": "-s", "pitch": "-p"}
    with tempfile.TemporaryDirectory() as made:
        said = []
        for table in map(pathlib.Path, tables):
            options, texts = read(table)
            words = [w for key, value in options.items() for w in (flag[key], value)]
            for name, text in texts.items():
                wav = pathlib.Path(made) / f"{table.parent.name}-{name}.wav"
                subprocess.run(["espeak-ng", *words, "-w", wav, text], check=True)
                said.append(f"{table.parent.name}/{name}={wav}")
        subprocess.run([packer, output, *sorted(said)], check=True)


main(sys.argv[1], sys.argv[2], sys.argv[3:])
