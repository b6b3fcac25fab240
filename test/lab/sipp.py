# SPDX-License-Identifier: ISC
"""SIPp as a peer, behind the TLS relay. A scenario is a list of steps in Python, written out as SIPp's XML.

SIPp plays what Debian's baresip cannot: 100rel, session timers, SHA-256, UPDATE. Its keywords stay as they are.
"""
import os
import re
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
        return f"<recv {' '.join(a)}><action>{rules}</action></recv>"
    return f"<recv {' '.join(a)}/>"


def references(steps):
    """SIPp wants each variable that an action sets named as used."""
    used = sorted(set(re.findall(r'assign_to="(\d+)"', "".join(steps))))
    return f"<Reference variables=\"{','.join(used)}\"/>\n" if used else ""


def pause(ms):
    return f'<pause milliseconds="{ms}"/>'


def register(bundle):
    """The steps of a REGISTER with one challenge."""
    def text(cseq, extra):
        return REGISTER.format(user=bundle.user, domain=bundle.domain, cseq=cseq, extra=extra)
    login = f"[authentication username={bundle.user} password={bundle.password}]\n"
    return [send(text(1, "")), recv(response=401, auth=True), send(text(2, login)), recv(response=200)]


class Sipp:
    """Run a scenario from a host through its own relay. result() is SIPp's verdict.

    With `called` the relay logs the user in and SIPp plays the called side; else the scenario begins by registering.
    """
    _port = [7000]

    def __init__(self, host, where, bundle, steps, *, name="scenario", calls=1, called=False, seconds=40):
        os.makedirs(where, exist_ok=True)
        self.host, self.where, self.bundle, self.relay = host, where, bundle, None
        Sipp._port[0] += 2
        port, local = Sipp._port[0], Sipp._port[0] + 1
        xml = f"{where}/{name}.xml"
        with open(xml, "w") as f:
            f.write('<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n'
                    f'<scenario name="{name}">\n' + "\n".join(steps) + "\n" + references(steps) + "</scenario>\n")
        self.messages, self.errors = f"{where}/{name}.messages", f"{where}/{name}.errors"
        if not called:
            self._relay(port)
        self.proc = host.spawn(
            "timeout", "-k", "2", str(seconds), "sipp", *([] if called else [f"127.0.0.1:{port}"]), "-sf", xml, "-t", "t1",
            "-i", "127.0.0.1", "-p", local, "-mi", host.v4, "-s", bundle.user, "-auth_uri", bundle.domain, "-m", calls,
            "-l", 1, "-nostdin", "-aa", "-trace_msg", "-message_file", self.messages, "-trace_err", "-error_file",
            self.errors, "-timeout", seconds, "-timeout_error", log=f"{where}/{name}.out")
        if called:
            net.wait_for("SIPp to listen", lambda: f":{local} " in host.run("ss", "-Hltn").stdout, 5)
            self._relay(local, bundle.user, bundle.password, bundle.domain)

    def _relay(self, port, *login):
        b = self.bundle
        self.relay = self.host.python("tlsrelay.py", port, b.server, b.port, b.cert, b.key, *login, stdout=subprocess.PIPE)
        if not select.select([self.relay.stdout], [], [], 8)[0] or b"ready" not in os.read(self.relay.stdout.fileno(), 100):
            self.close()
            raise net.LabError("the TLS relay did not start")

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
                with open(p, errors="replace") as f:
                    out += f.read()[-3000:]
        return out

    def close(self):
        self.host.stop(self.proc)
        if self.relay:
            self.host.stop(self.relay)
