# SPDX-License-Identifier: ISC
"""How the demonstration speaks: 80 columns of plain text, one headline a step, and claims that are true or are not."""
import textwrap
import time

WIDTH = 80
IN = "   "
_start = time.monotonic()
_step = [0]
claims, failed = [], []


def out(text=""):
    print(text, flush=True)


def title(text, *paragraphs):
    out(text)
    out("=" * len(text))
    for p in paragraphs:
        out(textwrap.fill(p, WIDTH))


def step(text):
    _step[0] += 1
    head = f"{_step[0]}. {text} "
    clock = f" {time.monotonic() - _start:.0f} s"
    out()
    out(head + "-" * (WIDTH - len(head) - len(clock)) + clock)


def say(text):
    out(textwrap.fill(text, WIDTH, initial_indent=IN, subsequent_indent=IN))


def typed(command):
    out()
    out(textwrap.fill(f"$ {command}", WIDTH - 2, initial_indent=IN, subsequent_indent=IN + "    ",
                      break_long_words=False, break_on_hyphens=False))


def printed(text, most=24):
    """What a command printed, cut to the page."""
    lines = text.rstrip().splitlines()
    for line in lines[:most]:
        for part in textwrap.wrap(line, WIDTH - 5, subsequent_indent="    ", drop_whitespace=False,
                                  break_on_hyphens=False) or [""]:
            out(f"{IN}| {part}".rstrip())
    if len(lines) > most:
        out(f"{IN}| ... {len(lines) - most} lines more")


def claim(ok, text):
    """One statement of the demonstration, and whether it held."""
    claims.append(text)
    if not ok:
        failed.append(text)
    out(textwrap.fill(text, WIDTH, initial_indent=f"{IN}{'[true]' if ok else '[FALSE]'} ", subsequent_indent=IN + "       "))
    return ok


def verdict():
    out()
    seconds = time.monotonic() - _start
    if failed:
        out(f"{len(failed)} of {len(claims)} statements were FALSE ({seconds:.0f} s):")
        for text in failed:
            out(textwrap.fill(text, WIDTH, initial_indent=" - ", subsequent_indent="   "))
        return 1
    out(f"All {len(claims)} statements were true ({seconds:.0f} s).")
    return 0
