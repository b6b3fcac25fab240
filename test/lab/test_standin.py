# SPDX-License-Identifier: ISC
"""The lab proves itself: real phones against Kamailio with mutual TLS, no Ringfence. What fails here is the lab's fault."""
import base64
import os
import random
import subprocess
import sys

import pytest

import audio
import capture
import net
import phones
import pki
import prompts
import sip
import sipp
import srtp
from baresip import Baresip
from linphone import Linphone

PAIRS = [(Baresip, Baresip, "srtp", "PCMU"), (Baresip, Baresip, "dtls", "PCMA"), (Baresip, Linphone, "srtp", "PCMU"),
         (Linphone, Baresip, "dtls", "opus/48000/2"), (Linphone, Linphone, "zrtp", "opus"),
         (Linphone, Linphone, "srtp", "PCMA")]
_n = [100]


def test_what_a_killed_run_mounted_is_taken_away(where):
    dead, ours = f"{where}/of the dead", f"{where}/ours"
    os.mkdir(dead)
    os.mkdir(ours)
    subprocess.run([sys.executable, "-B", "-c", "import net, os, sys; net.mount('tmpfs', sys.argv[1]); os.kill(os.getpid(), 9)", dead], cwd=net.HERE)
    net.mount("tmpfs", ours)
    try:
        assert os.path.ismount(dead)
        net.sweep()
        assert not os.path.ismount(dead) and os.path.ismount(ours)
    finally:
        net.sh("umount", ours)


