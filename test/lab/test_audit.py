# SPDX-License-Identifier: ISC
"""R24: real phones call each other, and the audit says of the capture what is known to be true of the call."""
import json
import os
import re
import signal
import subprocess
import time

import pytest

import audio
import capture
import net
import phones
from baresip import CONFIG, MEDIAENC, Baresip
from linphone import Linphone
from test_standin import make

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("RINGFENCE_BUILD") or os.path.join(TOP, "build")
DIRECT = "<sip:{user}@{addr}>;regint=0;mediaenc={mediaenc};answermode=manual;audio_codecs=PCMU\n"


class Direct(Baresip):
    """baresip without a server: it is called at its address, over UDP or TCP."""

    def __init__(self, *args, optional=False, transport="udp", **kw):
        super().__init__(*args, **kw)
        self.optional, self.transport = optional, transport

    def address(self):
        return f"[{self.host.v6}]" if self.family == 6 else self.host.v4

    def write(self):
        super().write()
        with open(f"{self.where}/accounts", "w") as f:
            f.write(DIRECT.format(user=self.bundle.user, addr=self.address(),
                                  mediaenc="srtp" if self.optional else MEDIAENC[self.media]))

    def start(self, register=False):
        return super().start(register=False)

    def uri(self, target):
        return f"{target};transport={self.transport}"


class Clear(Baresip):
    """baresip at the server over UDP: what it says can be read."""

    def write(self):
        super().write()
        path = f"{self.where}/accounts"
        text = open(path).read().replace("transport=tls", "transport=udp").replace(self.bundle.host_port(), f"{self.bundle.server}:5060")
        with open(path, "w") as f:
            f.write(text)


class Choosy(Clear):
    """Offers keys, and takes an answer without them."""

    def write(self):
        super().write()
        path = f"{self.where}/accounts"
        text = open(path).read().replace("mediaenc=srtp-mand", "mediaenc=srtp")
        with open(path, "w") as f:
            f.write(text)


class ClearLinphone(Linphone):
    """linphone at the server over UDP."""

    def write(self):
        super().write()
        path = f"{self.where}/rc"
        text = open(path).read().replace("sip_port=0", "sip_port=5060").replace("sip_tls_port=-1", "sip_tls_port=0")
        text = text.replace(f":{self.bundle.port};transport=tls", ":5060;transport=udp")
        with open(path, "w") as f:
            f.write(text)


def audited(path, *args):
    """(exit status, {kind: its lines})"""
    p = subprocess.run([f"{BUILD}/cmd/ringfence", "audit", "--json", *args, path], capture_output=True, text=True, timeout=60)
    kinds = {}
    for line in map(json.loads, p.stdout.splitlines()):
        kinds.setdefault(line["kind"], []).append(line)
    assert kinds["done"] == [{"kind": "done", "result": "ok"}], p.stderr
    return p.returncode, kinds


def the_call(path):
    status, kinds = audited(path)
    [summary], [call] = kinds["audit"], kinds.get("call", [None])
    assert summary["calls"] == 1 and call, kinds
    assert status == (4 if call["grade"] == "open" else 0)
    return call, {w["is"] for w in call["why"]}, kinds


def talk(a, b, where, name, target=None, seconds=2):
    path = f"{where}/{name}.pcap"
    with capture.Capture(b.host, "eth0", path):
        phones.call(a, b, target=target)
        phones.talk(a, b, seconds)
        phones.hang_up(a, b)
    return path


@pytest.fixture(scope="module")
def desk(lab, standin):
    return lab.host("audit-a"), lab.host("audit-b"), standin


def direct(desk, where, media, transport, *, family=4, optional=False, other=None):
    out = []
    for host, tone, kind in ((desk[0], "a", media), (desk[1], "b", other or media)):
        d = f"{where}/{transport}-{media}-{family}-{tone}-{len(os.listdir(where))}"
        p = Direct(host, d, [desk[2].bundle(f"u{tone}")], tone=tone, media=kind, codecs=("PCMU",), family=family,
                   transport=transport, optional=optional and tone == "a")
        out.append(p.start())
    return out


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("media,grade,keys,why", [
    ("clear", "open", "none", "clear"), ("srtp", "open", "sdes", "sdes-readable"), ("dtls", "nobody", "dtls", "fingerprint-unsigned")])
