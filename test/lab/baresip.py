# SPDX-License-Identifier: ISC
"""baresip 1.0.0 as a phone: its configuration, and its ctrl_tcp module (netstrings of JSON) to drive it."""
import contextlib
import json
import os
import re
import signal
import time

import net
from exchange import build_dir
from phones import Call, Phone

CONFIG = """# {users}
poll_method epoll
sip_listen {listen}
sip_certificate {pem}
sip_cafile {ca}
net_interface {dev}
call_local_timeout 60
call_max_calls 4
audio_source aufile,{wav}
audio_player aubridge,sink
audio_alert aubridge,alert
ausrc_srate {rate}
auplay_srate {rate}
opus_cbr yes
opus_inbandfec no
opus_dtx no
opus_bitrate 32000
rtcp_mux {mux}
rtp_stats no
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module opus.so
module aufile.so
module aubridge.so
module sndfile.so
module stun.so
module ice.so
module srtp.so
module dtls_srtp.so
module uuid.so
module_app account.so
module_app ctrl_tcp.so
module_app menu.so
{mwi}snd_path {rec}
ctrl_tcp_listen 127.0.0.1:{control}
"""
ACCOUNT = ("<sip:{user}@{domain};transport=tls>;auth_user={user};auth_pass={password};"
           "outbound=\"sip:{server};transport=tls\";sipnat=outbound;regint={regint};mediaenc={mediaenc};{medianat}"
           "answermode={mode};audio_codecs={codecs}\n")
MEDIAENC = {"srtp": "srtp-mand", "dtls": "dtls_srtp", "clear": ""}
_control = [4500]


