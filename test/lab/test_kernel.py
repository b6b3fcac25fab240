# SPDX-License-Identifier: ISC
"""What relays calls (R28), and what happens to them when processes die, strangers send, addresses are banned. What the kernel does and what
media's sockets do is counted apart. All of it with tc, again with XDP, which is chosen because the far end of the exchange's cable then takes
what XDP sends, and again with sockets, where the exchange has no place for pins."""
import json
import os
import random
import signal
import socket
import struct
import threading
import time

import pytest

import capture
import engine as engine_kinds
import exchange as lab_exchange
import net
import phones
import sip
from exchange import PROCESSES
from capture import gaps, numbers
from scripted import ENCRYPTED, RTP_PORT, Call, Eager, Talk


@pytest.fixture(scope="module")
def exchange_options():
    return dict(kernel=True)


@pytest.fixture(scope="module", params=engine_kinds.ALL, autouse=True)
def engine(request, lab, exchange, people):
    return engine_kinds.Engine(request.param, lab, exchange, people)


DEAD_MOST_S = 3         # from the death of media until sockets relay again, the whole exchange started anew


def kernel_alone(why):
    """The test is of what only the engines in the kernel have: `why`."""
    assert why
    return pytest.mark.parametrize("engine", engine_kinds.KERNEL, indirect=True, scope="module")


def checksums_left_out(host, dev):
    """As between two containers: nobody makes the checksum of UDP, and it is the relay's to leave it right."""
    import ctypes
    import fcntl
    import socket

    def work():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            value = ctypes.create_string_buffer(struct.pack("II", 0x17, 1), 8)
            fcntl.ioctl(s, 0x8946, struct.pack("16sP16x", dev.encode(), ctypes.addressof(value)))
    net.inside(host, work)


def test_r28_the_engine_is_had(exchange, engine):
    """In effect without a word of configuration: the kernel where its directory is there, else sockets, with the reason in the status."""
    assert engine.programs() == engine.kernel
    assert exchange.counter("kernel-addresses") == (2 if engine.kernel else 0)
    assert exchange.counter("relay-eth-voice-xdp") == (2 if engine.name == "xdp" else 0)
    why = [line["name"] for p in exchange.status() for line in p["lines"] if line["name"].startswith("sockets-relay")]
    assert why == ([] if engine.kernel else ["sockets-relay-no-bpffs"])


PAIRS = [("linphone", "l1", "baresip", "b2", dict(media="srtp")), ("baresip", "b1", "baresip", "b2", dict(media="dtls")),
         ("baresip", "b61", "linphone", "l62", dict(media="srtp", family=6)),
         ("linphone", "l1", "linphone", "l2", dict(media="zrtp"))]


@pytest.mark.parametrize("kind,name,other_kind,other_name,how", PAIRS, ids=["srtp", "dtls", "v6", "zrtp"])
def test_r28_real_phones(exchange, engine, people, kind, name, other_kind, other_name, how):
    one = people.phone(kind, name, tone="a", codecs=("PCMU",), **how)
    two = people.phone(other_kind, other_name, tone="b", codecs=("PCMU",), **how)
    phones.call(one, two)
    net.wait_for("the keys", lambda: [c for c in exchange.calls() if c["grade"] not in ("setting-up", "setting up")], 12)
    engine.wait_flows(2, 4)      # RTP of both, and RTCP where it has ports of its own
    before = engine.counts()
    own, others = engine.counted_since(before)
    assert own >= 180 and others <= 10, (own, others)
    phones.talk(one, two, 2)
    phones.hang_up(one, two)
    exchange.wait_no_calls()
    engine.wait_flows(0)


