# SPDX-License-Identifier: ISC
"""The spine: real phones register with certificate and login, talk in every pairing, and calls end in every way."""
import json
import time

import pytest

import capture
import net
import phones
import sip
from scripted import RTP_PORT, Call

PAIRS = [(a, b) for a in ("baresip", "linphone") for b in ("baresip", "linphone")]
GRADE = {"srtp": "exchange", "dtls": "end-to-end", "zrtp": "end-to-end"}


def pair(people, a, b, media, codec="PCMU", **kw):
    """Two phones; the same pair of kinds keeps its users, so that a phone restarts only for other settings."""
    one = people.phone(a, f"{a[:1]}1", tone="a", media=media, codecs=(codec,), **kw)
    two = people.phone(b, f"{b[:1]}2", tone="b", media=media, codecs=(codec,), **kw)
    return one, two


def matrix():
    """All pairings that have a key method in common; settings vary slowest, so that phones restart seldom."""
    for media in ("srtp", "dtls"):
        for codec in ("PCMU", "opus/48000/2"):
            yield from ((a, b, media, codec) for a, b in PAIRS)
    yield "linphone", "linphone", "zrtp", "PCMA"
    yield "linphone", "linphone", "zrtp", "opus/48000/2"


@pytest.mark.parametrize("a,b,media,codec", matrix())
def test_r7_pair_talks(exchange, people, where, a, b, media, codec):
    """R7: both hear each other, the exchange says who else could, and the wire shows nothing in clear."""
    one, two = pair(people, a, b, media, codec)
    with capture.Capture(two.host, "eth0", f"{where}/pair.pcap", "udp") as c:
        phones.call(one, two)
        got = exchange.wait_grade(GRADE[media])
        assert got["codec"].lower() == codec.split("/")[0].lower()
        assert (got["from"], got["to"]) == (one.bundle.user, two.bundle.user)
        phones.talk(one, two, 1.5)
    exchange.wait_no_calls()
    ex = exchange.lab.addr["voice"][0]
    media = capture.streams(c.packets())
    assert media and all(ex in (src, dst) for src, _, dst, _ in media), media.keys()
    assert not [p for p in capture.clear_media(c.udp()) if p.src == ex]
    if one.media == "zrtp":
        assert one.sas() and one.sas()[-1] == two.sas()[-1]


def test_r8_opus_constant(exchange, people, where):
    """R8: 500 consecutive Opus packets of each phone have one length."""
    one, two = pair(people, "baresip", "linphone", "srtp", "opus/48000/2")
    with capture.Capture(two.host, "eth0", f"{where}/opus.pcap", "udp") as c:
        phones.call(one, two)
        time.sleep(11)
        seen = exchange.calls()[0]
        assert seen["codec"].lower() == "opus" and not seen["varying"]
        phones.hang_up(one, two)
    runs = {k: capture.longest_equal_run(v) for k, v in capture.streams(c.packets()).items()}
    assert len(runs) == 2 and min(runs.values()) >= 500, runs


def test_r8_opus_that_varies_is_named(exchange, scripted):
    """R8: a phone whose Opus packets vary is said in the list of calls; one that keeps to a length is not."""
    a, b = scripted("sa"), scripted("sb")
    opus = dict(formats="96", lines=["a=rtpmap:96 opus/48000/2"])
    call = Call(a, b, offer=sip.sdp(a.local, RTP_PORT["a"], **opus), answer=sip.sdp(b.local, RTP_PORT["b"], **opus))
    x, y = call.media()
    for _ in range(50):
        x.say(b"\x5a" * 90, pt=96)
        time.sleep(0.01)
    assert len(y.hear(0.3)) == 50 and not exchange.call()["varying"]
    for i in range(20):
        x.say(b"\x5a" * (90 + i % 2 * 7), pt=96)
        time.sleep(0.01)
    net.wait_for("the word that it varies", lambda: exchange.call()["varying"], 5, step=0.2)
    call.bye()
    exchange.wait_no_calls()