def test_r24_readable_signalling(desk, where, media, grade, keys, why, transport):
    a, b = direct(desk, where, media, transport)
    path = talk(a, b, where, f"{transport}-{media}", f"sip:{b.bundle.user}@{b.address()}")
    call, whys, kinds = the_call(path)
    assert call["grade"] == grade and why in whys, call
    leg = call["legs"][0]
    assert leg["keys"] == keys and leg["signalling"] == transport and leg["codec"] == "PCMU" and leg["packets"] > 100
    assert any("baresip" in x["device"] for x in kinds.get("phone", [])) == (grade == "open")
    a.stop()
    b.stop()


def test_r24_optional_encryption_answered_in_clear(desk, where):
    a, b = direct(desk, where, "srtp", "udp", optional=True, other="clear")
    call, whys, _ = the_call(talk(a, b, where, "optional", f"sip:{b.bundle.user}@{b.address()}"))
    assert call["grade"] == "open" and {"clear", "keys-declined"} <= whys, call
    a.stop()
    b.stop()


@pytest.mark.parametrize("media,keys,why", [("clear", "none", "clear"), ("srtp", "sdes", "sdes-readable")])
def test_r24_through_a_server_over_udp(lab, standin, where, media, keys, why):
    """Kamailio between the two, which is no phone to be fixed; its registrations and challenges can be read too."""
    path = f"{where}/server-{media}.pcap"
    b = make(lab, standin, Clear, tone="b", media=media, start=False)
    a = make(lab, standin, Clear, tone="a", media=media)
    with capture.Capture(b.host, "eth0", path):
        b.start()
        phones.call(a, b)
        phones.talk(a, b, 2)
    call, whys, kinds = the_call(path)
    assert call["grade"] == "open" and why in whys and call["from"] == a.bundle.user and call["to"] == b.bundle.user, call
    assert {x["signalling"] for x in call["legs"]} == {"udp"} and keys in {x["keys"] for x in call["legs"]}
    assert {x["address"] for x in kinds["phone"]} <= {a.host.v4, b.host.v4}
    [gave] = kinds["signalling"]
    assert gave["registrations"] >= 2 and gave["digests"] >= 1 and gave["digest_weakest"] == "MD5"
    a.stop()
    b.stop()


@pytest.mark.parametrize("media,grade,keys,why", [
    ("clear", "open", "none", "clear"), ("srtp", "open", "sdes", "sdes-readable"), ("zrtp", "nobody", "zrtp", "zrtp-to-compare")])
def test_r24_linphone_over_udp(lab, standin, where, media, grade, keys, why):
    """Another make, and keys that its media agrees on by itself: signalling that can be read does not give those away."""
    path = f"{where}/linphone-{media}.pcap"
    b = make(lab, standin, ClearLinphone, tone="b", media=media, start=False)
    a = make(lab, standin, ClearLinphone, tone="a", media=media)
    with capture.Capture(b.host, "eth0", path):
        b.start()       # its answers name no address: only here it says of itself what it is
        phones.call(a, b)
        phones.talk(a, b, 2)
    call, whys, kinds = the_call(path)
    assert call["grade"] == grade and call["from"] == a.bundle.user and call["to"] == b.bundle.user, call
    assert whys == {why}, call
    [leg] = call["legs"]
    assert leg["keys"] == keys and leg["signalling"] == "udp" and leg["codec"] == "PCMU" and leg["packets"] > 100, leg
    assert leg["clear_packets"] == (leg["packets"] if media == "clear" else 0), leg
    assert any("Linphone" in x["device"] for x in kinds.get("phone", [])) == (grade == "open")
    a.stop()
    b.stop()


# What must be said of each of the two calls: (grade, keys, reasons). What the phone that stays offers decides on the second.
CLEAR, SDES, DTLS = ("open", "none", {"clear"}), ("open", "sdes", {"sdes-readable"}), ("nobody", "dtls", {"fingerprint-unsigned"})
ZRTP, DECLINED = ("nobody", "zrtp", {"zrtp-to-compare"}), ("open", "none", {"clear", "keys-declined"})


@pytest.mark.parametrize("one,stays,three,before,after", [
    ("clear", Clear, "clear", CLEAR, CLEAR), ("srtp", Clear, "srtp", SDES, SDES), ("dtls", Clear, "dtls", DTLS, DTLS),
    ("srtp", Choosy, "clear", SDES, DECLINED)], ids=["clear", "srtp", "dtls", "srtp-then-declined"])
