# SPDX-License-Identifier: ISC
"""Three who were not invited, and how they fare."""
import time

import audio
import capture
import ear
import sip
import tell

INJECTED = 1000
TONE_HZ = 1020.0        # neither phone's


def _event(s, what, timeout=3.0):
    """The event of that kind, once `ringfence events` shows it."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        got = [e for e in s.desk.ask("events") if e["what"] == what]
        if got:
            return got[-1]
        time.sleep(0.2)
    return None


def no_certificate(s):
    tell.out()
    tell.say("First: a phone without a certificate. It shakes hands and at once writes a login.")
    b, host = s.bundle("office"), s.lab.host("stranger")
    before = s.desk.counters()["edge"]
    why = sip.refused(host, b.server, b.port, sip.context())
    after = s.desk.counters()["edge"]
    tell.claim(bool(why) and why != "closed", f"it got a TLS alert ({why}) and not one octet of SIP")
    tell.claim(after["handshakes-refused"] == before["handshakes-refused"] + 1 and after["requests"] == before["requests"],
               "the exchange read no request of it")
    e = _event(s, "handshake-refused")
    s.desk.type("events", "--last", "1")
    tell.claim(bool(e) and e["remote"].startswith(host.v4 + ":"), "the operator sees it, with the address it came from")


def false_name(s):
    tell.out()
    tell.say("Second: the pupil's phone, which has a certificate of its own, logs in as the office, and knows the office's "
             "password.")
    own = s.bundle("pupil")
    with sip.Client(s.lab.host("pupil"), own) as c:
        r = c.register(user="office", password=s.passwords["office"])
        tell.claim(r.code == 403, f"it was refused: {r.code} {r.start[12:]}, {r.get('Warning')}")
    e = _event(s, "binding-refused")
    s.desk.type("events", "--last", "1")
    tell.claim(bool(e) and e["severity"] == "alarm" and e["phone"] == 3, "it is an alarm, and it names the pupil's phone")


def injection(s, wire):
    host = s.lab.host("intruder")
    ports = sorted({p.sport for p in wire.udp(src=s.server) if capture.kind(p.payload) == "rtp"})
    tell.out()
    tell.say(f"Third: a computer that saw where the call runs (ports {', '.join(map(str, ports))}) and sends it a loud tone.")
    clear = ear.ulaw(audio.read_wav(audio.tone(f"{s.where}/intruder.wav", TONE_HZ, seconds=1, level=0.9))[0])
    before, counted = s.desk.ask("calls")[0], s.desk.counters()["media"]["dropped-stranger"]
    sock = host.udp()
    for i in range(INJECTED // len(ports)):
        at = i * ear.FRAME % len(clear)
        for port in ports:
            sock.sendto(sip.rtp(i, i * ear.FRAME, clear[at:at + ear.FRAME], ssrc=666), (s.server, port))
        time.sleep(0.004)
    sock.close()
    time.sleep(1.2)             # media tells core about its calls once a second
    after, dropped = s.desk.ask("calls")[0], s.desk.counters()["media"]["dropped-stranger"] - counted
    sent = INJECTED // len(ports) * len(ports)
    tell.claim(len(ports) == 2 and dropped == sent, f"{sent} packets were sent into the call, {dropped} were dropped and counted")
    through = [p for p in wire.udp() if p.src == s.server and any(clear[a:a + 40] in p.payload for a in range(0, len(clear), ear.FRAME))]
    tell.claim(not through, f"{len(through)} of them left the exchange")
    tell.claim(after["packets_from"] > before["packets_from"] and after["packets_to"] > before["packets_to"],
               "speech was relayed all the time, both ways")
    e = _event(s, "media-stranger")
    s.desk.type("events", "--last", "1")
    tell.claim(bool(e) and e["remote"].startswith(host.v4 + ":"), "the operator sees where it came from")
