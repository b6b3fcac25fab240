# SPDX-License-Identifier: ISC
"""linphonec 5.1.65 as a phone: its rc file, and its prompt to drive it. It verifies the server by DNS name."""
import os
import re
import signal
import subprocess

from phones import Call, Phone

RC = """[sip]
sip_port=0
sip_tcp_port=0
sip_tls_port=-1
default_proxy=0
root_ca={ca}
verify_server_certs=1
verify_server_cn=1
client_cert_chain={cert}
client_cert_key={key}
media_encryption={media}
media_encryption_mandatory={mandatory}
srtp_crypto_suites=AES_CM_128_HMAC_SHA1_80,AES_256_CM_HMAC_SHA1_80
guess_hostname=0
inc_timeout=60
session_expires_value={session}
max_calls={max_calls}
use_ipv6={ipv6}
use_info={info}
use_rfc2833={events}

[proxy_0]
reg_proxy=<sip:{domain}:{port};transport=tls>
reg_route=<sip:{domain}:{port};transport=tls;lr>
reg_identity=sip:{user}@{domain}
reg_expires={expires}
reg_sendregister=1
publish=0
{mwi}
[auth_info_0]
username={user}
passwd={password}
domain={domain}
realm={domain}

[sound]
echocancellation=0

[rtp]
audio_rtp_port=-1

[net]
nat_policy_ref=lab

[nat_policy_0]
ref=lab
protocols={nat}
"""
CODECS = ("opus/48000", "speex/16000", "speex/8000", "PCMU/8000", "PCMA/8000", "GSM/8000", "G722/8000", "G729/8000")
# what it prints: (pattern with the call's number, the state that it means)
SAID = tuple((re.compile(p), state) for p, state in (
    (r"Receiving new incoming call from (?P<peer>.+?), assigned id (?P<id>\d+)", "incoming"),
    (r"Establishing call id to (?P<peer>.+?), assigned id (?P<id>\d+)", "outgoing"),
    (r"Call (?P<id>\d+) to .+? ringing\.", "ringing"),
    (r"Call (?P<id>\d+) with .+? connected\.", "established"),
    (r"Media streams established with .+? for call (?P<id>\d+)", "established"),
    (r"Call (?P<id>\d+) with .+? is now paused", "held"),
    (r"Call (?P<id>\d+) has been paused by", "remote-held"),
    (r"Call (?P<id>\d+) with .+? ended \((?P<why>.*?)\)", "closed"),
    (r"Call (?P<id>\d+) with .+? (?P<why>error)", "closed"),
))
REGISTRATION = re.compile(r"moving from state \[\w+\] to \[LinphoneRegistration(\w+)\]")