def test_r24_blind_transfer(lab, standin, where, one, stays, three, before, after):
    """a sends b on to c (REFER): the call that was and the one that came of it, each judged by itself."""
    path = f"{where}/blind-{one}-{three}.pcap"
    a = make(lab, standin, Clear, tone="a", media=one)
    b = make(lab, standin, stays, tone="b", media=one)
    c = make(lab, standin, Clear, tone="c", media=three)
    with capture.Capture(b.host, "eth0", path):
        phones.call(a, b)
        c.forget()
        speech(path, a, b)
        a.command("transfer", a.uri(c.bundle.user))
        c.wait_incoming()
        c.answer()
        c.wait_state("established")
        a.wait_idle(15)
        phones.talk(b, c, 2)
    transferred(path, (a, b, before), (b, c, after))
    for p in (a, b, c):
        p.stop()


@pytest.mark.parametrize("media,verdict", [("srtp", SDES), ("zrtp", ZRTP)], ids=["srtp", "zrtp"])
def test_r24_attended_transfer(lab, standin, where, media, verdict):
    """a asks c, then b's call takes the place of a's (Replaces). Heard at c: the call before, and the one after."""
    path = f"{where}/attended-{media}.pcap"
    a, b, c = (make(lab, standin, ClearLinphone, tone=x, media=media) for x in "abc")
    first, _ = phones.call(a, b)
    a.hold()
    with capture.Capture(c.host, "eth0", path):
        c.forget()
        second = a.dial(c.bundle.user)
        c.wait_incoming()
        c.answer()
        a.wait_state("established", call=second)
        speech(path, a, c)
        a.command(f"transfer {first.key} --to-call {second.key}")
        a.wait_idle(20)
        phones.talk(b, c, 2)
    transferred(path, (a, c, verdict), (b, c, verdict))
    for p in (a, b, c):
        p.stop()


def between(path, a, b, kind):
    ends = {a.host.v4, b.host.v4}
    return [x for x in capture.read(path) if {x.src, x.dst} == ends and x.proto == 17 and capture.kind(x.payload) == kind]


def speech(path, a, b):
    net.wait_for("two seconds of speech", lambda: len(between(path, a, b, "rtp")) > 200, 20)


def transferred(path, *expected):
    """The capture holds these calls and no other."""
    status, kinds = audited(path)
    calls = {(x["from"], x["to"]): x for x in kinds.get("call", [])}
    assert status == (4 if any(grade == "open" for _, _, (grade, _, _) in expected) else 0)
    assert kinds["audit"][0]["calls"] == len(expected) == len(calls), kinds
    for a, b, (grade, keys, whys) in expected:
        # baresip sends RTCP before it has keys
        named = keys != "none" and any(capture.rtcp_is_clear(x.payload) for x in between(path, a, b, "rtcp"))
        call = calls[a.bundle.user, b.bundle.user]
        [leg] = call["legs"]
        assert call["grade"] == leg["grade"] == grade and leg["keys"] == keys, call
        assert {w["is"] for w in leg["why"]} == (whys | {"rtcp-clear"} if named else whys), call
        assert leg["signalling"] == "udp" and leg["codec"] == "PCMU" and leg["packets"] > 100, call


def test_r24_hold(desk, where):
    """One call, however often it is held."""
    a, b = direct(desk, where, "srtp", "udp")
    path = f"{where}/hold.pcap"
    with capture.Capture(b.host, "eth0", path):
        phones.call(a, b, target=f"sip:{b.bundle.user}@{b.address()}")
        a.hold()
        net.wait_for("the hold to be answered", lambda: len(reinvites(b)) == 1, 10)
        a.resume()
        net.wait_for("the end of the hold to be answered", lambda: len(reinvites(b)) == 2, 10)
        time.sleep(2)
        phones.hang_up(a, b)
    call, whys, _ = the_call(path)
    assert call["grade"] == "open" and "sdes-readable" in whys and call["duration_ms"] > 2000, call
    a.stop()
    b.stop()


def reinvites(phone):
    """The descriptions with a direction that the phone answered: a hold, and its end."""
    return re.findall(r"INVITE sip:[^\n]*\r?\n(?:[^\n]+\n)*To:[^\n]*;tag=", phone.traces())


