# SPDX-License-Identifier: ISC
"""A message is left, heard and deleted: prompts of voice, words that it records, a key."""
import math
import struct
import time

import audio
import net
import rules
from outside import FRAME, Line
from gateway import linear
from prompts import heard_prompts, hears_prompt
from sippgate import ulaw
from worker import Caller

TONE = bytes(ulaw(int(9000 * math.sin(2 * math.pi * audio.TONES["a"] * i / 8000))) for i in range(8000))
WORDS_S = 2
TONE_S = 1.8        # the prompt is recognised from 0.6 s before its end on (SHARE_MIN of prompts.py), and then comes a second of tone


class Mailbox(Caller):
    anew = 0.1

    def __init__(self, soak):
        super().__init__(soak, "mailbox", ("m0", "m1"))
        soak.exchange.ask("user-set", name="m1", body=b"dnd=on\nvoicemail=on\n")
        self.sent, self.untidy = None, False

    def lost(self, *args):
        super().lost(*args)
        self.untidy = True

    def dial(self, phone, number):
        self.line = Line(phone)
        self.phone, self.cseq = phone, 1
        self.sent = phone.invite(number, body=self.line.sdp())
        self.ok = phone.answer(self.sent)
        assert self.ok.code == 200, self.ok
        phone.ack(self.sent, self.ok)
        self.line.aim(self.ok.body)
        self.stands()

    def bye(self):
        self.cseq += 1
        r = self.phone.answer(self.phone.in_dialog("BYE", self.sent, self.ok, self.cseq))
        assert r.code in (200, 481), r

    def listen(self, prompt, seconds):
        """Until it was said; whoever was interrupted hears all of it again. A phone is never silent meanwhile."""
        path, end, looked = f"{self.soak.where}/{self.name}.wav", time.monotonic() + seconds, 0
        audio.write_wav(path, [], 8000)
        while time.monotonic() < end:
            self.line.say(b"\xff" * FRAME)
            time.sleep(0.02)
            heard = self.line.hear()
            if len(heard) > looked + 25:
                looked = len(heard)
                audio.write_wav(path, [linear(x) for p in heard for x in p], 8000)
                if hears_prompt(path, prompt) is not None:
                    return True
        self.lost(f"{prompt} was not heard in {seconds} s, but {len(self.line.heard)} packets and {[n for _, n in heard_prompts(path)]}", rules.SPEAKS)
        return False

    def wait_for_tone(self):
        """What is said before it ends is not recorded, and a message of less than a second is none."""
        for _ in range(int(TONE_S * 50)):
            self.line.say(b"\xff" * FRAME)
            time.sleep(0.02)

    def speak(self):
        for i in range(WORDS_S * 50):
            at = i * FRAME % 8000
            self.line.say(TONE[at:at + FRAME])
            time.sleep(0.02)

    def press(self, key):
        at = self.line.seq * FRAME      # RFC 4733: that of its begin
        for i in range(8):
            self.line.say(struct.pack("!BBH", key, (i >= 5) << 7 | 10, min(i + 1, 6) * FRAME), pt=101, at=at)
            time.sleep(0.02)

    def waiting(self):
        user = next(x for x in self.soak.exchange.ask("user-show", name="m1") if x["kind"] == "user")
        return user["messages_new"], user["messages_old"]

    def comes_to(self, counts, seconds):
        """So many messages wait, new and old ones. What is recorded while one of those who keep it dies may be lost."""
        def counted():
            try:
                return self.waiting() == counts
            except (net.LabError, OSError):     # ctl, or ledger, is away
                return False
        try:
            return net.wait_for("", counted, seconds, step=0.3)
        except net.LabError:
            self.lost(f"not {counts} messages", rules.KEEPS)
            return False

    def empty(self):
        def done():
            try:
                return self.soak.exchange.command("user", "forget-messages", "m1", check=False).returncode == 0 and self.waiting() == (0, 0)
            except (net.LabError, OSError):
                return False
        net.wait_for("an empty mailbox", done, 60, step=0.5)
        self.untidy = False

    def clear(self):
        self.untidy = True

    def call(self):
        caller, owner = self.phones
        if self.untidy:
            time.sleep(1)       # of a message whose caller hung up now it is just being said
            self.empty()
        self.dial(caller, "m1")
        if not self.listen("voicemail-record-after-tone", 25):
            return self.bye()
        self.wait_for_tone()
        self.speak()
        self.bye()
        self.made += 1
        if not self.comes_to((1, 0), 15):
            return None
        self.since, self.stood = time.monotonic(), None
        self.dial(owner, "*97")
        if not self.listen("voicemail-you-have", 20):
            return self.bye()
        time.sleep(2)
        self.press(7)
        if not self.listen("voicemail-deleted", 20):
            return self.bye()
        owner.reply(owner.wait_request("BYE", 10), 200, "OK")
        self.comes_to((0, 0), 5)
        return None