class Baresip(Phone):
    kind = "baresip"
    heard_suffix = "-dec.wav"
    stereo = True

    def __init__(self, host, where, bundle, *, mux=True, regint=300, medianat="", mwi=False, **kw):
        super().__init__(host, where, bundle, **kw)
        self.mux, self.regint, self.mwi = mux, regint, mwi
        self.medianat = "ice" if self.ice else medianat
        _control[0] += 1
        self.control = _control[0]
        self.events, self._buffer, self.sock, self._tokens = [], b"", None, 0

    def write(self):
        b = self.bundle
        pem = f"{self.where}/phone.pem"
        with open(pem, "w") as f:
            for part in (b.cert, b.key):
                f.write(open(part).read())
        os.chmod(pem, 0o600)
        any_addr = "[::]" if self.family == 6 else "0.0.0.0"
        with open(f"{self.where}/config", "w") as f:
            f.write(CONFIG.format(users=" ".join(x.user for x in self.bundles), listen=f"{any_addr}:5060", pem=pem,
                                  ca=b.ca, dev=self.host.dev, wav=self.wav, rate=self.rate, rec=self.rec,
                                  mux="yes" if self.mux else "no", control=self.control,
                                  mwi="module_app mwi.so\n" if self.mwi else ""))
        with open(f"{self.where}/accounts", "w") as f:
            for x in self.bundles:
                f.write(ACCOUNT.format(
                    user=x.user, domain=x.domain, password=x.password, server=x.host_port(), regint=self.regint,
                    mediaenc=MEDIAENC[self.media], mode="auto" if self.auto else "manual",
                    medianat=f"medianat={self.medianat};" if self.medianat else "", codecs=",".join(self.codecs)))
        open(f"{self.where}/contacts", "w").close()

    def start(self, register=True):
        self.write()
        self.proc = self.host.spawn("timeout", "-k", "3", "1800", "baresip", "-f", self.where, "-s",
                                    *(["-6"] if self.family == 6 else []), log=self.log)
        self.sock = net.wait_for(f"{self}'s control port", self._connect, 10)
        if register:
            self.wait_registered()
        return self

    def _connect(self):
        if self.proc.poll() is not None:
            raise net.LabError(f"{self} did not start: {self.tail()}")
        try:
            s = self.host.connect("127.0.0.1", self.control)
        except OSError:
            return None
        s.setblocking(False)
        return s

    def stop(self):
        if self.proc:
            self.host.stop(self.proc, signal.SIGTERM)
        if self.sock:
            self.sock.close()

    def poll(self):
        while True:
            try:
                more = self.sock.recv(65536)
            except BlockingIOError:
                break
            except OSError:
                break
            if not more:
                break
            self._buffer += more
        while b":" in self._buffer:
            head, rest = self._buffer.split(b":", 1)
            n = int(head)
            if len(rest) < n + 1:
                break
            self._buffer = rest[n + 1:]
            self._take(json.loads(rest[:n].decode(errors="replace")))

    def _take(self, m):
        self.events.append(m)
        if not m.get("event"):
            return
        kind, aor = m.get("type", ""), m.get("accountaor", "")
        if not kind.startswith("CALL_") or "id" not in m:
            return
        c = next((x for x in self.calls if x.key == m["id"]), None)
        if c is None:
            outgoing = m.get("direction") == "outgoing"
            c = next((x for x in self.calls if x.key is None), None) if outgoing else None
            if c is None:
                c = Call(m["id"], m.get("peeruri", ""), outgoing)
                self.calls.append(c)
            c.key, c.aor = m["id"], aor
        if kind == "CALL_RINGING":
            c.move("ringing")
        elif kind == "CALL_ESTABLISHED":
            c.move("established")
        elif kind == "CALL_CLOSED":
            c.move("closed", m.get("param", ""))
        elif kind == "CALL_MENC":
            c.secure = m.get("param", "")

    def forget(self):
        """Its recordings are named by the second: the next call's gets another name than any that there is."""
        super().forget()
        while self._named_now():
            time.sleep(0.05)

    def _named_now(self):
        now = time.time()
        names = [time.strftime("%Y-%m-%d-%H-%M-%S", zone(now)) for zone in (time.gmtime, time.localtime)]
        return any(name in file for file in self._recordings() for name in names)

    def command(self, name, params="", timeout=5.0):
        """A menu command; the text of its answer."""
        self._tokens += 1
        token = f"t{self._tokens}"
        body = json.dumps({"command": name, "params": params, "token": token}).encode()
        self.sock.setblocking(True)
        try:
            self.sock.sendall(b"%d:%s," % (len(body), body))
        finally:
            self.sock.setblocking(False)
        answer = self.wait(f"an answer to {name}",
                           lambda: next((e for e in self.events if e.get("token") == token), None), timeout)
        return answer.get("data", "")

    def registered(self):
        text = self.command("reginfo")
        return all(re.search(rf"sip:{b.user}@{re.escape(b.domain)}\s+\x1b\[32mOK", text) for b in self.bundles)

    def come_back(self, timeout=70.0):
        """By itself it waits for 30 to 60 s after it lost its connection, and twice as long after each try that failed. It is told to try now."""
        module = os.path.relpath(f"{build_dir()}/test/breach/again.so", "/usr/lib/baresip/modules")
        end = time.monotonic() + timeout
        while not self.registered():
            if time.monotonic() > end:
                self.wait_registered(0.1)
            self.command("rmmod", "again")
            self.command("insmod", module)
            with contextlib.suppress(net.LabError):
                self.wait_registered(2)
        return self

    def dial(self, target, user=None):
        """Place a call (as `user` where the phone has several); its Call."""
        if user or len(self.bundles) > 1:
            self.command("uafind", f"sip:{user or self.bundle.user}@{self.bundle.domain}")
        self.poll()
        c = Call(None, target, True)        # its id comes with its first event
        self.calls.append(c)
        self.command("dial", self.uri(target))
        return c

    def answer(self):
        self.command("accept")

    def reject(self):
        """486 Busy Here is what baresip's hang-up of an incoming call sends."""
        self.command("hangup")

    def hangup(self):
        self.command("hangup")

    def press(self, key):
        """A key in the call: telephone-events (RFC 4733)."""
        self.command("sndcode", key)

    def hold(self):
        self.command("hold")
        self.wait_state("established").move("held")

    def resume(self):
        self.command("resume")
        self.wait_state("held").move("established")

    def traces(self):
        """The SIP it sent and received so far, as text (its -s trace)."""
        try:
            with open(self.log, errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def receives(self):
        """Bits per second of media that it accepts just now (what fails to decrypt does not count)."""
        rates = re.findall(r"audio=\d+/(\d+) \(bit/s\)", self.traces()[-4000:])
        return int(rates[-1]) if rates else 0