def test_r24_lost_packets(desk, where):
    """A capture that lacks each seventh frame, and a second of speech."""
    a, b = direct(desk, where, "clear", "udp")
    path = talk(a, b, where, "whole", f"sip:{b.bundle.user}@{b.address()}", seconds=3)
    data = open(path, "rb").read()
    out, at, n = data[:24], 24, 0
    while at < len(data):
        size = 16 + int.from_bytes(data[at + 8:at + 12], "little")
        n += 1
        if n % 7 and not 150 < n < 250:
            out += data[at:at + size]
        at += size
    assert n > 300
    lossy = f"{where}/lossy.pcap"
    with open(lossy, "wb") as f:
        f.write(out)
    [whole], [part] = (audited(x)[1]["call"] for x in (path, lossy))
    assert part["grade"] == whole["grade"] == "open" and part["legs"][0]["packets"] < whole["legs"][0]["packets"] * 0.8
    a.stop()
    b.stop()


def test_r24_ipv6(desk, where):
    a, b = direct(desk, where, "srtp", "udp", family=6)
    call, whys, _ = the_call(talk(a, b, where, "six", f"sip:{b.bundle.user}@{b.address()}"))
    assert call["grade"] == "open" and "sdes-readable" in whys and ":" in call["legs"][0]["caller"]
    a.stop()
    b.stop()


def test_r24_open_speech_is_heard(desk, where):
    """What --prove writes is what was said, in the clear call and under keys that anyone could read."""
    for media in ("clear", "srtp"):
        a, b = direct(desk, where, media, "udp")
        path = talk(a, b, where, f"heard-{media}", f"sip:{b.bundle.user}@{b.address()}")
        out = f"{where}/{media}.wav"
        status, kinds = audited(path, "--prove", "1", "--sound", out)
        assert status == 4 and kinds["sound"] == [{"kind": "sound", "call": 1, "written": True}]
        found = audio.total([out])  # of one channel, and so of one of the two
        assert found.get("a", 0) + found.get("b", 0) > 1, found
        a.stop()
        b.stop()


@pytest.mark.parametrize("kind,media,grade", [(Linphone, "clear", "open"), (Baresip, "srtp", "server"), (Baresip, "dtls", "nobody"),
                                              (Linphone, "zrtp", "nobody"), (Linphone, "srtp", "server")],
                         ids=lambda x: getattr(x, "kind", x))
def test_r24_signalling_over_tls(lab, standin, where, kind, media, grade):
    a = make(lab, standin, kind, tone="a", media=media)
    b = make(lab, standin, kind, tone="b", media=media)
    call, whys, kinds = the_call(talk(a, b, where, f"tls-{kind.kind}-{media}"))
    assert call["grade"] == grade and call["from"] == "" and call["legs"][0]["signalling"] == "unseen", call
    assert "clear" in whys if grade == "open" else not whys & {"clear", "clear-before-keys", "clear-after-keys"}, call
    assert kinds["signalling"][0]["messages"] == 0
    a.stop()
    b.stop()


def test_r24_live(desk, where):
    """Listening at a device, until it is interrupted."""
    a, b = direct(desk, where, "clear", "udp")
    out = f"{where}/live.json"
    with open(out, "w") as f:
        p = b.host.spawn(f"{BUILD}/cmd/ringfence", "audit", "--json", "--live", "eth0", stdout=f)
        program = net.wait_for("the reader to listen", lambda: reader_of(p.pid), 10)
        path = talk(a, b, where, "live", f"sip:{b.bundle.user}@{b.address()}")
        os.kill(program, signal.SIGINT)
        assert p.wait(20) == 4
    live = [json.loads(x) for x in open(out)]
    assert live[-1] == {"kind": "done", "result": "ok"}
    [heard] = [x for x in live if x["kind"] == "call"]
    stored, _, _ = the_call(path)
    assert heard["grade"] == stored["grade"] == "open" and heard["from"] == stored["from"]
    a.stop()
    b.stop()


def reader_of(pid):
    """The reader below the command, once its cage is shut."""
    for child in open(f"/proc/{pid}/task/{pid}/children").read().split():
        if "ringfence-audit" in open(f"/proc/{child}/cmdline").read() and "Seccomp:\t2" in open(f"/proc/{child}/status").read():
            return int(child)
    return None


def test_r24_no_call_is_no_call(lab, standin, where):
    """Registration and the rest of a quiet network."""
    a = make(lab, standin, Linphone, tone="a", start=False)
    path = f"{where}/quiet.pcap"
    with capture.Capture(a.host, "eth0", path):
        a.start()
    status, kinds = audited(path)
    assert status == 0 and kinds["audit"][0]["calls"] == 0 and kinds["audit"][0]["attempts"] == 0
    assert any(x["what"] == "sip-tls" for x in kinds.get("other", [])) or any(x["what"] == "tls" for x in kinds.get("other", []))
    a.stop()
