# SPDX-License-Identifier: ISC
"""A provider with a border of its own: Kamailio between the exchange (TLS or TCP, IPv4 or IPv6) and SIPp behind it (UDP). Calls of
SIPp go to the exchange over a connection that Kamailio makes."""
import os
import signal

import net
from sipp import recv, references, send

INSIDE, SIPP = 5080, 5090
CONF = """#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=1
tcp_children=2
auto_aliases=no
alias="provider.test"
enable_tls=yes
listen=udp:{at}:{inside}
listen=tcp:{at}:5060
listen=tls:{at}:5061
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tls.so"
modparam("tls", "config", "{where}/tls.cfg")
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "xlog.so"
modparam("auth", "algorithm", "SHA-256")
modparam("usrloc", "db_mode", 0)
request_route {{
    xlog("L_NOTICE", "GOT $rm $ru from $si:$sp over $proto\\n");
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    if (has_totag()) {{
        if (loose_route() || is_method("ACK")) t_relay();
        else sl_send_reply("481", "No Dialog");
        exit;
    }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("provider.test", "{password}", "0")) {{ www_challenge("provider.test", "1"); exit; }}
        xlog("L_NOTICE", "BOUND $ct by $(tls_peer_subject_cn)\\n");
        save("location"); exit;
    }}
    if (is_method("INVITE") && $proto == "udp") {{
        record_route();
        if (is_present_hf("X-Account")) {{          # the registrar calls whoever registered, at the Contact that it was given
            $rU = $hdr(X-Account);
            remove_hf("X-Account");
            if (!lookup("location")) {{ sl_send_reply("480", "Not Registered"); exit; }}
            xlog("L_NOTICE", "TO THE CONTACT $ru\n");
            t_relay(); exit;
        }}
        $du = "{to}";
        t_relay(); exit;
    }}
    if (is_method("INVITE")) {{
        if (!pv_proxy_authenticate("provider.test", "{password}", "0")) {{ proxy_challenge("provider.test", "1"); exit; }}
        xlog("L_NOTICE", "CALL $rU from $fU\\n");
        sl_send_reply("486", "Busy Here"); exit;
    }}
    if (is_method("ACK|CANCEL")) {{ t_relay(); exit; }}
    sl_send_reply("404", "Not found");
}}
"""
TLS = """[server:default]
method = TLSv1.2+
verify_certificate = {verify}
require_certificate = {verify}
{client_ca}certificate = {crt}
private_key = {key}
[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
ca_list = {ours}
certificate = {crt}
private_key = {key}
"""
SDP = """v=0
o=- 53655 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] {profile} 0
a=rtpmap:0 PCMU/8000
{crypto}"""
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\n"
INVITE = """INVITE sip:{number}@provider.test SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:+33698765432@provider.test>;tag=[pid]s[call_number]
To: <sip:{number}@provider.test>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:gw@[local_ip]:[local_port]>
{more}Content-Type: application/sdp
Content-Length: [len]

"""
IN_DIALOG = """{method} [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
[routes]
Max-Forwards: 70
From: <sip:+33698765432@provider.test>;tag=[pid]s[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: {cseq} {method}
Contact: <sip:gw@[local_ip]:[local_port]>
Content-Length: 0

"""


def bracketed(a):
    return f"[{a}]" if ":" in a else a


class Carrier:
    """client_ca: who must vouch for those who connect. to: where calls of SIPp go, as a URI. ours: the CA of the exchange."""

    def __init__(self, host, where, *, address, cert, password, to, ours, client_ca=None):
        os.makedirs(where, exist_ok=True)
        self.host, self.where, self.address, self.log, self.proc = host, where, address, f"{where}/kamailio.log", None
        with open(f"{where}/kamailio.cfg", "w") as f:
            f.write(CONF.format(at=bracketed(address), inside=INSIDE, where=where, password=password, to=to))
        with open(f"{where}/tls.cfg", "w") as f:
            f.write(TLS.format(verify="yes" if client_ca else "no", client_ca=f"ca_list = {client_ca}\n" if client_ca else "",
                               crt=cert[0], key=cert[1], ours=ours))

    def start(self):
        self.proc = self.host.spawn("/usr/sbin/kamailio", "-DD", "-E", "-m", "32", "-M", "8", "-Y", self.where, "-P",
                                    f"{self.where}/pid", "-f", f"{self.where}/kamailio.cfg", log=self.log)
        net.wait_for("Kamailio to listen", self._listening, 15)
        return self

    def _listening(self):
        if self.proc.poll() is not None:
            raise net.LabError("Kamailio ended: " + self.said()[-2000:])
        return ":5061" in self.host.run("ss", "-Hltn").stdout

    def said(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def calls(self, number, *, srtp, ms=2000, account=None):
        """SIPp calls a number of ours through Kamailio, and hangs up. account: that the number belongs to, which is called as it registered."""
        sdp = SDP.format(profile="RTP/SAVP" if srtp else "RTP/AVP", crypto=CRYPTO if srtp else "")
        steps = [send(INVITE.format(number=number, more=f"X-Account: {account}\n" if account else "") + sdp, retrans=True), recv(response=100, optional=True),
                 recv(response=180, optional=True), recv(response=183, optional=True), recv(response=200, rrs=True, timeout=15000),
                 send(IN_DIALOG.format(method="ACK", cseq=1)), f'<pause milliseconds="{ms}"/>',
                 send(IN_DIALOG.format(method="BYE", cseq=2), retrans=True), recv(response=200)]
        base = f"{self.where}/in-{len(os.listdir(self.where))}"
        with open(f"{base}.xml", "w") as f:
            f.write('<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="in">\n' + "\n".join(steps) + references(steps) +
                    "</scenario>\n")
        p = self.host.spawn("timeout", "-k", "2", "40", "sipp", f"{bracketed(self.address)}:{INSIDE}", "-sf", f"{base}.xml", "-m", "1",
                            "-l", "1", "-i", bracketed(self.address), "-p", SIPP, "-mi", bracketed(self.address), "-nostdin", "-trace_msg",
                            "-message_file", f"{base}.messages", "-timeout", "35", "-timeout_error", log=f"{base}.out")
        return p, base

    def stop(self):
        if self.proc:
            self.host.stop(self.proc, signal.SIGKILL)
            self.proc = None