def test_r28_checksums_that_nobody_made(exchange, engine, people):
    one = people.phone("baresip", "b1", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("linphone", "l2", tone="b", media="srtp", codecs=("PCMU",))
    checksums_left_out(people.host("b1"), "eth0")
    try:
        phones.call(one, two)
        before = engine.counts()
        phones.talk(one, two, 2)
        own, others = engine.counted_since(before, 0)
        assert own > 100 > 10 >= others, (own, others)
    finally:
        net.plain_frames(people.host("b1"), "eth0")
    phones.hang_up(one, two)


def test_r28_xdp_spares_the_stack(exchange, people, where, engine):
    """What XDP relays never reaches the stack, but for the packet of each flow that asks it every other second who the neighbour is. tc and
    sockets see each."""
    one = people.phone("baresip", "b1", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("baresip", "b2", tone="b", media="srtp", codecs=("PCMU",))
    phones.call(one, two)
    engine.wait_flows(2)
    before = engine.counts()
    with capture.Capture(exchange.host, "eth-voice", f"{where}/stack-{engine.name}.pcap", "udp") as c:
        own, others = engine.counted_since(before, 4)
    seen = [p for p in c.udp() if capture.kind(p.payload) == "rtp" and p.dst == exchange.lab.addr["voice"][0]]
    assert own >= 380 and others <= 10, (own, others)
    assert len(seen) <= 20 if engine.name == "xdp" else len(seen) >= 380, len(seen)
    phones.hang_up(one, two)


def test_r28_another_neighbour_is_followed(exchange, scripted, people, engine):
    """A phone gets another Ethernet address in the midst of a call; the stack hears of it and so does the relay."""
    call = Call(scripted("ka"), scripted("kb"))
    a, b = call.media()
    a.say(ENCRYPTED, 5)
    assert len(b.hear()) == 5
    host = people.host("kb")
    old = host.run("cat", "/sys/class/net/eth0/address").stdout.strip()
    for address in ("02:00:00:00:be:ef", old):
        host.ip("link", "set", "eth0", "address", address)
        for where in exchange.lab.addr["voice"]:
            host.run("ping", "-c", "1", "-W", "2", where)
        net.wait_for("what is said to it", lambda: (a.say(ENCRYPTED, 2), b.hear(0.3))[1], 5)
        before = engine.counts()
        a.say(ENCRYPTED, 50)
        assert len(b.hear()) >= 50
        own, others = engine.counted_since(before, 0)
        assert own >= 50 and others == 0, (own, others)
    call.bye()


class Frames:
    """Those at the host's eth0, each with the tag that came with it (0x8100 and what follows) or None."""

    def __init__(self, host):
        def work():
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))      # ETH_P_ALL
            s.bind(("eth0", 3))
            s.setsockopt(263, 8, 1)                                 # PACKET_AUXDATA
            s.settimeout(0.5)
            return s
        self.sock = net.inside(host, work)

    def udp_to(self, port):
        """All until nothing more comes."""
        got = []
        try:
            while True:
                frame, said, _, _ = self.sock.recvmsg(2048, socket.CMSG_SPACE(20))
                if frame[12:14] == b"\x08\x00" and frame[23] == 17 and struct.unpack_from(">H", frame, 36)[0] == port:
                    status, tci = next((struct.unpack_from("I12xH", data) for *_, data in said), (0, 0))
                    got.append((frame, tci if status & 0x10 else None))     # TP_STATUS_VLAN_VALID
        except TimeoutError:
            return got


def test_r28_a_tag_for_a_priority_goes_no_further(engine, scripted, people):
    """802.1p: a phone's frames say VLAN 0 and priority 5, which is between it and its switch."""
    call = Call(scripted("ka"), scripted("kb"))
    a, b = call.media()
    engine.wait_flows(4)
    sent, come = Frames(people.host("ka")), Frames(people.host("kb"))
    try:
        a.say(ENCRYPTED, 3)
        assert len(b.hear()) == 3
        frames = [frame for frame, _ in sent.udp_to(a.far[1])]
        assert len(frames) == 3 and [tag for _, tag in come.udp_to(RTP_PORT["b"])] == [None] * 3
        before = engine.counts()
        for frame in frames:
            sent.sock.send(frame[:12] + struct.pack(">HH", 0x8100, 5 << 13) + frame[12:])
        assert len(b.hear()) == 3
        assert [tag for _, tag in come.udp_to(RTP_PORT["b"])] == [None] * 3
        assert engine.counted_since(before, 0) == (3, 0)
    finally:
        sent.sock.close()
        come.sock.close()
    call.bye()


