# SPDX-License-Identifier: ISC
"""Has espeak-ng say every text of every language folder and packs the result: speak.py PACKER OUTPUT DEPFILE FOLDER"""
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


def main(packer, output, depfile, folder):
    tables = sorted(pathlib.Path(folder).glob("*/prompts.txt"))
    flag = {"voice": "-v", "speed": "-s", "pitch": "-p"}
    with tempfile.TemporaryDirectory() as made:
        said = []
        for table in tables:
            options, texts = read(table)
            words = [w for key, value in options.items() for w in (flag[key], value)]
            for name, text in texts.items():
                wav = pathlib.Path(made) / f"{table.parent.name}-{name}.wav"
                subprocess.run(["espeak-ng", *words, "-w", wav, text], check=True)
                said.append(f"{table.parent.name}/{name}={wav}")
        subprocess.run([packer, output, *sorted(said)], check=True)
    # a new folder changes the one that it lies in
    pathlib.Path(depfile).write_text(f"{output}: {' '.join(map(str, [*tables, folder]))}\n")


main(*sys.argv[1:])
