# SPDX-License-Identifier: ISC
"""Kamailio with mutual TLS in the exchange's place: proves that the lab's phones register and call, without Ringfence.

The media of its calls goes straight from phone to phone.
"""
import os

import net
import pki
from bundle import Bundle

CONF = """#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=1
tcp_children=2
auto_aliases=no
alias="{domain}"
disable_tcp=no
enable_tls=yes
{listen}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tls.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "nathelper.so"
modparam("tls", "config", "{dir}/tls.cfg")
modparam("usrloc", "db_mode", 0)
modparam("rr", "enable_full_lr", 1)
modparam("registrar", "max_contacts", 50)
modparam("registrar", "received_avp", "$avp(RECEIVED)")
modparam("nathelper", "received_avp", "$avp(RECEIVED)")
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ handle_ruri_alias(); add_contact_alias(); t_on_reply("BACK"); if (is_method("INVITE")) record_route(); t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
        sl_send_reply("404", "Not here"); exit;
    }}
    t_check_trans();
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("{domain}", "{password}", "0")) {{ www_challenge("{domain}", "0"); exit; }}
        fix_nated_register(); save("location"); exit;
    }}
    if (is_method("OPTIONS") && uri == myself) {{ sl_send_reply("200", "OK"); exit; }}
    if (is_method("INVITE|SUBSCRIBE|MESSAGE")) record_route();
    if (!lookup("location")) {{ sl_send_reply("404", "Not found"); exit; }}
    add_contact_alias();
    t_on_reply("BACK");
    t_relay();
}}
onreply_route[BACK] {{
    add_contact_alias();
}}
"""
TLS = """[server:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
certificate = {crt}
private_key = {key}
ca_list = {ca}
[client:default]
method = TLSv1.2+
verify_certificate = no
"""


class StandIn:
    """Users and phones at will: bundle(user) invents a device certificate; every password is the same."""
    port = 5061
    clear_port = 5060   # UDP, for what must be readable
    password = "stand-in-pass"

    def __init__(self, lab, where, domain="ringfence.test", zones=("voice",)):
        self.lab, self.where, self.domain = lab, where, domain
        self.ca = pki.Authority(f"{where}/ca")
        addrs = [a for z in zones for a in lab.addr[z]]
        crt, key = self.ca.issue("server", names=[f"DNS:{domain}"] + [f"IP:{a}" for a in addrs], usage="serverAuth")
        hosts = [f"[{a}]" if ":" in a else a for a in addrs]
        listen = "\n".join([f"listen=tls:{a}:{self.port}" for a in hosts] + [f"listen=udp:{a}:{self.clear_port}" for a in hosts])
        fill = dict(domain=domain, password=self.password, dir=where, listen=listen, crt=crt, key=key, ca=self.ca.cert)
        for name, text in (("kamailio.cfg", CONF), ("tls.cfg", TLS)):
            with open(f"{where}/{name}", "w") as f:
                f.write(text.format(**fill))
        self.log = f"{where}/kamailio.log"
        self.proc = lab.exchange.spawn("/usr/sbin/kamailio", "-DD", "-E", "-m", "64", "-M", "8", "-Y", where,
                                       "-P", f"{where}/pid", "-f", f"{where}/kamailio.cfg", log=self.log)
        net.wait_for("Kamailio to listen", self._listening, 15)

    def _listening(self):
        if self.proc.poll() is not None:
            raise net.LabError("Kamailio ended: " + open(self.log).read()[-2000:])
        return f":{self.port}" in self.lab.exchange.run("ss", "-Hltn").stdout

    def bundle(self, user, server=None):
        where = f"{self.where}/{user}"
        os.makedirs(where, exist_ok=True)
        crt, key = self.ca.issue(f"phone-{user}")
        return Bundle(ca=self.ca.cert, cert=crt, key=key, user=user, password=self.password, domain=self.domain,
                      server=server or self.lab.addr["voice"][0], port=self.port)

    def stop(self):
        self.lab.exchange.stop(self.proc)
