# SPDX-License-Identifier: ISC
"""What the lab's two kinds of real phone have in common: a small call state, read from what the phone itself says."""
import os
import re
import time

import audio
import net


class Call:
    """One call as its phone tells it. state: outgoing, incoming, ringing, established, held, closed."""

    def __init__(self, key, peer, outgoing):
        self.key, self.peer, self.outgoing = key, peer, outgoing
        self.state = "outgoing" if outgoing else "incoming"
        self.was = {self.state}
        self.reason = ""
        self.secure = ""        # key method, where the phone says so

    def move(self, state, reason=""):
        self.state, self.reason = state, reason or self.reason
        self.was.add(state)

    def __repr__(self):
        return f"<{self.key} {self.peer} {self.state} {self.reason}>"


class Phone:
    """A phone on a host. Subclasses write its configuration and speak its language; `tone` is what it says."""
    kind = "?"
    stereo = False      # wants two channels where the codec has them

    def __init__(self, host, where, bundle, *, tone="a", media="srtp", codecs=("PCMU",), auto=False, ice=False,
                 family=4, talks_s=None):
        self.host, self.bundle, self.media, self.codecs, self.auto = host, bundle, media, tuple(codecs), auto
        self.bundles = bundle if isinstance(bundle, list) else [bundle]
        self.bundle, self.ice, self.family, self.tone = self.bundles[0], ice, family, tone
        self.where = where
        self.rec = f"{where}/rec"
        os.makedirs(self.rec, exist_ok=True)
        self.opus = any(c.lower().startswith("opus") for c in codecs)
        self.rate = 48000 if self.opus else 8000
        channels = 2 if self.opus and self.stereo else 1
        talks_s = talks_s or (60 if self.opus else 300)      # baresip hangs up when its file ends
        self.wav = audio.tone(f"{os.path.dirname(where)}/tone-{tone}-{self.rate}-{channels}-{talks_s}.wav", audio.TONES[tone], self.rate,
                              seconds=talks_s, channels=channels)
        self.log, self.proc, self.calls, self._played, self._mark = f"{where}/log", None, [], set(), 0

    def __repr__(self):
        return f"{self.kind}:{self.bundle.user}"

    def uri(self, target):
        return target if target.startswith("sip:") else f"sip:{target}@{self.bundle.domain}"

    # what the phone says, turned into self.calls and self.reg by poll()
    def poll(self):
        raise NotImplementedError

    def wait(self, what, test, timeout=10.0):
        def look():
            self.poll()
            if self.proc.poll() is not None:
                raise net.LabError(f"{self} ended ({self.proc.returncode}): {self.tail()}")
            return test()
        try:
            return net.wait_for(f"{self}: {what}", look, timeout)
        except net.LabError as e:
            raise net.LabError(f"{e}; calls {self.calls}; log:\n{self.tail()}") from None

    def tail(self, n=2500):
        try:
            with open(self.log, errors="replace") as f:
                return re.sub(r"\[\d+:\d\d:\d\d\] audio=\d+/\d+ \(bit/s\)\s*", "", f.read()[-8 * n:])[-n:]
        except OSError:
            return ""

    def live(self):
        return [c for c in self.calls if c.state != "closed"]

    def wait_registered(self, timeout=10.0):
        self.wait("a registration", self.registered, timeout)
        return self

    def come_back(self, timeout=70.0):
        """Registered again, where it is not the matter how a phone comes back by itself."""
        return self.wait_registered(timeout)

    def wait_state(self, *states, call=None, timeout=10.0):
        """The call (the newest one by default) once it is in one of the states."""
        def test():
            c = call or (self.calls[-1] if self.calls else None)
            return c if c and c.state in states else None
        return self.wait(" or ".join(states), test, timeout)

    def wait_incoming(self, timeout=10.0):
        return self.wait("an incoming call", lambda: next((c for c in self.calls if c.state == "incoming"), None), timeout)

    def wait_closed(self, call=None, timeout=10.0):
        """The newest call once it has ended; its reason says how."""
        return self.wait_state("closed", call=call, timeout=timeout)

    def wait_idle(self, timeout=10.0):
        self.wait("no call", lambda: not self.live(), timeout)

    def forget(self):
        """Start a new chapter: recordings and calls so far do not count any more."""
        self._played = set(self._recordings())
        self._mark = len(self.traces())
        self.calls = self.live()

    def recordings(self):
        """What was heard since forget()."""
        return sorted(set(self._recordings()) - self._played)

    def _recordings(self):
        return [f"{self.rec}/{f}" for f in os.listdir(self.rec) if f.endswith(self.heard_suffix)]

    def hears(self, tone, seconds, not_tone=None):
        audio.assert_heard(self.recordings(), tone, seconds, not_tone=not_tone)

    def traces(self):
        """The SIP it sent and received, as text."""
        raise NotImplementedError

    def refusal(self):
        """(code, phrase, {header: value}) of the last final refusal of an INVITE that it received, None if none."""
        last = None
        for m in re.finditer(r"^SIP/2\.0 ([3-6]\d\d) (.*?)\r?\n(.*?)\r?\n\r?\n", self.traces()[self._mark:], re.M | re.S):
            if re.search(r"^CSeq:\s*\d+ INVITE", m[3], re.M | re.I) and m[1] not in ("401", "407"):
                heads = dict(h.split(":", 1) for h in m[3].splitlines() if ":" in h)
                last = int(m[1]), m[2].strip(), {k.strip().lower(): v.strip() for k, v in heads.items()}
        return last

    def wait_refused(self, timeout=10.0):
        """The call placed last, refused: its (code, phrase, headers)."""
        self.wait_closed(timeout=timeout)
        got = self.refusal()
        if not got:
            raise net.LabError(f"{self}: ended, but not by a refusal: {self.calls}; {self.tail()}")
        return got

    def end_calls(self):
        """Hang up whatever is left of a test; never fails."""
        try:
            self.poll()
            for _ in range(4):
                if not self.live():
                    return
                self.hangup()
                time.sleep(0.3)
                self.poll()
        except (net.LabError, OSError):
            pass

    def kill(self):
        """As if its plug were pulled."""
        self.host.stop(self.proc, 9)


def call(a, b, *, target=None, timeout=10.0):
    """a dials b, b answers; the two Calls, established."""
    a.forget()
    b.forget()
    out = a.dial(target or b.bundle.user)
    inc = b.wait_incoming(timeout)
    if not b.auto:
        b.answer()
    b.wait_state("established", call=inc, timeout=timeout)
    a.wait_state("established", call=out, timeout=timeout)
    return out, inc


def hang_up(a, b):
    a.hangup()
    a.wait_idle()
    b.wait_idle()


def talk(a, b, seconds=2.0, within=6.0):
    """Let them talk, hang up, and check that each heard the other's tone for `seconds` and not its own.

    linphonec writes its recording out when the stream ends, so it is read after the call.
    """
    time.sleep(seconds + (1.8 if "dtls" in (a.media, b.media) else 0.8))
    hang_up(a, b)
    end = time.monotonic() + within
    while time.monotonic() < end and not (_enough(a, b.tone, seconds) and _enough(b, a.tone, seconds)):
        time.sleep(0.2)
    a.hears(b.tone, seconds, not_tone=a.tone)
    b.hears(a.tone, seconds, not_tone=b.tone)


def _enough(phone, tone, seconds):
    return audio.total(phone.recordings()).get(tone, 0) >= seconds
