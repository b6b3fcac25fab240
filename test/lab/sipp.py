# SPDX-License-Identifier: ISC
"""SIPp as a peer, behind the TLS relay. A scenario is a list of steps in Python, written out as SIPp's XML.

SIPp plays what Debian's baresip cannot: 100rel, session timers, SHA-256, UPDATE. Its keywords stay as they are.
"""
import os
import select
import subprocess
from xml.sax.saxutils import quoteattr

import net

HEAD = """Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
Max-Forwards: 70
"""
REGISTER = """REGISTER sip:{domain} SIP/2.0
""" + HEAD + """From: <sip:{user}@{domain}>;tag=[pid]r[call_number]
To: <sip:{user}@{domain}>
Call-ID: reg///[call_id]
CSeq: {cseq} REGISTER
Contact: <sip:{user}@[local_ip]:[local_port];transport=tcp>
Expires: 300
{extra}Content-Length: 0

"""
SDP = """v=0
o=- 53655 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] {addr}
t=0 0
m=audio [media_port] RTP/SAVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd
a=ptime:20
"""


def send(text, retrans=False):
    return "<send" + (' retrans="500"' if retrans else "") + "><![CDATA[\n\n" + text + "\n]]></send>"


def recv(*, response=None, request=None, optional=False, auth=False, rrs=False, timeout=8000, check=(), want=True):
    """check: (header or part, regular expression) pairs that must match (or must not, with want=False)."""
    a = [f'response="{response}"' if response else f'request="{request}"', f'timeout="{timeout}"']
    a += ['optional="true"'] if optional else []
    a += ['auth="true"'] if auth else []
    a += ['rrs="true"'] if rrs else []
    rules = ""
    for i, (where, pattern) in enumerate(check):
        place = 'search_in="msg"' if where == "msg" else f'search_in="hdr" header={quoteattr(where + ":")}'
        kind = 'check_it="true"' if want else 'check_it_inverse="true"'
        rules += f'<ereg regexp={quoteattr(pattern)} {place} {kind} assign_to="{i + 1}"/>'
    if rules:
        names = ",".join(str(i + 1) for i in range(len(check)))
        return f"<recv {' '.join(a)}><action>{rules}</action></recv><Reference variables=\"{names}\"/>"
    return f"<recv {' '.join(a)}/>"


def pause(ms):
    return f'<pause milliseconds="{ms}"/>'


def register(bundle):
    """The steps of a REGISTER with one challenge."""
    def text(cseq, extra):
        return REGISTER.format(user=bundle.user, domain=bundle.domain, cseq=cseq, extra=extra)
    login = f"[authentication username={bundle.user} password={bundle.password}]\n"
    return [send(text(1, "")), recv(response=401, auth=True), send(text(2, login)), recv(response=200)]


class Sipp:
    """Run a scenario from a host through its own relay. result() is SIPp's verdict."""
    _port = [7000]

    def __init__(self, host, where, bundle, steps, *, name="scenario", calls=1, tls12=False, seconds=40):
        os.makedirs(where, exist_ok=True)
        self.host, self.where, self.bundle = host, where, bundle
        Sipp._port[0] += 2
        port, local = Sipp._port[0], Sipp._port[0] + 1
        self.relay = host.python("tlsrelay.py", port, bundle.server, bundle.port, bundle.cert, bundle.key,
                                 *(["--max1.2"] if tls12 else []), stdout=subprocess.PIPE)
        if not select.select([self.relay.stdout], [], [], 5)[0]:
            raise net.LabError("the TLS relay did not start")
        xml = f"{where}/{name}.xml"
        with open(xml, "w") as f:
            f.write('<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n'
                    f'<scenario name="{name}">\n' + "\n".join(steps) + "\n</scenario>\n")
        self.messages, self.errors = f"{where}/{name}.messages", f"{where}/{name}.errors"
        self.proc = host.spawn(
            "timeout", "-k", "2", str(seconds), "sipp", f"127.0.0.1:{port}", "-sf", xml, "-t", "t1", "-i", "127.0.0.1",
            "-p", local, "-mi", host.v4, "-s", bundle.user, "-auth_uri", bundle.domain, "-m", calls, "-l", 1, "-nostdin", "-aa",
            "-trace_msg", "-message_file", self.messages, "-trace_err", "-error_file", self.errors, "-timeout", seconds,
            "-timeout_error", log=f"{where}/{name}.out")

    def result(self, timeout=45):
        try:
            code = self.proc.wait(timeout)
        except subprocess.TimeoutExpired:
            raise net.LabError(f"SIPp did not end: {self.said()}") from None
        finally:
            self.close()
        assert code == 0, f"SIPp says {code}: {self.said()}"

    def said(self):
        out = ""
        for p in (self.errors, self.messages):
            if os.path.exists(p):
                out += open(p, errors="replace").read()[-3000:]
        return out

    def close(self):
        self.host.stop(self.proc)
        self.host.stop(self.relay)