class Linphone(Phone):
    kind = "linphone"
    heard_suffix = ".wav"

    def __init__(self, host, where, bundle, *, expires=300, session=0, max_calls=4, verify_name=None, mwi=False,
                 info=False, mandatory=True, **kw):
        super().__init__(host, where, bundle, **kw)
        self.mandatory = mandatory      # without its keys it is mute
        self.expires, self.session, self.max_calls, self.mwi, self.info = expires, session, max_calls, mwi, info
        self.out, self._at, self._files = f"{where}/out", 0, 0

    def write(self):
        b = self.bundle
        os.makedirs(f"{self.where}/.local/share/linphone", exist_ok=True)
        text = RC.format(ca=b.ca, cert=b.cert, key=b.key, user=b.user, password=b.password, domain=b.domain,
                         port=b.port, expires=self.expires, session=self.session, max_calls=self.max_calls,
                         media={"srtp": "srtp", "dtls": "dtls", "zrtp": "zrtp", "clear": "none"}[self.media],
                         mandatory=int(self.mandatory and self.media != "clear"), ipv6=int(self.family == 6), info=int(self.info), events=int(not self.info),
                         nat="ice" if self.ice else "",
                         mwi=f"mwi_server_address=sip:{b.user}@{b.domain}\n" if self.mwi else "")
        for i, c in enumerate(CODECS):
            name, rate = c.split("/")
            on = any(w.split("/")[0].lower() == name.lower() for w in self.codecs)
            text += f"\n[audio_codec_{i}]\nmime={name}\nrate={rate}\nchannels={2 if name == 'opus' else 1}\nenabled={int(on)}\n"
        with open(f"{self.where}/rc", "w") as f:
            f.write(text)
        self.host.hosts({b.domain: [b.server]})

    def start(self, register=True):
        self.write()
        with open(self.out, "wb") as out:
            self.proc = self.host.spawn(
                "timeout", "-k", "3", "1800", "linphonec", "-S", *(["-a"] if self.auto else []),
                "-c", f"{self.where}/rc", "-d", "5", "-l", self.log,
                stdin=subprocess.PIPE, stdout=out, env=dict(os.environ, HOME=self.where, LC_ALL="C"))
        self.wait("its prompt", lambda: "linphonec>" in self.said(), 15)
        self.command("soundcard use files")
        self.command(f"play {self.wav}")
        self._record()
        if register:
            self.wait_registered()
        return self

    def stop(self):
        if self.proc and self.proc.poll() is None:
            try:
                self.command("quit")
                self.proc.wait(3)
            except (OSError, subprocess.TimeoutExpired):
                pass
        if self.proc:
            self.host.stop(self.proc, signal.SIGTERM)

    def said(self):
        with open(self.out, errors="replace") as f:
            return f.read()

    def command(self, text):
        self.proc.stdin.write(text.encode() + b"\n")
        self.proc.stdin.flush()

    def ask(self, text, pattern, timeout=5.0):
        """A command and the match of what it prints."""
        at = len(self.said())
        self.command(text)
        return self.wait(f"an answer to {text}", lambda: re.search(pattern, self.said()[at:]), timeout)

    def _record(self):
        self._files += 1
        self.command(f"record {self.rec}/{self._files:03d}.wav")

    def forget(self):
        super().forget()
        self._record()

    def poll(self):
        text = self.said()
        end = text.rfind("\n") + 1
        new, self._at = text[self._at:end], max(end, self._at)
        for line in new.splitlines():
            for pattern, state in SAID:
                m = pattern.search(line)
                if m:
                    self._take(m.groupdict(), state)
                    break

    def _take(self, m, state):
        c = next((x for x in self.calls if x.key == m["id"]), None)
        if c is None:
            if state not in ("incoming", "outgoing"):
                return
            self.calls.append(Call(m["id"], m["peer"], state == "outgoing"))
        elif c.state != "closed":
            c.move(state, m.get("why", ""))

    def registered(self):
        """As its log says: linphonec prints no registration states."""
        states = REGISTRATION.findall(self.traces())
        return bool(states) and states[-1] == "Ok"

    def traces(self):
        """Its log, which holds the SIP sent and received."""
        try:
            with open(self.log, errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def dial(self, target, user=None):
        before = set(c.key for c in self.calls)
        self.command(f"call {self.uri(target)}")
        return self.wait("its own call", lambda: next((c for c in self.calls if c.key not in before), None))

    def answer(self):
        self.command("answer")

    def reject(self):
        """603 Decline is what linphone sends."""
        self.command("terminate")

    def redirect(self, user):
        """302, as a desk phone's "forward" key says it."""
        self.command(f"redirect all sip:{user}@{self.bundle.domain}")

    def hangup(self):
        live = self.live()
        self.command(f"terminate {live[-1].key}" if len(live) > 1 else "terminate")

    def press(self, key):
        """A key in the call: linphonec sends what is typed alone as a telephone-event, or by SIP INFO."""
        self.command(key)

    def hold(self):
        self.command("pause")
        return self.wait_state("held")

    def resume(self):
        self.command(f"resume {self.wait_state('held').key}")
        return self.wait_state("established")

    def sas(self):
        """The short authentication strings that ZRTP has shown so far."""
        return re.findall(r"SAS[^\n]*?\b(?:is|:)\s*([0-9a-z]{4})\b", self.traces())