def test_r29_hold_and_resume(exchange, engine, people):
    one = people.phone("linphone", "l1", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("linphone", "l2", tone="b", media="srtp", codecs=("PCMU",))
    phones.call(one, two)
    time.sleep(1)
    one.hold()
    two.wait_state("remote-held")
    time.sleep(1)
    one.resume()
    two.wait_state("established")
    before = engine.counts()
    phones.talk(one, two, 2.5)
    own, others = engine.counted_since(before, 0)
    assert own > 100 > 10 >= others, (own, others)
    phones.hang_up(one, two)
    exchange.wait_no_calls()
    engine.wait_flows(0)


def live_through(exchange, engine, people, where, which):
    """kill -9 in a call of phones; what is lost of one's packets, at each place."""
    one = people.phone("baresip", "b1", tone="a", media="srtp", codecs=("PCMU",))
    two = people.phone("baresip", "b2", tone="b", media="srtp", codecs=("PCMU",))
    phones.call(one, two)
    engine.wait_flows(2)
    with capture.Capture(two.host, "eth0", f"{where}/lost-{which}.pcap", "udp") as c:
        time.sleep(1)
        if which == "all":
            exchange.restart_parent()
        elif which == "everything":
            exchange.kill_everything()
        else:
            old = exchange.kill(which)
            exchange.wait_replaced(which, old)
        time.sleep(3)
    heard = numbers(c.udp(), two.host.v4)
    assert exchange.calls(), "the call was lost"
    if which in ("all", "everything"):
        one.come_back()
        two.come_back()
    engine.wait_flows(2)
    before = engine.counts()
    own, others = engine.counted_since(before, 1)
    assert own >= 90 and others <= 10, (own, others)
    phones.hang_up(one, two)
    exchange.wait_no_calls()
    engine.wait_flows(0)
    lost = gaps(heard)
    assert len(heard) + sum(lost) >= 190, (len(heard), lost)
    return lost


@pytest.mark.parametrize("which", ["media", "net", "core"])
def test_r28_no_packet_is_lost(exchange, engine, people, where, which):
    """kill -9 in a call: every packet that one phone sends reaches the other, and the call is hung up by what was started anew. Sockets are
    media's own: what is sent while it is dead is lost, once and for no longer, and nothing before or after."""
    lost = live_through(exchange, engine, people, where, which)
    if which == "media" and not engine.kernel:
        assert len(lost) <= 1 and sum(lost) <= DEAD_MOST_S * 50, lost
    else:
        assert lost == []


@kernel_alone("a relay that outlives all; sockets go on after it with phones that are back sooner (the_whole_exchange_is_another)")
@pytest.mark.parametrize("which", ["all", "everything"])
def test_r28_no_packet_is_lost_with_the_whole_exchange(exchange, engine, people, where, which):
    assert live_through(exchange, engine, people, where, which) == []


def children(x):
    """pid -> name of what parent started, without a process of our own; the rehearsal's are not its children."""
    found = {}
    with open(f"/proc/{x.proc.pid}/task/{x.proc.pid}/children") as f:
        for pid in f.read().split():
            try:
                name = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
            except OSError:
                continue
            if name.startswith("ringfence-") and name != "ringfence-conf":
                found[int(pid)] = name
    return found


def upgrade(engine):
    """The same executables once more. Of the old ones media is the last to end: when it does, all others have followed."""
    x = engine.x
    old = children(x)
    media = next(p for p, name in old.items() if name == "ringfence-media")
    log = f"{x.where}/upgrade-{time.monotonic()}.log"
    command = x.host.spawn(lab_exchange.command_path(x.build), "--site", x.site, "upgrade", log=log)
    alone = False
    while command.poll() is None:
        alone |= set(children(x)) & set(old) == {media}
    assert command.wait(60) == 0, open(log).read()
    assert alone, "the old media was never the only old one"
    now = children(x)
    assert not set(now) & set(old) and len(now) >= len(old), (old, now)


def kill_all_but_parent(engine):
    engine.x.kill_all_but_parent()


def restart_parent(engine):
    engine.x.restart_parent()


def kill_everything(engine):
    """Thrice in the same call; parent dies first, last or in between."""
    for _ in range(3):
        order = engine.x.kill_everything()
        assert set(order) >= {"parent", *PROCESSES}, order
        engine.wait_flows(4)


def change(call, version, direction, answer):
    """a re-INVITEs."""
    sent = call.next("INVITE", body=sip.sdp(call.a.local, RTP_PORT["a"], direction=direction, version=version))
    there = call.b.wait_request("INVITE")
    assert f"a={direction}" in there.body
    call.b.reply(there, 200, "OK", body=sip.sdp(call.b.local, RTP_PORT["b"], direction=answer, version=version))
    ok = call.a.answer(sent)
    assert ok.code == 200, ok
    call.a.ack(sent, ok)
    call.b.wait_request("ACK")


@pytest.mark.parametrize("what,deaths", [(kill_all_but_parent, 1), (upgrade, 1), (restart_parent, 1), (kill_everything, 3)],
                         ids=["all-but-parent", "upgrade", "all", "everything"])
def test_r28_the_whole_exchange_is_another(exchange, engine, scripted, what, deaths):
    """No packet of either end is lost while every process is replaced (by sockets: but while there is no media, once for each death of it); the
    call is adopted, held, resumed and hung up, and its duration in the log is that of the call."""
    rows = len(exchange.log_rows())
    call = Call(scripted("ka"), scripted("kb"))
    start = time.monotonic()
    talk = Talk(*call.media())
    talk.start()
    engine.wait_flows(4)    # RTP and RTCP of both
    what(engine)
    net.wait_for("the exchange to answer", exchange.answers, 20)
    assert len(exchange.calls()) == 1, "the call was lost"
    engine.wait_flows(4)
    talk.stop()
    for lost in talk.lost():
        assert len(lost) <= (0 if engine.kernel else deaths) and all(n <= DEAD_MOST_S * 50 for n in lost), (lost, talk.said, talk.heard)
    for c in (call.a, call.b):
        c.reconnect()
    change(call, 2, "sendonly", "recvonly")
    change(call, 3, "sendrecv", "sendrecv")
    x, y = talk.ends
    x.say(ENCRYPTED, 3)
    y.say(ENCRYPTED, 3)
    assert len(y.hear()) == 3 and len(x.hear()) == 3
    call.bye()
    lasted = time.monotonic() - start
    exchange.wait_no_calls()
    engine.wait_flows(0)
    net.wait_for("its row", lambda: len(exchange.log_rows()) == rows + 1, 10, step=0.3)
    assert abs(exchange.log_rows()[-1]["duration_ms"] / 1000 - lasted) < 1.5, (exchange.log_rows()[-1], lasted)


def test_r28_a_call_that_ends_while_media_is_dead(exchange, engine, scripted):
    """Nobody can tell media then, and what it kept it relays again, or the kernel does all along; until core has told it what there is."""
    call = Call(scripted("ka"), scripted("kb"))
    a, b = call.media()
    engine.wait_flows(4)
    a.say(ENCRYPTED, 3)
    assert len(b.hear()) == 3
    os.kill(exchange.proc.pid, signal.SIGSTOP)      # nobody starts it again
    try:
        old = exchange.kill("media")
        call.bye()
        assert not exchange.calls()
        a.say(ENCRYPTED, 3)
        assert len(b.hear()) == (3 if engine.kernel else 0)
    finally:
        os.kill(exchange.proc.pid, signal.SIGCONT)
    exchange.wait_replaced("media", old)
    net.wait_for("the exchange to answer", exchange.answers, 10)
    net.wait_for("the end of what no call owns", lambda: exchange.counter("relays-disowned") == 1, 5, step=0.2)
    engine.wait_flows(0)
    assert exchange.counter("relays") == 0
    a.say(ENCRYPTED, 3)
    assert not b.hear()


EAGER_CALLS = 40
TROUBLE = (net.LabError, OSError, AssertionError, AttributeError)      # of a phone whose exchange dies


def test_r28_the_first_words_are_heard(exchange, engine, scripted, people):
    """Of who speaks as soon as it has answered, or heard the answer; whatever strangers sent to the ports before."""
    a, b = scripted("ka"), scripted("kb")
    thief, lost = people.host("thief").udp(people.host("thief").v4), []
    with thief:
        for _ in range(EAGER_CALLS):
            for port in exchange.media_ports:
                thief.sendto(b"junk", (exchange.lab.addr["voice"][0], port))
            call = Eager(a, b)
            lost.append(call.unheard())
            call.bye()
            for end in call.ends:
                end.close()
    assert not any(any(x) for x in lost), [(i, x) for i, x in enumerate(lost) if any(x)]
    exchange.wait_no_calls()
    engine.wait_flows(0)


class Churn(threading.Thread):
    """Two phones that call, talk and hang up, and come anew when a call or its set-up fails."""

    def __init__(self, people, n):
        super().__init__(daemon=True)
        self.people, self.names, self.over = people, (f"ca{n}", f"cb{n}"), False
        self.talked, self.lost = 0, []
        for name in self.names:
            people.bundle(name)
            people.host(name)

    def come(self):
        both = [sip.Client(self.people.host(n), self.people.bundle(n)[0], timeout=3) for n in self.names]
        for c in both:
            if c.open().register().code != 200:
                raise net.LabError("not admitted")
        return both

    def talk(self, call):
        """Media needs no connection: whatever dies now, each packet of either end is heard."""
        talk = Talk(*call.media())
        talk.start()
        time.sleep(0.4)
        talk.over = True
        talk.join()
        time.sleep(0.2)
        talk.hear()
        self.talked += 1
        lost = [sorted(set(said) - set(heard)) for said, heard in zip(talk.said, reversed(talk.heard))]
        if any(lost):
            self.lost.append((time.monotonic(), talk.said[0][0], lost))

    def hang_up(self, call):
        """It stands until its caller has come back."""
        for _ in range(60):
            try:
                if call.a.answer(call.next("BYE")).code in (200, 481):
                    return
            except TROUBLE:
                time.sleep(0.2)
            try:
                call.a.reconnect()
            except TROUBLE:
                pass

    def leave(self, both):
        for c in both:
            for what in c.with_me:
                if isinstance(what, Call):
                    if hasattr(what, "ok") and not what.over:
                        self.hang_up(what)
                else:
                    what.close()
            c.with_me.clear()

    def run(self):
        both = []
        while not self.over:
            try:
                both = both or self.come()
                call = Call(*both)
                self.talk(call)
                call.bye()
                self.leave(both)
            except TROUBLE:
                self.leave(both)
                for c in both:
                    c.close()
                both = []
                time.sleep(0.1)
        for c in both:
            c.close()


@kernel_alone("a relay that outlives media")
def test_r28_who_was_answered_is_relayed_whatever_dies_then(exchange, engine, people):
    """Calls are set up all the while, and every process but parent is killed at any moment of that."""
    churns = [Churn(people, n) for n in range(4)]
    died, rnd = [], random.Random(28)
    for c in churns:
        c.start()
    for _ in range(6):
        time.sleep(rnd.uniform(1, 2))
        died.append(time.monotonic())
        exchange.kill_all_but_parent(40)
    time.sleep(1)
    for c in churns:
        c.over = True
    for c in churns:
        c.join(30)
    talked = sum(c.talked for c in churns)
    assert talked >= 20, talked
    assert not any(c.lost for c in churns), (talked, died, [c.lost for c in churns])
    exchange.wait_no_calls()
    engine.wait_flows(0)


def test_t24_a_stranger_is_dropped(exchange, engine, scripted, people):
    call = Call(scripted("ka"), scripted("kb"))
    a, b = call.media()
    a.say(ENCRYPTED, 5)
    assert len(b.hear()) == 5
    before, by_sockets = engine.dropped(), engine.dropped_by_sockets("stranger")
    thief = people.host("thief").udp(people.host("thief").v4, 40000)
    events = len(exchange.events())
    for _ in range(100):
        thief.sendto(b"\x80\x00" + ENCRYPTED, a.far)
    assert not b.hear(0.3)
    net.wait_for("100 in its count", lambda: engine.dropped() - before == 100, 4)
    assert engine.dropped_by_sockets("stranger") - by_sockets == (0 if engine.kernel else 100)

    def said():
        thief.sendto(b"\x80\x00" + ENCRYPTED, a.far)
        return [e for e in exchange.events()[events:] if e["what"] == "media-stranger" and people.host("thief").v4 in json.dumps(e)]
    net.wait_for("an event, of which there is one each ten seconds", said, 15, step=0.5)
    thief.close()
    net.wait_for("what the call says of it", lambda: sum(c["dropped_from"] + c["dropped_to"] for c in exchange.calls()) >= 100, 4)
    call.bye()
    engine.wait_flows(0)


def test_r29_what_is_lost_is_told_of_each_leg(exchange, engine, scripted):
    """One in ten never leaves the caller; late ones and second copies are no losses. 20 ms of audio each 5 ms: 15 ms of jitter"""
    call = Call(scripted("ka"), scripted("kb"))
    a, b = call.media()
    engine.wait_flows(4)
    first, order = a.seq, [i for i in range(300) if i % 10 != 9 or i == 299]
    for i in range(24, 300, 50):
        at = order.index(i)
        order[at:at + 2] = [order[at + 1], i, i]
    for i in order:
        a.seq = first + i
        a.say()
        time.sleep(0.005)
    b.say(n=40)

    def line():
        return exchange.calls()[0]
    net.wait_for("both legs", lambda: line()["expected_from"] == 300 and line()["expected_to"] == 40, 5)
    got = line()
    assert got["lost_from"] == 29 and got["lost_to"] == 0, got
    assert 10000 <= got["jitter_us_from"] <= 40000, got
    shown = exchange.command("calls").stdout
    assert "LOST" in shown and "29 (9.7%)/0" in shown and "JITTER MS" in shown, shown
    call.bye()
    engine.wait_flows(0)


def test_t26_policing_and_shape(engine, scripted):
    call = Call(scripted("ka"), scripted("kb"))
    a, b = call.media()
    before = engine.dropped()
    a.say(b"\xff" * 160, 20)        # clear
    assert not b.hear(0.3)
    net.wait_for("the shape", lambda: engine.dropped() - before == 20, 4)
    dropped, passed = engine.dropped(), engine.passed()
    for _ in range(20):             # as many at once as a socket's buffer holds
        a.say(ENCRYPTED, 50)
        time.sleep(0.005)
    net.wait_for("each of a thousand in one count or the other",
                 lambda: engine.passed() - passed + engine.dropped() - dropped == 1000, 4)
    assert 400 <= engine.passed() - passed <= 700
    call.bye()


def test_r13_ban(exchange, engine, scripted, people, lab):
    call = Call(scripted("ka"), scripted("kb"))
    a, b = call.media()
    a.say(ENCRYPTED, 3)
    assert len(b.hear()) == 3
    exchange.ask("ban", address=call.a.local, seconds=60)
    try:
        net.wait_for("the ban", lambda: not (a.say(ENCRYPTED, 2), b.hear(0.3))[1], 3)
        before = net.wait_for("its count", engine.dropped_banned, 8)
        a.say(ENCRYPTED, 10)
        net.wait_for("ten more", lambda: engine.dropped_banned() >= before + 10, 8)
        with pytest.raises(OSError):        # not even a SYN is answered
            people.host("ka").connect(lab.addr["voice"][0], 5061, timeout=1)
    finally:
        exchange.ask("unban", address=call.a.local)
    net.wait_for("the unban", lambda: (a.say(ENCRYPTED, 2), b.hear(0.3))[1], 3)


def test_r13_every_port_of_the_host_is_closed(exchange, people, lab):
    """Who sends junk and is banned reaches no other service of the host either; net's death changes nothing."""
    thief, ours = people.host("thief"), lab.addr["voice"][0]
    udp = exchange.host.udp(ours, 7070)
    tcp = net.inside(exchange.host, lambda: socket.create_server((ours, 7071)))
    junk = thief.udp(thief.v4)

    def heard():
        udp.settimeout(0.5)
        junk.sendto(b"\x80\x00junk", (ours, 7070))
        try:
            return udp.recv(100)
        except TimeoutError:
            return None
    with udp, tcp, junk:
        thief.connect(ours, 7071).close()
        assert heard() and thief.v4 not in exchange.bans_in_nftables()
        exchange.command("ban", thief.v4, "--for", "10m")
        try:
            net.wait_for("the ban in nftables", lambda: 500 < exchange.bans_in_nftables().get(thief.v4, 0) <= 600, 5)
            before = exchange.counter("dropped-by-nftables")
            assert not heard()
            with pytest.raises(OSError):
                thief.connect(ours, 7071, timeout=1)
            net.wait_for("what was dropped", lambda: exchange.counter("dropped-by-nftables") >= before + 2, 5)
            said = exchange.command("bans").stdout
            assert thief.v4 in said and "every port of this host" in said
            old = exchange.kill("net")
            assert thief.v4 in exchange.bans_in_nftables() and not heard()
            exchange.wait_replaced("net", old)
            assert thief.v4 in exchange.bans_in_nftables() and not heard()
        finally:
            exchange.command("unban", thief.v4)
        net.wait_for("the end of the ban", lambda: thief.v4 not in exchange.bans_in_nftables() and heard(), 5)
        thief.connect(ours, 7071).close()


@kernel_alone("a filter that somebody may take away")
def test_r28_a_filter_that_was_taken_away_comes_back(exchange, engine):
    exchange.host.run("tc", "filter", "del", "dev", "eth-voice", "ingress")
    assert engine.programs() == 0
    net.wait_for("the program to be attached again", lambda: engine.programs() == 1, 8, step=0.3)


def test_r28_stop_leaves_nothing(exchange, engine):
    """Of an exchange without calls neither filter nor pin is left; the next start makes anew what there was."""
    exchange.wait_no_calls()
    engine.wait_flows(0)
    exchange.stop()
    assert engine.programs() == 0 and not [f for f in os.listdir(exchange.pins) if not f.endswith(".debug")]  # the kernel's own
    assert "ringfence" not in exchange.host.run("nft", "list", "tables").stdout
    exchange.start()
    assert engine.programs() == engine.kernel
