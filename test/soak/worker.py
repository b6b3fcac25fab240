# SPDX-License-Identifier: ISC
"""Those who work all the time while the soak lasts, each in a thread of its own."""
import random
import threading
import time

import net
import rules
import sip


MEND_S = 60


class Worker(threading.Thread):
    def __init__(self, soak, name):
        super().__init__(name=name, daemon=True)
        self.soak, self.broke = soak, None

    def run(self):
        try:
            self.work()
        except Exception as e:      # told at the end
            self.broke = e

    def over(self):
        return self.soak.stop.is_set()


class Caller(Worker):
    """Makes one call after another: gather() whoever takes part, then call(), which says when it stood; rules.py judges what fails.

    A call that stood when the connections of its phones went is hung up when they are back: bye() is said again.
    """
    anew = 0.2      # how often phones come anew for a call

    def __init__(self, soak, name, users):
        super().__init__(soak, name)
        self.users, self.phones, self.rnd = users, [], random.Random(name)
        self.since = self.stood = None
        self.made = self.talked = self.packets = self.logins = 0
        self.excused = dict.fromkeys(rules.EXCUSES, 0)
        self.failed, self.unheard = [], []
        for user in users:
            soak.people.bundle(user)
            soak.people.host(user)

    def come(self, user):
        c = sip.Client(self.soak.people.host(user), self.soak.people.bundle(user)[0], timeout=8).open()
        code = c.register().code
        if code != 200:
            c.close()
            raise net.LabError(f"REGISTER: {code}")
        self.logins += 1
        return c

    def gather(self):
        """A phone whose connection ended between two calls (edge died then) comes anew."""
        if not self.phones or self.rnd.random() < self.anew or any(c.closed(0.01) for c in self.phones):
            self.leave()
            for user in self.users:
                self.phones.append(self.come(user))

    def leave(self):
        while self.phones:
            self.phones.pop().close()

    def call(self):
        raise NotImplementedError

    def bye(self):
        """The call is hung up in order; said again by phones that are back, 481 is in order too: the first one did it."""
        raise NotImplementedError

    def stands(self):
        self.stood = time.monotonic()

    def fail(self, what):
        begun, gone = self.since - self.soak.start, self.soak.windows.last(self.since)
        self.failed.append(f"{self.name}, begun at {begun:.1f} s ({gone}): {what[:300]}")

    def lost(self, what, names=None):
        """Packets, or words, of a call that stands were not heard: since it stood, whoever the processes are whose absence excuses that."""
        why = rules.unheard(self.soak.windows, self.since, self.stood, names, time.monotonic())
        if why:
            self.excused[why] += 1
            self.unheard.append(f"{self.name}, {self.soak.windows.last(time.monotonic())}: {what[:200]}")
        else:
            self.fail(what)

    def mends(self, clean):
        """What was lost is no more once every process is back: clean() says whether all of a short talk was heard, in the second try at last."""
        windows, end, tries = self.soak.windows, time.monotonic() + MEND_S, 0
        while tries < 2:
            begun = net.wait_for("every process to be back", lambda: not windows.touch(time.monotonic(), time.monotonic()) and time.monotonic(), 60)
            if clean() or time.monotonic() > end:
                return
            tries += not windows.touch(begun, time.monotonic())
        self.fail("is not heard although every process is back")

    def hang_up_again(self):
        def back():
            try:
                for c in self.phones:
                    c.sock.close()
                    c.buffer, c.inbox = b"", []
                    if c.open().register().code != 200:
                        return False
                return True
            except (net.LabError, OSError):
                return False
        try:
            net.wait_for("phones that are back", back, 60, step=0.5)
            self.bye()
            self.made += 1
        except (net.LabError, OSError, AssertionError) as e:
            self.fail(f"stood, and its phones came back: {e}")

    def once(self):
        self.since, self.stood = time.monotonic(), None
        try:
            self.gather()
            self.call()
            self.made += 1
            for c in self.phones:
                while c.with_me:
                    c.with_me.pop().close()
        except (net.LabError, OSError, AssertionError) as e:
            why = rules.excuse(self.soak.windows, self.since, self.stood, time.monotonic())
            if why:
                self.excused[why] += 1
            else:
                self.fail(f"{'stood; ' if self.stood else ''}{e}")
            if why == rules.UNCONNECTED:
                self.hang_up_again()
            self.clear()
            self.leave()
            time.sleep(0.5)

    def clear(self):
        """What others than the phones still hold of a call that failed."""

    def work(self):
        while not self.over():
            self.once()
        self.leave()
