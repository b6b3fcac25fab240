# SPDX-License-Identifier: ISC
"""A scripted SIP client over mutual TLS, for what real phones never do: it says exactly what it is told to say.

Messages are text. What it builds can be bent with `headers` (a value of None drops one of its own), or a test sends
any bytes with send_raw(). Every wait is bounded.
"""
import hashlib
import re
import secrets
import socket
import ssl
import time

import net


class SipError(net.LabError):
    """No answer, or the connection ended."""


class Message:
    def __init__(self, start, headers, body):
        self.start, self.headers, self.body = start, headers, body
        self.code = int(start.split(" ")[1]) if start.startswith("SIP/2.0 ") else 0
        self.method = "" if self.code else start.split(" ")[0]

    def get(self, name, default=""):
        return next((v for k, v in self.headers if k.lower() == name.lower()), default)

    def all(self, name):
        return [v for k, v in self.headers if k.lower() == name.lower()]

    @property
    def cseq_method(self):
        return self.get("CSeq").split()[-1]

    def tag(self, name):
        m = re.search(r";tag=([^;>\s]+)", self.get(name))
        return m[1] if m else ""

    def contact_uri(self):
        m = re.search(r"<([^>]+)>", self.get("Contact"))
        return m[1] if m else self.get("Contact")

    def __str__(self):
        return self.start + "\n" + "\n".join(f"{k}: {v}" for k, v in self.headers) + "\n\n" + self.body

    __repr__ = __str__


def token(n=8):
    return secrets.token_hex(n)


