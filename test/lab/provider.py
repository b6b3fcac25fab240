# SPDX-License-Identifier: ISC
"""Kamailio as a telephone provider: registrar with digest, over UDP, TCP, both or TLS."""
import json
import os
import signal

import net

# It takes calls to numbers that end in 00, and knows none of them afterwards.
CONF = """#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=1
tcp_children=2
auto_aliases=no
alias="{domain}"
{tls_on}
{listen}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
{tls_module}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "xlog.so"
modparam("auth", "algorithm", "{algorithm}")
modparam("usrloc", "db_mode", 0)
modparam("registrar", "max_expires", {expires})
request_route {{
    xlog("L_NOTICE", "GOT $rm $ru from $si:$sp over $proto\\n");
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("{realm}", "{password}", "0")) {{ www_challenge("{realm}", "{qop}"); exit; }}
        xlog("L_NOTICE", "BOUND $ct\\n");
        save("location"); exit;
    }}
    if (is_method("INVITE") && has_totag()) {{
        xlog("L_NOTICE", "ASKED AGAIN $si\n");
        sl_send_reply("481", "Call/Transaction Does Not Exist"); exit;
    }}
    if (is_method("INVITE")) {{
        if (!pv_proxy_authenticate("{realm}", "{password}", "0")) {{ proxy_challenge("{realm}", "{qop}"); exit; }}
        xlog("L_NOTICE", "CALL $rU from $fU asserted $ai\\n");
        if ($rU =~ "00$") {{
            append_to_reply("Contact: <sip:gw@{host}:{port};transport={transport}>\r\n");
            set_reply_body("v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 20000 RTP/SAVP 0\r\na=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n", "application/sdp");
            sl_send_reply("200", "OK"); exit;
        }}
        sl_send_reply("486", "Busy Here"); exit;
    }}
    if (is_method("ACK")) exit;
    sl_send_reply("404", "Not found");
}}
"""
TLS = """[server:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
certificate = {crt}
private_key = {key}
"""


class Provider:
    """One Kamailio on a host of its own in the telco zone."""

    def __init__(self, host, where, *, transport="udp", port=5060, domain="provider.test", realm="provider.test", password="trunk-secret",
                 algorithm="", qop=1, expires=60, cert=None, also=None):
        os.makedirs(where, exist_ok=True)
        self.host, self.where, self.port, self.transport = host, where, port, transport
        tls = transport == "tls"
        fill = dict(host=host.v4, port=port, transport=transport, key="WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz", domain=domain, realm=realm, password=password, algorithm=algorithm, qop=qop, expires=expires,
                    tls_on="enable_tls=yes" if tls else "", listen="\n".join(f"listen={x}:{host.v4}:{port}" for x in (transport, also) if x),
                    tls_module=f'loadmodule "tls.so"\nmodparam("tls", "config", "{where}/tls.cfg")' if tls else "")
        with open(f"{where}/kamailio.cfg", "w") as f:
            f.write(CONF.format(**fill))
        if tls:
            with open(f"{where}/tls.cfg", "w") as f:
                f.write(TLS.format(crt=cert[0], key=cert[1]))
        self.log, self.proc = f"{where}/kamailio.log", None

    def start(self):
        self.proc = self.host.spawn("/usr/sbin/kamailio", "-DD", "-E", "-m", "32", "-M", "8", "-Y", self.where, "-P",
                                    f"{self.where}/pid", "-f", f"{self.where}/kamailio.cfg", log=self.log)
        net.wait_for("Kamailio to listen", self._listening, 15)
        return self

    def _listening(self):
        if self.proc.poll() is not None:
            raise net.LabError("Kamailio ended: " + self.said()[-2000:])
        how = "-Hlun" if self.transport == "udp" else "-Hltn"
        return f":{self.port}" in self.host.run("ss", how).stdout

    def said(self):
        try:
            with open(self.log, errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def bound(self):
        return self.said().count("BOUND ")

    def stop(self):
        if self.proc:
            self.host.stop(self.proc, signal.SIGKILL)
            self.proc = None


class Zone:
    """The lab's DNS: dnsd.py on a host, and what it says."""

    def __init__(self, host, where):
        self.path = f"{where}/zone.json"
        self.says({})
        self.proc = host.python("dnsd.py", host.v4, self.path)
        net.wait_for("the DNS server", lambda: f"{host.v4}:53" in host.run("ss", "-Hlun").stdout, 5)

    def says(self, records):
        with open(self.path + ".new", "w") as f:
            json.dump(records, f)
        os.rename(self.path + ".new", self.path)


def resolve_at(lab, address):
    """The exchange asks this DNS server."""
    d = f"/etc/netns/{lab.exchange.ns}"
    os.makedirs(d, exist_ok=True)
    with open(f"{d}/resolv.conf", "w") as f:
        f.write(f"nameserver {address}\noptions timeout:1 attempts:2\n")
