# SPDX-License-Identifier: ISC
"""SIPp on a host of its own as a gateway without encryption."""
import os
import subprocess

import audio
import net
from sipp import pause, recv, references, send

SIPP_PORT, OURS = 5060, 5072
CALLER = "+33698765432"
ALLOW = "INVITE, ACK, BYE, CANCEL, INFO"
SDP = """v=0
o=- 53655 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""
INVITE = """INVITE sip:{number}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:""" + CALLER + """@gateway.test>;tag=[pid]s[call_number]
To: <sip:{number}@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:gw@[local_ip]:[local_port]>
{allow}Content-Type: application/sdp
Content-Length: [len]

""" + SDP
IN_DIALOG = """{method} [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:""" + CALLER + """@gateway.test>;tag=[pid]s[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: {cseq} {method}
Contact: <sip:gw@[local_ip]:[local_port]>
{content}Content-Length: [len]

{body}"""


def in_dialog(method, cseq, content="", body=""):
    return IN_DIALOG.format(method=method, cseq=cseq, content=content, body=body)


class Gateway:
    """SIPp on a host of its own. As the called side it answers and sends all audio back; as the caller it plays a tone."""

    def __init__(self, host, us, where):
        self.host, self.us, self.where, self.proc = host, us, where, None

    def _spawn(self, *args):
        self.stop()
        self.messages = f"{self.where}/sipp-{len(os.listdir(self.where))}.messages"
        self.proc = self.host.spawn("timeout", "-k", "2", "60", "sipp", f"{self.us}:{OURS}", *args, "-i", self.host.v4, "-p", SIPP_PORT,
                                    "-mi", self.host.v4, "-nostdin", "-aa", "-trace_msg", "-message_file", self.messages,
                                    log=f"{self.where}/sipp.out")

    def answers(self):
        self._spawn("-sn", "uas", "-rtp_echo", "-l", "4")
        net.wait_for("SIPp to listen", lambda: f":{SIPP_PORT} " in self.host.run("ss", "-Hlun").stdout, 5)

    def calls_in(self, number, seconds, tone, infos=(), late=False):
        """late: its INVITE has no offer, its ACK answers ours. infos: (content, body, code) of INFOs that it sends first, a second and a half apart, and how each is answered; it says that it takes
        them then. Its offer has no telephone-event."""
        wav = audio.tone(f"{self.where}/in.wav", audio.TONES[tone], 8000, seconds=60)
        raw = f"{self.where}/in.ulaw"
        with open(raw, "wb") as f:
            f.write(bytes(ulaw(x) for x in audio.read_wav(wav)[0]))
        invite = INVITE.format(number=number, allow=f"Allow: {ALLOW}\n" if infos else "")
        ack = in_dialog("ACK", 1)
        if late:
            invite = invite[:invite.index("Content-Type")] + "Content-Length: 0\n\n"
            ack = in_dialog("ACK", 1, "Content-Type: application/sdp\n", SDP)
        steps = [send(invite, retrans=True), recv(response=100, optional=True), recv(response=180, optional=True),
                 recv(response=183, optional=True), recv(response=200, rrs=True, timeout=15000),
                 send(ack),
                 f'<nop><action><exec rtp_stream="{raw},-1,0"/></action></nop>']
        for i, (content, body, code) in enumerate(infos):
            steps += [pause(1500), send(in_dialog("INFO", 2 + i, f"Content-Type: {content}\n", body), retrans=True), recv(response=code)]
        steps += [pause(seconds * 1000), send(in_dialog("BYE", 2 + len(infos)), retrans=True), recv(response=200)]
        xml = f"{self.where}/in.xml"
        with open(xml, "w") as f:
            f.write('<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="in">\n' + "\n".join(steps) + references(steps) + "</scenario>\n")
        self._spawn("-sf", xml, "-m", "1", "-l", "1", "-timeout", "50", "-timeout_error")

    def said(self):
        try:
            with open(self.messages, errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def result(self):
        try:
            code = self.proc.wait(50)
        except subprocess.TimeoutExpired:
            raise net.LabError(f"SIPp did not end: {self.said()[-2000:]}") from None
        assert code == 0, self.said()[-2000:]

    def stop(self):
        if self.proc:
            self.host.stop(self.proc)
            self.proc = None


def ulaw(x):
    """G.711: a sample of 16 bits as an octet."""
    sign, x = (0x80, -x) if x < 0 else (0, x)
    x = min(x, 32635) + 132
    exponent = x.bit_length() - 8
    return ~(sign | exponent << 4 | x >> (exponent + 3) & 0x0f) & 0xff