def context(cert=None, key=None, *, lowest=None, highest=None, ciphers=None, ca=None):
    """A TLS client context. Without `ca` the server is not verified: attackers do not care."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    if ca:
        c.load_verify_locations(ca)
        c.verify_mode = ssl.CERT_REQUIRED
    if cert:
        c.load_cert_chain(cert, key)
    if ciphers:
        c.set_ciphers(ciphers)
    elif highest and highest < ssl.TLSVersion.TLSv1_2:
        c.set_ciphers("ALL:@SECLEVEL=0")
    if lowest:
        c.minimum_version = lowest
    if highest:
        c.maximum_version = highest
    return c


def handshake(host, addr, port, ctx, *, early=b"", timeout=5.0):
    """Shake hands and, right with the Finished, write `early`. The bytes that came back before the end; raises
    ssl.SSLError or OSError as the server refused. A refusal in TLS 1.3 arrives on the first read."""
    raw = host.connect(addr, port, timeout)
    raw.settimeout(timeout)
    try:
        s = ctx.wrap_socket(raw, server_hostname=None)
        if early:
            s.sendall(early)
        got = b""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            more = s.recv(65536)
            if not more:
                break
            got += more
            if b"\r\n\r\n" in got:
                break
        return got
    finally:
        raw.close()


EARLY = (b"REGISTER sip:ringfence.test SIP/2.0\r\nVia: SIP/2.0/TLS 10.0.0.1:5061;branch=z9hG4bKearly;rport\r\n"
         b"Max-Forwards: 70\r\nFrom: <sip:early@ringfence.test>;tag=e\r\nTo: <sip:early@ringfence.test>\r\n"
         b"Call-ID: early\r\nCSeq: 1 REGISTER\r\nContact: <sip:early@10.0.0.1:5061;transport=tls>\r\n"
         b"Content-Length: 0\r\n\r\n")


def refused(host, addr, port, ctx, early=EARLY):
    """None if the server spoke SIP with this client, else how the handshake ended. R1, T1, T21."""
    try:
        got = handshake(host, addr, port, ctx, early=early)
    except (ssl.SSLError, ConnectionError) as e:
        return getattr(e, "reason", None) or type(e).__name__
    except TimeoutError:
        return None
    return None if got else "closed"


class Client:
    """One connection and what stands behind it. `user` is whom it claims to be."""

    def __init__(self, host, bundle, *, user=None, cert=None, key=None, ctx=None, timeout=5.0):
        self.host, self.bundle = host, bundle
        self.user, self.password, self.domain = user or bundle.user, bundle.password, bundle.domain
        self.ctx = ctx or context(cert or bundle.cert, key or bundle.key)
        self.timeout, self.sock, self.buffer, self.inbox = timeout, None, b"", []
        self.seen = []          # all that came, in order
        self.with_me = []       # what closes when this does
        self.nc = 0

    def __enter__(self):
        return self.open()

    def __exit__(self, *exc):
        self.close()

    def open(self):
        raw = self.host.connect(self.bundle.server, self.bundle.port, self.timeout)
        self.sock = self.ctx.wrap_socket(raw, server_hostname=self.domain)
        self.local, self.port = self.sock.getsockname()[:2]
        self.addr = f"[{self.local}]" if ":" in self.local else self.local
        return self

    def reconnect(self):
        """After the exchange lost the connection; what is with this client stays."""
        if self.sock:
            self.sock.close()
        self.buffer, self.inbox = b"", []
        self.open()
        r = self.register()
        assert r.code == 200, r

    def close(self):
        while self.with_me:
            self.with_me.pop().close()
        if self.sock:
            self.sock.close()
            self.sock = None

    def reset(self):
        """RST, as CVE-2018-7286 did it."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    # sending

    def send_raw(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def send(self, start, headers, body=""):
        text = start + "\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers) + "\r\n" + body
        self.send_raw(text)
        return text

    def contact(self):
        return f"<sip:{self.user}@{self.addr}:{self.port};transport=tls>"

    def request(self, method, uri=None, *, to=None, from_=None, call_id=None, cseq=1, headers=None, body="",
                content=None, from_tag=None, branch=None, max_forwards=70):
        """Build and send a request; what identifies it, for answer() and dialogs."""
        uri = uri or f"sip:{self.domain}"
        own = {
            "Via": f"SIP/2.0/TLS {self.addr}:{self.port};branch={branch or 'z9hG4bK' + token()};rport",
            "Max-Forwards": str(max_forwards),
            "From": from_ or f"<sip:{self.user}@{self.domain}>;tag={from_tag or token(5)}",
            "To": to or f"<{uri}>",
            "Call-ID": call_id or token(10),
            "CSeq": f"{cseq} {method}",
            "Contact": self.contact() if method in ("INVITE", "REGISTER", "SUBSCRIBE", "UPDATE", "REFER") else None,
        }
        if body:
            own["Content-Type"] = content or "application/sdp"
        own["Content-Length"] = str(len(body.encode()))
        for k, v in (headers or {}).items():
            own[k] = v
        lines = [(k, x) for k, v in own.items() if v is not None for x in (v if isinstance(v, list) else [v])]
        self.send(f"{method} {uri} SIP/2.0", lines, body)
        return Sent(method, uri, own, cseq, body)

    def reply(self, req, code, phrase="X", *, to_tag=None, headers=None, body=""):
        """Answer a request that came in."""
        to = req.get("To")
        if to_tag and ";tag=" not in to:
            to += f";tag={to_tag}"
        lines = [("Via", v) for v in req.all("Via")] + [("Record-Route", v) for v in req.all("Record-Route")]
        lines += [("From", req.get("From")), ("To", to), ("Call-ID", req.get("Call-ID")), ("CSeq", req.get("CSeq"))]
        extra = {"Contact": self.contact()} if req.method in ("INVITE", "UPDATE") and code < 300 else {}
        extra.update(headers or {})
        if body:
            extra["Content-Type"] = "application/sdp"
        lines += list(extra.items()) + [("Content-Length", str(len(body.encode())))]
        self.send(f"SIP/2.0 {code} {phrase}", lines, body)

    # receiving

    def receive(self, timeout=None):
        """The next message that came; SipError after the time or at the connection's end."""
        if self.inbox:
            return self.inbox.pop(0)
        end = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            m = self._cut()
            if m:
                self.seen.append(m)
                return m
            left = end - time.monotonic()
            if left <= 0:
                raise SipError(f"{self.user}: nothing came; before it: {self.seen[-2:]}")
            self.sock.settimeout(left)
            try:
                more = self.sock.recv(65536)
            except (TimeoutError, ssl.SSLWantReadError):
                continue
            except OSError as e:
                raise SipError(f"{self.user}: the connection ended: {e}") from e
            if not more:
                raise SipError(f"{self.user}: the connection was closed")
            self.buffer += more

    def _cut(self):
        while self.buffer.startswith(b"\r\n"):
            self.buffer = self.buffer[2:]
        head, sep, rest = self.buffer.partition(b"\r\n\r\n")
        if not sep:
            return None
        lines = head.decode(errors="replace").split("\r\n")
        headers = [tuple(x.strip() for x in h.split(":", 1)) for h in lines[1:] if ":" in h]
        n = int(next((v for k, v in headers if k.lower() in ("content-length", "l")), "0"))
        if len(rest) < n:
            return None
        self.buffer = rest[n:]
        return Message(lines[0], headers, rest[:n].decode(errors="replace"))

    def wait(self, test, what, timeout=None):
        """The first message that passes; others stay for later."""
        end = time.monotonic() + (self.timeout if timeout is None else timeout)
        kept = []
        try:
            while True:
                m = self.receive(max(0.01, end - time.monotonic()))
                if test(m):
                    return m
                kept.append(m)
        except SipError as e:
            raise SipError(f"{what}: {e}; came instead: {[k.start for k in kept]}") from None
        finally:
            self.inbox = kept + self.inbox

    def answer(self, sent, *, final=True, timeout=None):
        """The (final) response to what request() sent."""
        return self.wait(lambda m: m.code and m.get("Call-ID") == sent.own["Call-ID"]
                         and m.get("CSeq") == sent.own["CSeq"] and (m.code >= 200 or not final),
                         f"answer to {sent.method}", timeout)

    def wait_request(self, method, timeout=None):
        return self.wait(lambda m: m.method == method, f"a {method}", timeout)

    def quiet(self, seconds=1.0):
        """Nothing comes for that time, or the connection ends: what came."""
        got, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                got.append(self.receive(max(0.01, end - time.monotonic())))
            except SipError:
                break
        return got

    def closed(self, timeout=None):
        """Whether the exchange closes this connection within the time."""
        end = time.monotonic() + (self.timeout if timeout is None else timeout)
        while time.monotonic() < end:
            try:
                self.receive(max(0.01, end - time.monotonic()))
            except SipError as e:
                return "nothing came" not in str(e)
        return False

    # logins

    def authorization(self, challenge, method, uri, *, user=None, password=None, nc=None, algorithm=None):
        """The value of an Authorization header for a WWW-Authenticate value (or for an earlier one, again)."""
        p = dict((k.lower(), v.strip('"')) for k, v in
                 re.findall(r'(\w+)=("[^"]*"|[^,\s]+)', challenge.split(" ", 1)[1]))
        algorithm = algorithm or p.get("algorithm", "MD5")
        h = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256,
             "SHA-512-256": lambda x=b"": hashlib.new("sha512_256", x)}[algorithm.upper()]
        user, password = user or self.user, password or self.password
        ha1 = h(f"{user}:{p['realm']}:{password}".encode()).hexdigest()
        ha2 = h(f"{method}:{uri}".encode()).hexdigest()
        out = f'Digest username="{user}", realm="{p["realm"]}", nonce="{p["nonce"]}", uri="{uri}", algorithm={algorithm}'
        if "qop" in p:
            self.nc = nc if nc is not None else self.nc + 1
            count, cnonce = f"{self.nc:08x}", token()
            response = h(f"{ha1}:{p['nonce']}:{count}:{cnonce}:auth:{ha2}".encode()).hexdigest()
            out += f', qop=auth, nc={count}, cnonce="{cnonce}"'
        else:
            response = h(f"{ha1}:{p['nonce']}:{ha2}".encode()).hexdigest()
        out += f', response="{response}"'
        return out + (f', opaque="{p["opaque"]}"' if "opaque" in p else "")

    def challenged(self, method, uri=None, **kw):
        """Send, answer one 401 to it, and give (final response, the Authorization that was used)."""
        user, password = kw.pop("user", None), kw.pop("password", None)
        same = dict(call_id=token(10), from_tag=token(5))
        same.update({k: kw.pop(k) for k in ("call_id", "from_tag") if k in kw})
        cseq = kw.pop("cseq", 1)
        r = self.answer(s := self.request(method, uri, cseq=cseq, **same, **kw))
        if r.code != 401:
            return r, None
        if method == "INVITE":
            self.ack(s, r)
        self.nc = 0
        a = self.authorization(r.get("WWW-Authenticate"), method, s.uri, user=user, password=password)
        kw["headers"] = {**(kw.get("headers") or {}), "Authorization": a}
        self.last = self.request(method, uri, cseq=cseq + 1, **same, **kw)
        return self.answer(self.last), a

    def register(self, expires=300, contact=None, **kw):
        """REGISTER with the login; the final response."""
        to = f"<sip:{kw.get('user') or self.user}@{self.domain}>"
        headers = {"Expires": str(expires), "Contact": contact or self.contact(), **kw.pop("headers", {})}
        return self.challenged("REGISTER", f"sip:{self.domain}", to=to, headers=headers, **kw)[0]

    # calls

    def invite(self, target, body=None, **kw):
        """Send an INVITE (with an SDES offer of its own by default); what was sent."""
        uri = target if target.startswith("sip:") else f"sip:{target}@{self.domain}"
        return self.request("INVITE", uri, body=sdp(self.local) if body is None else body, **kw)

    def ack(self, sent, response, body=""):
        """ACK a final response: inside the transaction for a refusal, to the Contact for a 200. body: the answer to its offer."""
        ok = response.code < 300
        uri = response.contact_uri() if ok else sent.uri
        own = {"Via": sent.own["Via"] if not ok else None, "To": response.get("To"), "From": sent.own["From"],
               "Call-ID": sent.own["Call-ID"], "Contact": None}
        own = {k: v for k, v in own.items() if v is not None or k == "Contact"}
        if response.all("Record-Route") and ok:
            own["Route"] = list(reversed(response.all("Record-Route")))
        return self.request("ACK", uri, cseq=sent.cseq, headers=own, body=body)

    def in_dialog(self, method, sent, response, cseq, *, headers=None, body=""):
        """A request inside the dialog that `sent` and its 200 (or 18x) made."""
        own = {"To": response.get("To"), "From": sent.own["From"], "Call-ID": sent.own["Call-ID"]}
        if response.all("Record-Route"):
            own["Route"] = list(reversed(response.all("Record-Route")))
        return self.request(method, response.contact_uri(), cseq=cseq, headers={**own, **(headers or {})}, body=body)

    def in_dialog_back(self, method, invite, to_tag, cseq, *, headers=None, body=""):
        """The same from the called side: the dialog that `invite`, which came in, made with our tag."""
        own = {"From": f"{invite.get('To')};tag={to_tag}", "To": invite.get("From"), "Call-ID": invite.get("Call-ID")}
        if invite.all("Record-Route"):
            own["Route"] = invite.all("Record-Route")
        return self.request(method, invite.contact_uri(), cseq=cseq, headers={**own, **(headers or {})}, body=body)