KILLED = """
import net, os, subprocess, time
p = subprocess.Popen(net.with_parent(("timeout", "-k", "1", "60", "sleep", "60")), preexec_fn=net._die_with_parent)
net.wait_for("the one that it starts", lambda: open(f"/proc/{p.pid}/task/{p.pid}/children").read().split(), 5)
time.sleep(0.3)
print(open(f"/proc/{p.pid}/task/{p.pid}/children").read(), flush=True)
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_run_started_dies_with_it():
    child = subprocess.run([sys.executable, "-B", "-c", KILLED], cwd=net.HERE, capture_output=True, text=True).stdout.strip()
    assert child.isdigit()
    net.wait_for("its end", lambda: not os.path.exists(f"/proc/{child}"), 5)


def make(lab, standin, kind, *, tone, users=1, server=None, slow_ms=0, start=True, **kw):
    _n[0] += users
    bundles = [standin.bundle(str(_n[0] - i), server) for i in range(users)]
    p = kind(lab.host(f"p{_n[0]}", slow_ms=slow_ms), f"{standin.where}/p{_n[0]}", bundles, tone=tone, **kw)
    return p.start() if start else p


@pytest.mark.parametrize("a,b,media,codec", PAIRS, ids=lambda x: getattr(x, "kind", x))
def test_lab_pair_talks(lab, standin, a, b, media, codec):
    one = make(lab, standin, a, tone="a", media=media, codecs=(codec,))
    two = make(lab, standin, b, tone="b", media=media, codecs=(codec,))
    phones.call(one, two)
    phones.talk(one, two, 2)
    if media == "zrtp":
        assert one.sas() and one.sas() == two.sas()
    one.dial(two.bundle.user)
    two.wait_incoming()
    two.reject()
    assert one.wait_refused()[0] in (486, 603)
    one.dial(two.bundle.user)
    two.wait_incoming()
    one.hangup()
    two.wait_closed()
    one.stop()
    two.stop()


@pytest.mark.parametrize("kind", [Baresip, Linphone], ids=lambda x: x.kind)
def test_lab_ipv6(lab, standin, kind, where):
    v6 = lab.addr["voice"][1]
    a = make(lab, standin, kind, tone="a", family=6, server=v6)
    b = make(lab, standin, kind, tone="b", family=6, server=v6)
    with capture.Capture(b.host, "eth0", f"{where}/six.pcap") as c:
        phones.call(a, b)
        phones.talk(a, b, 1)
    assert {k[0] for k in capture.streams(c.packets())} == {a.host.v6, b.host.v6}
    a.stop()
    b.stop()


def test_lab_sees_clear_media(lab, standin, where):
    """The capture tells clear from encrypted: a clear call is seen, an encrypted one is not."""
    found = {}
    for media in ("clear", "srtp"):
        a = make(lab, standin, Linphone, tone="a", media=media)
        b = make(lab, standin, Linphone, tone="b", media=media)
        with capture.Capture(b.host, "eth0", f"{where}/{media}.pcap") as c:
            phones.call(a, b)
            phones.talk(a, b, 1)
        found[media] = len(capture.clear_media(c.udp()))
        assert all(capture.longest_equal_run(s) > 50 for s in capture.streams(c.packets()).values())
        a.stop()
        b.stop()
    assert found["clear"] > 80 and found["srtp"] == 0


def test_lab_hold(lab, standin):
    a = make(lab, standin, Linphone, tone="a")
    b = make(lab, standin, Linphone, tone="b")
    phones.call(a, b)
    a.hold()
    b.wait_state("remote-held")
    a.resume()
    b.wait_state("established")
    phones.talk(a, b, 2)
    a.stop()
    b.stop()


def test_lab_two_users_on_one_device(lab, standin):
    a = make(lab, standin, Baresip, tone="a", users=2)
    b = make(lab, standin, Baresip, tone="b")
    for x in a.bundles:
        phones.call(b, a, target=x.user)
        assert a.calls[-1].aor == f"sip:{x.user}@{x.domain}"
        phones.hang_up(b, a)
    a.stop()
    b.stop()


def test_lab_slow_wire(lab, standin, where):
    """A phone 100 ms away; the clear RTCP that baresip sends before its keys is seen by the capture."""
    a = make(lab, standin, Baresip, tone="a", media="dtls", mux=False, slow_ms=100)
    b = make(lab, standin, Baresip, tone="b", media="dtls", mux=False)
    with capture.Capture(b.host, "eth0", f"{where}/slow.pcap") as c:
        phones.call(a, b)
        phones.talk(a, b, 2)
    assert capture.clear_media(c.udp(src=a.host.v4))
    a.stop()
    b.stop()


def test_lab_linphone_refuses_another_ca(lab, standin, where):
    b = standin.bundle("900")
    b.ca = pki.Authority(f"{where}/other").cert
    p = Linphone(lab.host("p900"), f"{where}/p900", b).start(register=False)
    p.wait("the failed handshake", lambda: "SSL handshake failed" in p.traces())
    assert not p.registered() and "REGISTER sip" not in p.traces()
    p.stop()


def test_lab_script_and_refusals(lab, standin, where):
    h, b = lab.host("script"), standin.bundle("910")
    with sip.Client(h, b) as c:
        assert c.register().code == 200
    assert sip.refused(h, b.server, b.port, sip.context())
    assert sip.refused(h, b.server, b.port, sip.context(*pki.Authority(f"{where}/third").issue("x")))
    old = standin.ca.issue("old", start="20200101000000Z", end="20210101000000Z")
    assert sip.refused(h, b.server, b.port, sip.context(*old))
    assert sip.refused(h, b.server, b.port, sip.context(b.cert, b.key)) is None


def test_lab_sipp(lab, standin, where):
    b = standin.bundle("920")
    sipp.Sipp(lab.host("sipp"), f"{where}/sipp", b, sipp.register(b)).result()


def test_lab_nat(lab, standin, where):
    """What is behind the masquerade is seen by another address and another port, and is not reached from outside."""
    router = lab.nat("home")
    h = lab.host("inside", "home")
    out = lab.exchange.udp(lab.addr["net"][0], 7777)
    s = h.udp(port=4000)
    s.sendto(b"x", (lab.addr["net"][0], 7777))
    _, seen = out.recvfrom(10)
    assert seen[0] == router.v4
    out.sendto(b"y", (router.v4, seen[1] ^ 1))
    out.sendto(b"z", seen)
    assert s.recv(10) == b"z"


def test_lab_tones(where):
    for rate in (8000, 16000, 48000):
        p = audio.tone(f"{where}/t{rate}.wav", audio.TONES["c"], rate, 2)
        assert audio.heard(p)["c"] > 1.9
    with pytest.raises(AssertionError):
        audio.assert_heard(p, "a", 0.5)
    with pytest.raises(net.LabError):
        net.wait_for("nothing", lambda: False, 0.1)


def test_lab_srtp():
    """RFC 3711 B.3, and a stream whose numbers begin anew; what was changed on the way is not opened."""
    key = base64.b64encode(bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6")).decode()
    out, back = srtp.Stream(key), srtp.Stream(key)
    assert out.key.hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert f"{out.salt:028X}" == "30CBBC08863D8C85D49DB34A9AE1"
    assert out.auth.hex().upper() == "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"
    for seq in (65534, 65535, 0, 1):
        packet = sip.rtp(seq, seq * 160, b"words")
        safe = out.protect(packet)
        assert safe[12:17] != b"words" and back.open(safe) == packet
        assert back.open(safe[:-1] + bytes([safe[-1] ^ 1])) is None


def test_lab_what_the_soak_excuses():
    """A call that was being set up while a process was away, or lost its connections; what ends in the exchange, while media is away."""
    sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "soak"))
    import rules
    w = rules.Windows()
    for name, gone, back in ("media", 10, 11), ("core", 20, 21), ("edge", 30, 31):
        w.open(name, gone)
        w.shut(back)
    assert rules.excuse(w, 20.5, None, 25) == rules.SETTING_UP and not rules.excuse(w, 22, None, 25)
    assert rules.excuse(w, 29, 29.5, 30.5) == rules.UNCONNECTED and not rules.excuse(w, 19, 19.5, 20.5)
    assert rules.unheard(w, 9, 10.5) == rules.UNHEARD and not rules.unheard(w, 8, 9, (), 12)
    assert rules.unheard(w, 8, 9, rules.ENDS, 12) == rules.UNSAID and not rules.unheard(w, 18, 19, rules.ENDS, 22)
    assert rules.ended_silent(w, [(9.95, 10.5), (10.9, 11.05)]) == []
    for hole in (9.5, 10.5), (10.9, 11.5), (20.1, 20.4), (40, 41):
        assert rules.ended_silent(w, [hole]) == [hole]
    assert rules.ended_lost(w) == 1 * rules.PACKETS_S


def test_lab_hears_what_was_begun_anew(where):
    """A prompt that is cut off and then said whole is heard."""
    once = [prompts.pack()[f"en/{n}"] for n in ("voicemail-record-after-tone", "interrupted")]
    rnd = random.Random(1)
    said = [*once[0][:len(once[0]) * 2 // 3], *once[1], *(x + rnd.gauss(0, 500) for x in once[0])]     # the second time not as clear
    path = f"{where}/anew.wav"
    audio.write_wav(path, [int(x) for x in said], prompts.RATE)
    at = len(said) - len(once[0])
    assert abs(prompts.hears_prompt(path, "voicemail-record-after-tone") - at / prompts.RATE) < 0.1
    audio.write_wav(path, [int(x) for x in said[:at]], prompts.RATE)
    assert prompts.hears_prompt(path, "voicemail-record-after-tone") is None
