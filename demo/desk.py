# SPDX-License-Identifier: ISC
"""The administrator's desk: `ringfence` commands, typed as shown, and what they print."""
import json
import re

import net
import tell
from exchange import command_path


class Desk:
    """RINGFENCE_SITE and PATH are set once, so that the words on the page are the words that run."""

    def __init__(self, exchange, where):
        self.host, self.where = exchange.host, where
        self.env = ["env", f"RINGFENCE_SITE={exchange.site}",
                    f"PATH={command_path(exchange.build).rpartition('/')[0]}:/usr/sbin:/usr/bin:/sbin:/bin", "TZ=UTC"]

    def run(self, *words, stdin="", check=True):
        p = self.host.run(*self.env, "sh", "-c", 'cd "$0" && exec ringfence "$@"', self.where, *words, stdin=stdin,
                          check=False, timeout=15)
        if check and p.returncode:
            raise net.LabError(f"ringfence {' '.join(words)}: {p.returncode}: {(p.stderr or p.stdout).strip()}")
        return p

    def type(self, *words, stdin="", only=None, most=24):
        """Run one, show it and what it printed (only the lines that match `only`); its output."""
        tell.typed("ringfence " + " ".join(words))
        text = self.run(*words, stdin=stdin).stdout
        lines = [x for x in text.splitlines() if not only or re.search(only, x)]
        tell.printed("\n".join(upright(lines)), most)
        return text

    def ask(self, *words, stdin=""):
        """What a command answers, as objects, for the demonstration itself."""
        return [json.loads(x) for x in self.run(*words, "--json", stdin=stdin).stdout.splitlines()]

    def who_can_hear(self):
        """That column of `calls`, in its own words."""
        head, *rows = self.run("calls").stdout.splitlines()
        at = head.find("WHO CAN HEAR")
        return re.split(r" {2,}", rows[0][at:])[0] if rows and at >= 0 else head

    def counters(self):
        """{process: {counter: value}}"""
        return {p["name"]: {x["name"]: x["used"] for x in p["lines"]} for p in self.ask("status")}


def upright(lines):
    """A table that is wider than the page, one column a line."""
    if len(lines) < 2 or max(map(len, lines)) < tell.WIDTH - 4 or not lines[0].isupper():
        return lines
    at = [m.start() for m in re.finditer(r"(?<!\S)\S+(?: \S+)*", lines[0])]
    out = []
    for row in lines[1:]:
        for a, b in zip(at, at[1:] + [None]):
            out.append(f"{lines[0][a:b].strip():14}{row[a:b].strip()}")
    return out