class Sent:
    def __init__(self, method, uri, own, cseq, body):
        self.method, self.uri, self.own, self.cseq, self.body = method, uri, own, cseq, body


KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"     # 30 octets


def sdp(addr, port=40000, *, profile="RTP/SAVP", suite="AES_CM_128_HMAC_SHA1_80", key=KEY, lines=(), formats="0 101",
        version=1, direction="sendrecv", session=()):
    """An offer or answer of our own making."""
    family = "IP6" if ":" in addr else "IP4"
    out = ["v=0", f"o=- 4711 {version} IN {family} {addr}", "s=-", f"c=IN {family} {addr}", "t=0 0", *session,
           f"m=audio {port} {profile} {formats}"]
    if "0" in formats.split():
        out.append("a=rtpmap:0 PCMU/8000")
    if "101" in formats.split():
        out += ["a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15"]
    if suite:
        out.append(f"a=crypto:1 {suite} inline:{key}")
    return "\r\n".join([*out, *lines, "a=ptime:20", f"a={direction}"]) + "\r\n"


def sdp_media(body):
    """(address, port, profile) of an SDP's first media line."""
    c = re.findall(r"^c=IN IP[46] (\S+)", body, re.M)
    m = re.search(r"^m=audio (\d+) (\S+)", body, re.M)
    return c[-1].strip(), int(m[1]), m[2]


def rtp(seq, ts, payload, *, ssrc=0x11223344, pt=0):
    return b"\x80" + bytes([pt]) + seq.to_bytes(2, "big") + ts.to_bytes(4, "big") + ssrc.to_bytes(4, "big") + payload
