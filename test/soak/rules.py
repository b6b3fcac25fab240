# SPDX-License-Identifier: ISC
"""By which rules the soak judges. Nothing here needs the lab: times are seconds of one clock."""
import threading

WHOLE = ("all but parent", "parent", "upgrade")     # every process is another afterwards
BREAKS = ("edge", *WHOLE)                           # the connections of phones go with it
ENDS = ("media", *WHOLE)                            # it has the keys of what ends here: nobody hears while it is away
SPEAKS = ("voice", "media", "core", *WHOLE)         # a turn is begun anew
KEEPS = ("keeper", "ledger", *SPEAKS)               # what is recorded, or deleted, is not told to those who keep it
SETTING_UP, UNCONNECTED = "were being set up while a process was away", "stood when edge, which has the connections, went"
UNHEARD = "came up while a process was away and did not hear all"
UNSAID = "end in the exchange and did not hear all while a process that it takes was away"
EXCUSES = (SETTING_UP, UNHEARD, UNSAID, UNCONNECTED)

# How many packets of each direction of a lasting call that ends in the exchange may be lost at the death of these: what is said while media is away
# waits in the kernel, of which the last 200 ms are played. At any other's death none is lost, and none is late.
PACKETS_S = 50
HOLE_S = 0.1            # a hole begins with the last packet before it, and is seen with the first one after it
IN_FLIGHT = 2           # of each lasting call when the counting begins, or ends

# What a process may take more in so many calls: a step of malloc's, and less than a record of each. A row of ledger's stays in SQLite's cache,
# until that has its 2 MB.
STEP_KB, CALL_OCTETS = 160, {"ledger": 512}
OTHERS_CALL_OCTETS = 64
CACHE_KB = {"ledger": 2048}
DEATHS_SEEN = 3
# ledger's journal has a limit of 4 MB, and what does not fit before a checkpoint
WAL_OCTETS, RUN_OCTETS, STORE_OCTETS, ROW_OCTETS = 5 << 20, 4096, 256 << 10, 1024


class Windows:
    """When a process was away by our hand: from its kill until all were up again, somebody logged in and each trunk was up."""

    def __init__(self):
        self.lock, self.all = threading.Lock(), []

    def open(self, name, now):
        with self.lock:
            self.all.append([name, now, None])

    def shut(self, now):
        with self.lock:
            self.all[-1][2] = now

    def touch(self, since, until, names=None):
        with self.lock:
            return any((names is None or name in names) and a <= until and (b is None or b >= since) for name, a, b in self.all)

    def cover(self, since, until, names):
        with self.lock:
            return any(name in names and a <= since and (b is None or b >= until) for name, a, b in self.all)

    def last(self, now):
        """Who went last before that, for whom reads of a failure."""
        with self.lock:
            gone = [f"{name} went {now - a:.1f} s before" + (f", was back by {b - a:.1f} s" if b else "") for name, a, b in self.all if a <= now]
        return gone[-1] if gone else "none went before"

    def names(self):
        return [name for name, _, _ in self.all]


def excuse(windows, since, stood, now):
    """Why a call that failed now may have: it began at `since` and stood from `stood` (None: it never did). None: it may not."""
    if stood is None:
        return SETTING_UP if windows.touch(since, now) else None
    return UNCONNECTED if windows.touch(since, now, BREAKS) else None


def unheard(windows, since, stood, names=(), now=None):
    """The same of a call that stood from `stood` and did not hear all of what came from then to now; names: whose absence is heard."""
    if windows.touch(since, stood):
        return UNHEARD
    return UNSAID if names and windows.touch(stood, now, names) else None


def ended_silent(windows, holes):
    """Of holes (from, until) in a lasting call that ends in the exchange those that may not be."""
    return [(a, b) for a, b in holes if not windows.cover(a + HOLE_S, b - HOLE_S, ENDS)]


def ended_lost(windows):
    """How many packets of it may be lost in all."""
    return sum(round((b - a) * PACKETS_S) for name, a, b in windows.all if name in ENDS and b is not None)


def grown_kb(before, after):
    """What was taken between two (kB in use, kB mapped) and is used. Tables are mapped whole and used bit by bit: that is no growth, nor is
    what malloc has in reserve."""
    return max(0, min(b - a for a, b in zip(before, after, strict=True)))


def may_grow_kb(name, calls, first=False):
    """first: of one that has not yet met all that it will."""
    return STEP_KB + calls * CALL_OCTETS.get(name, OTHERS_CALL_OCTETS) / 1024 + (CACHE_KB.get(name, 0) if first else 0)


def leaks_descriptors(name, before, after, deaths):
    """One at each death. edge's are also those of its connections, which come and go."""
    return name != "edge" and deaths >= DEATHS_SEEN and after - before >= deaths


def may_grow_octets(file, calls):
    """run/ has arenas of one size and texts; a journal is cut to its limit, a store of appends is written anew when it is twice what it need be."""
    folder, name = file.split("/", 1)
    if name.endswith("-wal"):
        return WAL_OCTETS
    if folder == "run":
        return RUN_OCTETS
    return STORE_OCTETS + calls * ROW_OCTETS
