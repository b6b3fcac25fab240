# SPDX-License-Identifier: ISC
"""A POTS gateway without encryption: SIP over UDP, and TCP when it is told to listen, one call at a time; whatever audio comes is kept and goes back; keys by RFC 4733."""
import contextlib
import re
import select
import socket
import struct
import threading
import time

import audio

SDP = "v=0\r\no=- 1 1 IN IP4 {a}\r\ns=-\r\nc=IN IP4 {a}\r\nt=0 0\r\nm=audio {p} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n" \
      "a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n"
RTP_PORT = 30000
SSRC = b"\x47\x57\x00\x01"
FIRST_S, GIVES_UP_S = 0.5, 32       # RFC 3261: T1, and 64 of it
KEYS = "0123456789*#"


def header(text, name):
    return re.findall(rf"^{name}: *(.*?)\r$", text, re.M | re.I)


def linear(octet):
    """G.711 (mu-law): an octet as a sample of 16 bits."""
    x = ~octet & 0xff
    level = ((x & 0x0f) * 8 + 132 << (x >> 4 & 7)) - 132
    return -level if x & 0x80 else level


class Gateway:
    def __init__(self, host, exchange):
        self.host, self.exchange = host, exchange
        self.sip, self.rtp = host.udp(host.v4, 5060), host.udp(host.v4, RTP_PORT)
        self.invites, self.answers, self.echoed, self.clear = [], [], 0, True
        self.up, self.over, self.stopped = False, False, False
        self.dialog, self.deaf, self.longest = None, 0, 65535
        self.door, self.streams = None, {}
        self.lost, self.asked = 0, {}
        self.heard, self.media, self.seq, self.at, self.pressing = bytearray(), None, 0, b"\0\0\0\0", False
        self.cseq, self.kinds = 1, {}       # of our last request in a dialog; how many packets came of which payload type
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def forget(self):
        self.invites, self.answers, self.echoed, self.up, self.over, self.lost = [], [], 0, False, False, 0
        self.heard, self.kinds = bytearray(), {}

    def take_tcp(self, on):
        """SIP over TCP too, at the port of the datagrams."""
        self.door, before = self.host.tcp(self.host.v4, 5060) if on else None, self.door
        time.sleep(0.5)     # the thread looks at it no more
        if before:
            before.close()
            for s in list(self.streams):
                with contextlib.suppress(OSError):      # gone by itself
                    s.shutdown(socket.SHUT_RDWR)

    def _gone(self, s):
        del self.streams[s]
        s.close()

    def _read(self, s):
        data = s.recv(65536)
        if not data:
            self._gone(s)
            return
        self.streams[s] += data
        while True:
            head, end, rest = self.streams[s].partition(b"\r\n\r\n")
            length = re.search(rb"^Content-Length: *(\d+)", head, re.M | re.I)
            if not end or len(rest) < int(length[1]):
                return
            self.streams[s] = rest[int(length[1]):]
            self._take((head + end + rest[:int(length[1])]).decode(), s)

    def _ask(self, text, peer):
        """A request is said again until something answers it (RFC 3261 17.1.1.2, 17.1.2.2)."""
        now = time.monotonic()
        self.asked[header(text, "Via")[0]] = [text.encode(), peer, now + GIVES_UP_S, now + FIRST_S, FIRST_S]
        self.sip.sendto(text.encode(), peer)

    def _say_again(self):
        now = time.monotonic()
        for via, asked in list(self.asked.items()):
            data, peer, end, at, wait = asked
            if now > end:
                self.asked.pop(via, None)
            elif now > at:
                self.sip.sendto(data, peer)
                asked[3:] = now + 2 * wait, 2 * wait

    def _run(self):
        while not self.stopped:
            self._say_again()
            door = [self.door] if self.door else []
            for s in select.select([self.sip, self.rtp, *door, *self.streams], [], [], 0.2)[0]:
                if s in door:
                    self.streams[s.accept()[0]] = b""
                    continue
                if s in self.streams:
                    try:
                        self._read(s)
                    except ConnectionError:     # the exchange died with what it had not read
                        self._gone(s)
                    continue
                data, peer = s.recvfrom(65536)
                if s is self.rtp:
                    self.echoed += data[0] >> 6 == 2
                    kind = data[1] & 0x7f
                    self.kinds[kind] = self.kinds.get(kind, 0) + 1
                    self.clear &= len(data) == 172 or data[1] & 0x7f != 0
                    self.heard += data[12:] if data[1] & 0x7f == 0 else b""
                    self.media, self.at = peer, data[4:8]
                    if not self.pressing:
                        self._say(data[1], data[12:])
                elif self.deaf:
                    self.deaf -= 1          # lost on the way
                elif len(data) > self.longest:
                    self.lost += 1          # and so are fragments
                else:
                    self._take(data.decode(), peer)

    def _say(self, kind, payload):
        self.seq = self.seq + 1 & 0xffff
        self.rtp.sendto(struct.pack("!BBH", 0x80, kind, self.seq) + self.at + SSRC + payload, self.media)

    def press(self, key):
        """A key in the stream: 100 ms of a telephone-event, its end said three times (RFC 4733)."""
        self.pressing = True
        self.at = struct.pack("!I", int.from_bytes(self.at, "big") + 160 & 0xffffffff)
        begun = self.at
        for i in range(8):
            self.at = begun
            self._say(101 | (i == 0) << 7, struct.pack("!BBH", KEYS.index(key), (i >= 5) << 7 | 10, min(i + 1, 6) * 160))
            time.sleep(0.02)
        self.pressing = False

    def recording(self, path):
        """What was heard since forget(), as a WAV file."""
        audio.write_wav(path, [linear(x) for x in bytes(self.heard)], 8000)
        return path

    def _reply(self, text, code, phrase, peer, *, tag=True, body=""):
        to = header(text, "To")[0] + ("" if ";tag=" in header(text, "To")[0] or not tag else ";tag=gw1")
        out = [f"SIP/2.0 {code} {phrase}", *(f"Via: {v}" for v in header(text, "Via")), f"From: {header(text, 'From')[0]}", f"To: {to}",
               f"Call-ID: {header(text, 'Call-ID')[0]}", f"CSeq: {header(text, 'CSeq')[0]}",
               f"Contact: <sip:gw@{self.host.v4}:5060>"]
        if body:
            out.append("Content-Type: application/sdp")
        data = ("\r\n".join(out) + f"\r\nContent-Length: {len(body)}\r\n\r\n" + body).encode()
        if isinstance(peer, socket.socket):
            peer.sendall(data)
        else:
            self.sip.sendto(data, peer)

    def _take(self, text, peer):
        method = text.split()[0]
        if method == "INVITE":
            self.invites.append(text)
            self._reply(text, 180, "Ringing", peer)
            self._reply(text, 200, "OK", peer, body=SDP.format(a=self.host.v4, p=RTP_PORT))
            self.dialog = text
        elif method == "ACK":
            self.up = True
        elif method == "BYE":
            self.over, self.bye = True, text
            self._reply(text, 200, "OK", peer)
        elif method in ("OPTIONS", "UPDATE", "CANCEL"):
            self._reply(text, 200, "OK", peer)
        elif method == "SIP/2.0":
            self._answer(text, peer)

    def _answer(self, text, peer):
        code = int(text.split()[1])
        self.answers.append(code)
        self.asked.pop(next((v for v in self.asked if v.split("branch=")[1] in header(text, "Via")[0]), None), None)
        if code < 200 or "INVITE" not in header(text, "CSeq")[0]:
            return
        uri = re.search(r"<(.*?)>", header(text, "Contact")[0])[1] if code < 300 and header(text, "Contact") else self.uri
        ack = self._request("ACK", uri, to=header(text, "To")[0], via=self.via if code >= 300 else None,
                            cseq=int(header(text, "CSeq")[0].split()[0])).encode()
        if code >= 300 and isinstance(peer, socket.socket):
            peer.sendall(ack)
        else:       # of a 200 it goes by its own size
            self.sip.sendto(ack, self.exchange if isinstance(peer, socket.socket) else peer)
        self.up = code < 300
        self.last = text

    def _request(self, method, uri, *, to, via=None, cseq=1, more="", body=""):
        via = via or f"SIP/2.0/UDP {self.host.v4}:5060;branch=z9hG4bK{time.monotonic_ns():x}"
        if method == "INVITE":
            self.via, self.uri = via, uri
        return (f"{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {self.caller};tag=gw2\r\nTo: {to}\r\n"
                f"Call-ID: {self.call_id}\r\nCSeq: {cseq} {method}\r\nContact: <sip:gw@{self.host.v4}:5060>\r\n{more}"
                + ("Content-Type: application/sdp\r\n" if body else "") + f"Content-Length: {len(body)}\r\n\r\n{body}")

    def call(self, number, caller, more="", tcp=False):
        """A call from outside to a number of the site; by TCP to the port that takes its datagrams."""
        self.caller, self.call_id, self.cseq = caller, f"gw{time.monotonic_ns():x}", 1
        a, p = self.exchange
        uri = f"sip:{number}@{a}:{p}"
        via = f"SIP/2.0/TCP {self.host.v4}:5060;branch=z9hG4bK{time.monotonic_ns():x}" if tcp else None
        text = self._request("INVITE", uri, to=f"<{uri}>", more=more, body=SDP.format(a=self.host.v4, p=RTP_PORT), via=via)
        if not tcp:
            self._ask(text, (a, p))
            return
        s = self.host.connect(a, p)
        self.streams[s] = b""
        s.sendall(text.encode())

    def _ask_within(self, method, body=""):
        """In the dialog of call()."""
        uri = re.search(r"<(.*?)>", header(self.last, "Contact")[0])[1]
        self.cseq += 1
        self._ask(self._request(method, uri, to=header(self.last, "To")[0], cseq=self.cseq, body=body), self.exchange)

    def change(self, kind, name):
        """It speaks this codec alone from now on, as far as the exchange takes that."""
        self.answers = []
        body = SDP.format(a=self.host.v4, p=RTP_PORT).replace("o=- 1 1 ", f"o=- 1 {self.cseq + 1} ")
        self._ask_within("INVITE", body.replace("AVP 0 ", f"AVP {kind} ").replace("rtpmap:0 PCMU", f"rtpmap:{kind} {name}"))

    def hang_up(self):
        self._ask_within("BYE")

    def give_up(self):
        """The call that was begun is not wanted any more, whether it is up by now or not."""
        self.asked.clear()
        if not self.up:
            self._ask(self._request("CANCEL", self.uri, to=f"<{self.uri}>", via=self.via), self.exchange)
            time.sleep(1)
        if self.up and not self.over:
            self.hang_up()
        until = time.monotonic() + GIVES_UP_S
        while self.asked and time.monotonic() < until:
            time.sleep(0.1)

    def stop(self):
        self.stopped = True
        self.thread.join(2)
        self.sip.close()
        self.rtp.close()
