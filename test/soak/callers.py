# SPDX-License-Identifier: ISC
"""Phones that call each other, with keys of their own: the kernel passes on what they say."""
import time

import net
import sip
from scripted import Call, Talk
from worker import Caller


class Pair(Caller):
    """Two phones that log in, call, talk in every other call, hang up, and now and then come anew."""

    def __init__(self, soak, n):
        super().__init__(soak, f"pair{n}", (f"a{n}", f"b{n}"))
        self.number, self.now = 0, None

    def call(self):
        self.number += 1
        self.now = Call(*self.phones)
        self.stands()
        if self.number % 2:
            self.talk(self.rnd.uniform(0, 1))
        else:
            time.sleep(self.rnd.uniform(0, 1))
        self.now.bye()

    def talk(self, seconds):
        """Both ends speak all the while. Media needs no connection, so nothing that goes once the call stands excuses a packet that is not heard."""
        ends = self.now.media()
        said, lost = self.words(ends, seconds)
        self.talked += 1
        self.packets += sum(said)
        if any(lost):
            self.lost(f"of {said} packets {[(x[0], x[-1]) for x in lost if x]} were not heard")
            self.mends(lambda: not any(self.words(ends, 0.5)[1]))

    @staticmethod
    def words(ends, seconds):
        """How many packets each said, and which of them were not heard."""
        talk = Talk(*ends)
        talk.start()
        time.sleep(seconds)
        try:
            talk.stop()
        except net.LabError:
            pass            # the last ones do not come
        return [len(s) for s in talk.said], [[i for i, n in enumerate(s) if n not in h] for s, h in zip(talk.said, map(set, reversed(talk.heard)))]

    def either(self):
        """What came first: the BYE at b, or its refusal at a."""
        for c, test in ((self.now.b, lambda m: m.method == "BYE"), (self.now.a, lambda m: m.code >= 200)):
            try:
                return c.wait(test, "BYE", 0.2)
            except sip.SipError:
                pass
        return None

    def bye(self):
        sent = self.now.next("BYE")
        got = net.wait_for("a BYE or its refusal", self.either, 8)
        if got.method:
            self.now.b.reply(got, 200, "OK")
            got = self.now.a.answer(sent)
        assert got.code in (200, 481), got