def test_r31_an_end_from_which_nothing_comes_is_named(exchange, scripted):
    """R31: the list of calls says of whom nothing comes, and how much is dropped where it is more than what came before the keys."""
    call = Call(scripted("sa"), scripted("sb"))
    x, y = call.media()
    for _ in range(70):
        x.say()
        time.sleep(0.1)
    said = exchange.command("calls").stdout
    assert "nothing comes from sb for 0:0" in said and "from sa" not in said and "dropped" not in said, said
    for _ in range(60):
        y.say()
        y.say(pt=33)        # was not agreed
        time.sleep(0.02)
    said = net.wait_for("what is dropped", lambda: (s := exchange.command("calls").stdout) and "dropped of what comes from sb" in s and s, 5, step=0.3)
    assert "nothing comes" not in said, said
    call.bye()
    exchange.wait_no_calls()


@pytest.mark.parametrize("a,b", PAIRS)
def test_r29_cancel(exchange, people, a, b):
    one, two = pair(people, a, b, "srtp")
    one.dial(two.bundle.user)
    two.wait_incoming()
    one.hangup()
    two.wait_closed()
    one.wait_closed()
    exchange.wait_no_calls()


@pytest.mark.parametrize("a,b,code", [("linphone", "baresip", 486), ("baresip", "linphone", 603)])
def test_r29_refused_by_the_callee(exchange, people, a, b, code):
    """Busy (baresip answers 486) and decline (linphone answers 603) arrive as they were meant."""
    one, two = pair(people, a, b, "srtp")
    one.forget()
    one.dial(two.bundle.user)
    two.wait_incoming()
    two.reject()
    assert one.wait_refused()[0] == code
    exchange.wait_no_calls()


@pytest.mark.parametrize("who", PAIRS)
@pytest.mark.parametrize("ends", ["caller", "callee"])
def test_r29_either_end_hangs_up(exchange, people, who, ends):
    one, two = pair(people, *who, "srtp")
    phones.call(one, two)
    (one if ends == "caller" else two).hangup()
    one.wait_closed()
    two.wait_closed()
    exchange.wait_no_calls()


@pytest.mark.parametrize("kind", ["baresip", "linphone"])
@pytest.mark.parametrize("target", ["nobody", "absent"])
def test_r29_not_there(exchange, people, kind, target):
    """A number that no one has, and a user who is not registered: a reason that an operator can act on."""
    if target == "absent":
        people.bundle("absent")
    one = people.phone(kind, f"{kind[:1]}1", tone="a", media="srtp", codecs=("PCMU",))
    one.forget()
    one.dial(target)
    code, _, headers = one.wait_refused(30)
    assert code == (404 if target == "nobody" else 480)
    assert "reason" in headers or "warning" in headers


def test_r8_nothing_of_the_sender_passes(exchange, people, lab):
    """R8: what arrives holds no User-Agent, private address or display name of the sender's making."""
    one = people.phone("baresip", "b1", tone="a", media="srtp", codecs=("PCMU",))
    b = people.bundle("watcher")[0]
    with sip.Client(people.host("watcher"), b) as c:
        assert c.register().code == 200
        one.dial("watcher")
        got = c.wait_request("INVITE")
        c.reply(got, 486, "Busy Here", to_tag="w")
        one.wait_closed()
    text = str(got)
    for secret in ("baresip", "User-Agent", one.host.v4, "b1-0x"):
        assert secret.lower() not in text.lower(), text


def test_r20_log_row(exchange, people):
    """R20: four facts, in the full log each call."""
    before = len(exchange.log_rows())
    one, two = pair(people, "baresip", "linphone", "srtp")
    phones.call(one, two)
    time.sleep(2)
    phones.hang_up(one, two)
    exchange.wait_no_calls()
    rows = exchange.log_rows()
    assert len(rows) == before + 1
    text = json.dumps(rows[-1])
    assert one.bundle.user in text and two.bundle.user in text


def test_r27_status_shows_every_process(exchange):
    text = json.dumps(exchange.status())
    names = {n for _, n in exchange.processes()}
    for name in ("parent", "edge", "core", "media", "voice", "signer", "keeper", "ledger", "ctl", "net"):
        assert name in text and name in names
