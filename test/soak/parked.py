# SPDX-License-Identifier: ISC
"""A caller from outside is put on hold, parked, hears music, and is taken again."""
import time

import rules
from outside import FRAME, PORT, Line, Outside

PARK, TAKE = "*68", "*6910"     # the first place: nobody else parks


class Parked(Outside):
    def call(self):
        self.begin()
        self.come_in()
        self.stands()
        self.talk(0.5)
        self.change("sendonly")
        self.since, self.stood = time.monotonic(), None     # what follows is a call of its own
        self.park()
        self.take()
        self.stands()
        self.talk(0.5)
        self.bye()

    def park(self):
        """The place is said, and both calls of the phone end."""
        said = Line(self.phone, PORT + 2)
        sent = self.phone.invite(PARK, body=said.sdp())
        ok = self.phone.answer(sent)
        assert ok.code == 200, ok
        self.phone.ack(sent, ok)
        for _ in range(2):
            self.phone.reply(self.phone.wait_request("BYE", 15), 200, "OK")
        self.line.close()
        before, since = len(self.gateway.heard), time.monotonic()
        time.sleep(1)
        music = (len(self.gateway.heard) - before) // FRAME
        if music < 25:
            self.stood = since
            self.lost(f"of a second's music in the park {music} packets came", rules.SPEAKS)
            self.stood = None

    def take(self):
        self.line = Line(self.phone)
        self.dial(TAKE)

    def clear(self):
        self.gateway.give_up()
