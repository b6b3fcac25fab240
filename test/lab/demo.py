# SPDX-License-Identifier: ISC
"""`make demo`: two real phones, one exchange, one listener on the wire and three who were not invited.

Everything happens in network namespaces of its own. It ends by itself; the exit status is 0 when every claim held.
"""
import os
import shutil
import sys
import tempfile
import time

import audio
import capture
import net
import phones
import sip
from baresip import Baresip
from exchange import Exchange

GRADES = {"end-to-end": "nobody but the two can hear", "exchange": "nobody on the wire can hear; the exchange could",
          "setting-up": "nothing passes yet", "gateway": "the far gateway can hear", "open": "the wire can hear"}
INJECTED = 500
failed = []


def say(text=""):
    print(text, flush=True)


def claim(ok, text):
    """One line of the demonstration, true or not."""
    say(f"   {'ok ' if ok else 'NO '} {text}")
    if not ok:
        failed.append(text)


def admit(x, name, password):
    say(f"   ringfence user add {name}; phone add; phone enrol; phone sign")
    return x.phone(f"{name}s-phone", {name: password}, md5=True)


def show_call(x):
    for c in x.calls():
        say(f"   live: {c['from']} -> {c['to']}, {c['state']}, grade {c['grade']}: {GRADES.get(c['grade'], '')}")


def uninvited(lab, x, bundles, ears):
    say("3. Three who were not invited")
    b = bundles["mallory"]
    street = lab.host("stranger")
    why = sip.refused(street, b.server, b.port, sip.context())
    claim(why is not None, f"a phone without a certificate: the handshake ends ({why})")

    with sip.Client(lab.host("mallory"), b) as c:
        r = c.register(user="alice", password=bundles["alice"].password)
        claim(r.code in (401, 403), f"a phone that is let in, but claims to be alice, with her password: {r.start[8:]}")

    attacker = lab.host("attacker")
    s = attacker.udp()
    ex = lab.addr["voice"][0]
    ports = sorted({p.sport for p in ears.udp(src=ex) if capture.kind(p.payload) == "rtp"})
    for i in range(INJECTED):
        for port in ports:
            s.sendto(sip.rtp(i, i * 160, b"injected" * 20 + b"tag__10_oc", ssrc=666), (ex, port))
        time.sleep(0.002)
    time.sleep(0.3)
    through = [p for p in ears.udp() if b"injected" in p.payload]
    claim(ports and not through, f"a host that sends RTP into the call: {INJECTED * len(ports)} packets sent, {len(through)} arrived")


def main(where):
    with net.Net(zones={"voice": 1}) as lab:
        say("1. An exchange, three people, three phones")
        x = Exchange(lab, where)
        x.start()
        running = []
        try:
            bundles = {n: admit(x, n, f"{n}-has-a-long-password")[0] for n in ("alice", "bob", "mallory")}
            alice = Baresip(lab.host("alice"), f"{where}/alice", bundles["alice"], tone="a", media="dtls").start()
            running.append(alice)
            bob = Baresip(lab.host("bob"), f"{where}/bob", bundles["bob"], tone="b", media="dtls").start()
            running.append(bob)
            claim(alice.registered() and bob.registered(), "two baresip phones registered with certificate and login")

            say("2. Alice calls Bob")
            with capture.Capture(bob.host, "eth0", f"{where}/wire.pcap") as wire:
                phones.call(alice, bob)
                show_call(x)
                try:
                    call = x.wait_grade("end-to-end")
                except net.LabError:
                    call = None
                show_call(x)
                claim(call is not None, "the grade is end-to-end")
                time.sleep(3)
                uninvited(lab, x, bundles, wire)
                claim(len(x.calls()) == 1, "the call went on all the while")
                phones.hang_up(alice, bob)
            say("4. What they heard, and what a listener on Bob's wire has")
            for me, other in ((alice, bob), (bob, alice)):
                got = audio.total(me.recordings())
                claim(got[other.tone] > 2 and got[me.tone] < 0.2,
                      f"{me.bundle.user} heard {got[other.tone]:.1f} s of {other.bundle.user}'s tone")
            listener(wire, lab.addr["voice"][0])
        finally:
            for p in running:
                p.stop()
            x.stop()
    say()
    say("Every claim held." if not failed else f"{len(failed)} claims did not hold: " + "; ".join(failed))
    return 1 if failed else 0


def listener(wire, ex):
    packets = wire.packets()
    media = [p for p in wire.udp() if capture.kind(p.payload) == "rtp"]
    text = [p for p in packets if p.proto == 6 and b"SIP/2.0" in p.payload]
    clear = [p for p in capture.clear_media(wire.udp()) if p.src == ex]
    claim(bool(media) and not clear, f"{len(packets)} packets captured, {len(media)} of them speech, {len(clear)} readable")
    claim(not text, f"{len(text)} lines of SIP could be read")


if __name__ == "__main__":
    try:
        net.require_lab()
        place = tempfile.mkdtemp(prefix="rfdemo-")
    except net.LabError as e:
        sys.exit(f"the demo cannot run: {e}")
    os.chmod(place, 0o755)
    try:
        sys.exit(main(place))
    finally:
        shutil.rmtree(place, ignore_errors=True)
