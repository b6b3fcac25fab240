# SPDX-License-Identifier: ISC
"""Ringfence in the lab. The only file that knows its command line, its configuration and where it keeps things."""
import base64
import contextlib
import glob
import json
import os
import random
import re
import signal
import socket
import subprocess
import time

import net
import pki
from bundle import Bundle

DOMAIN = "ringfence.test"
PORT = 5061
PROCESSES = ("edge", "core", "media", "voice", "signer", "keeper", "ledger", "watch", "ctl", "net")
FLAG_MD5, FLAG_TLS12 = 1, 2
ADMIN, ADMIN_PASSWORD = "lab-admin", "lab-admin-pass-1"
CONF = """# written by test/lab/exchange.py
domain = "{domain}"
{listeners}
media {{ ports = "{first}-{last}" }}
log {{ privacy = {privacy} }}
emergency {{ numbers = {{"112", "911"}} }}
"""
LISTENER = 'phones {{ listen = "{addr}:{port}" }}\n'


def build_dir():
    """RINGFENCE_BUILD, or the build directories that ./run and ./check use."""
    top = os.path.dirname(os.path.dirname(net.HERE))
    for d in (os.environ.get("RINGFENCE_BUILD"), f"{top}/build", f"{top}/build-check"):
        if d and os.path.exists(parent_path(d)):
            return d
    raise net.LabError("no build of Ringfence: set RINGFENCE_BUILD to a Meson build directory")


def parent_path(build):
    return f"{build}/proc/parent/ringfenced"


def command_path(build):
    return f"{build}/cmd/ringfence"


def file_id(path):
    """The file itself: in a chroot its path reads differently from another mount namespace."""
    s = os.stat(path)
    return s.st_dev, s.st_ino


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return int(f.read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


class Exchange:
    """One site in a directory of its own, started in the lab's exchange namespace."""
    domain, port = DOMAIN, PORT

    def __init__(self, lab, where, *, zones=("voice",), privacy="full", ports=(20000, 20399), conf=CONF, libexec=None,
                 kernel=False, around=(), uid_base=61900):
        self.lab, self.host, self.where, self.build = lab, lab.exchange, where, build_dir()
        self.site = f"{where}/site"
        self.zones, self.log_path, self.proc = zones, f"{where}/ringfenced.log", None
        self.killed, self.around, self.uids = 0, around, range(uid_base, uid_base + 13)
        self.users, self.phones, self.libexec = set(), {}, libexec or f"{self.build}/proc"
        os.makedirs(self.site, mode=0o711, exist_ok=True)
        listeners = "".join(LISTENER.format(addr=f"[{a}]" if ":" in a else a, port=PORT)
                            for z in zones for a in lab.addr[z])
        self.kernel = False
        if kernel:
            self.mount_pins()
        self.boot_key()
        self.write_conf(conf.format(domain=DOMAIN, listeners=listeners, privacy=privacy, first=ports[0], last=ports[1]))
        self.media_ports = range(ports[0], ports[1] + 1)
        for z in zones:
            lab.name(DOMAIN, *lab.addr[z])

    @property
    def pins(self):
        return f"{self.site}/run/bpf"

    @contextlib.contextmanager
    def running(self):
        """Started, with an administrator. In the end it is stopped, and nothing of it may have gone wrong."""
        try:
            self.start()
            self.admin_add()
            yield self
        finally:
            self.stop()
            self.close()
        self.check_health()

    def mount_pins(self):
        """Where its relay in the kernel is pinned, as ./run and the systemd unit mount it."""
        os.makedirs(self.pins, mode=0o711, exist_ok=True)
        net.mount("bpf", self.pins)
        self.kernel = True

    def pin_kernel(self, on):
        """Stopped, and started with a relay in the kernel or with none."""
        self.stop()
        self.close()
        if on:
            self.mount_pins()
        self.start()

    def close(self):
        if self.kernel:
            net.sh("umount", "-l", self.pins, check=False)
        self.kernel = False

    def boot_key(self):
        """The root-only file that unseals keeper's and signer's stores."""
        fd = os.open(f"{self.site}/boot.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(fd, os.urandom(32))
        os.close(fd)

    def write_conf(self, text):
        with open(f"{self.site}/ringfence.conf", "w") as f:
            f.write(text)

    # life

    def start(self, timeout=20):
        self.proc = self.host.spawn(*self.around, parent_path(self.build), "--site", self.site, "--libexec", self.libexec, "--insecure-run",
                                    "--uid-base", self.uids[0], log=self.log_path)
        net.wait_for("the exchange to be ready", self.ready, timeout, step=0.1)
        return self

    def ready(self):
        if self.proc.poll() is not None:
            raise net.LabError(f"ringfenced ended with {self.proc.returncode}: {self.tail()}")
        return self.answers() and self.listens()

    def answers(self):
        """ctl answers, and every process is up."""
        try:
            return all(p["up"] for p in self.ask("status", timeout=2))
        except (OSError, net.LabError):
            return False

    def listens(self):
        return f":{PORT} " in self.host.run("ss", "-Hltn").stdout

    def stop(self, timeout=10):
        """Stop it in the ordinary way, and see that nothing of it is left."""
        if self.proc and self.proc.poll() is None:
            try:
                self.ask("stop", check=False)
            except (OSError, net.LabError):
                os.kill(self.proc.pid, signal.SIGTERM)
            try:
                self.proc.wait(timeout)
            except subprocess.TimeoutExpired:
                self.host.stop(self.proc, signal.SIGTERM)
        left = self.processes()
        for pid, name in left:
            os.kill(pid, signal.SIGKILL)
        if left:
            raise net.LabError(f"processes left after stop: {left}")
        broke = re.findall(r".*(?:AddressSanitizer|runtime error:| aborted \(| crashed \(|its cage forbids).*", self.tail(10**7))
        if broke:
            raise net.LabError(f"a process broke: {broke[0]}")

    def deaths(self):
        return re.findall(r"parent: (\w+/\d+ .*\(0x[0-9a-f]+\))", self.tail(1 << 20))

    def check_health(self):
        """No process died but by our hand, none accused another, no sanitizer spoke."""
        said, died = self.tail(1 << 20), self.deaths()
        assert len(died) == self.killed, died
        for word in ("Sanitizer", "runtime error", "stays down"):
            assert word not in said, said[max(0, said.index(word) - 300):said.index(word) + 3000]

    def restart_parent(self):
        """kill -9 of parent, and what systemd or ./run does then."""
        pid = self.proc.pid
        with open(f"/proc/{pid}/task/{pid}/children") as f:     # of whatever build, which what lies at its path may not be
            old = f.read().split()
        os.kill(pid, signal.SIGKILL)
        self.proc.wait(5)
        net.wait_for("its children to end", lambda: not [p for p in old if os.path.exists(f"/proc/{p}")], 5)
        return self.start()

    def kill_all_but_parent(self, timeout=20):
        """kill -9 of all that parent started, which it then starts anew."""
        names = [name for name in (*PROCESSES, "dial") if self.supervised(name)]     # dial, where there are trunks
        old = [pid for name in names for pid in self.supervised(name)]
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        self.killed += len(old)

        def another():
            now = [self.supervised(name) for name in names]
            return all(now) and not set(old) & {pid for pids in now for pid in pids} and self.answers()
        net.wait_for("all to be there again", another, timeout)

    def kill_everything(self):
        """kill -9 of every process in one go, in any order, and a new start; the order, by name."""
        told = len(self.deaths())
        old = self.processes()
        random.shuffle(old)
        for pid, _ in old:
            with contextlib.suppress(ProcessLookupError):       # it ended with the one that it was of
                os.kill(pid, signal.SIGKILL)
        self.proc.wait(5)
        net.wait_for("all to end", lambda: not self.processes(), 5)
        self.killed += len(self.deaths()) - told        # those that parent lived to see
        self.start()
        return [name for _, name in old]

    def tail(self, n=3000):
        try:
            with open(self.log_path, errors="replace") as f:
                return f.read()[-n:]
        except OSError:
            return ""

    def processes(self):
        """(pid, name) of every process of this build in the exchange's namespace."""
        known = {file_id(exe): exe.split("/")[-2] for exe in glob.glob(f"{self.build}/proc/*/ringfence*")}
        out = []
        for pid in net.sh("ip", "netns", "pids", self.host.ns).stdout.split():
            try:
                name = known.get(file_id(f"/proc/{pid}/exe"))
            except OSError:
                continue
            if name:
                out.append((int(pid), name))
        return out

    def pid(self, name):
        return self.pids(name)[0]

    def pids(self, name):
        got = self.supervised(name)
        if not got:
            raise net.LabError(f"no process {name}: {self.processes()}")
        return got

    def supervised(self, name):
        """The pids of that name that parent started, or parent's own: not what such a process has just forked for its helper."""
        by = self.proc.pid
        return [p for p, n in self.processes() if n == name and (p == by or (name != "parent" and parent_of(p) == by))]

    def kill(self, name):
        """kill -9 the first process of that name; its pid."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        self.killed += 1
        return pid

    def wait_replaced(self, name, old, timeout=5.0):
        """Another process of that name is there; seconds that it took."""
        start = time.monotonic()
        net.wait_for(f"a new {name}", lambda: [p for p in self.supervised(name) if p != old], timeout)
        return time.monotonic() - start

    def rss_kb(self):
        total = 0
        for pid, _ in self.processes():
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += int(re.search(r"Pss:\s+(\d+)", f.read())[1])
        return total

    def descriptors(self):
        return {f"{n}:{p}": len(os.listdir(f"/proc/{p}/fd")) for p, n in self.processes()}

    # the command

    def command(self, *args, check=True, stdin=None, timeout=15):
        return self.host.run(command_path(self.build), "--site", self.site, *args, check=check, stdin=stdin,
                             timeout=timeout)

    def ask(self, verb, *, body=b"", check=True, timeout=20, **fields):
        """Ask ctl over its local socket, as the command does; the objects that it answered, without the last (`done`)."""
        lines = [f"verb={verb}"] + [f"{k.replace('_', '-')}={v}" for k, v in fields.items()]
        if body:
            lines.append(f"body={len(body)}")
        got = b""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.settimeout(timeout)
            s.connect(f"{self.site}/run/ctl.sock")
            s.sendall("\n".join(lines).encode() + b"\n\n" + body)
            while more := s.recv(65536):
                got += more
        out = [json.loads(x) for x in got.splitlines()]
        if not out or out[-1].get("kind") != "done":
            raise net.LabError(f"{verb}: cut off: {got[-300:]}")
        if check and out[-1]["result"] != "ok":
            raise net.LabError(f"{verb} {fields}: {out[-1]}")
        return out[:-1]

    def calls(self):
        return self.ask("calls")

    def bans(self):
        """Seconds that each ban has still, by address."""
        return {b["address"]: b["left_ms"] / 1000 for b in self.ask("bans")}

    def bans_in_nftables(self):
        """What the exchange's table there names: seconds still, by address."""
        said = json.loads(self.host.run("nft", "-j", "list", "ruleset").stdout)["nftables"]
        sets = [o["set"] for o in said if o.get("set", {}).get("table", "").startswith("ringfence-")]
        assert sorted(s["name"] for s in sets) == ["banned4", "banned6"]
        return {e["elem"]["val"]: e["elem"]["expires"] for s in sets for e in s.get("elem", [])}

    def status(self):
        """One object per process: name, pid, restarts, age_ms, lines."""
        return self.ask("status")

    def events(self):
        return self.ask("events", last=1000)

    def wait_event(self, kind, timeout=5.0, after=0):
        """The newest event of that kind (its words), past the first `after`."""
        want = kind.replace(" ", "-")

        def look():
            got = [e for e in self.events()[after:] if e["what"] == want]
            return got[-1] if got else None
        return net.wait_for(f"an event {kind}", look, timeout, step=0.3)

    def log_rows(self):
        """The call log, read as an administrator: from, to, start_ms, duration_ms."""
        return self.ask("log", name=ADMIN, password=ADMIN_PASSWORD)

    def admin_add(self):
        self.ask("admin-set", name=ADMIN, password=ADMIN_PASSWORD)

    def counter(self, name):
        """What `status` counts under that name, summed over processes."""
        return sum(line["used"] for p in self.status() for line in p["lines"] if line["name"] == name)

    def call(self, state="up", timeout=8.0):
        """The one call that is live, once it is in that state."""
        def look():
            got = [c for c in self.calls() if c.get("state") == state]
            return got[0] if got else None
        return net.wait_for(f"a call that is {state}", look, timeout, step=0.2)

    def wait_grade(self, grade, timeout=12.0):
        """The one live call, once its grade reads so."""
        def look():
            got = [c for c in self.calls() if c.get("grade") == grade]
            return got[0] if got else None
        try:
            return net.wait_for(f"grade {grade}", look, timeout, step=0.2)
        except net.LabError as e:
            raise net.LabError(f"{e}: {self.calls()}") from None

    def wait_no_calls(self, timeout=8.0):
        net.wait_for("no call in the exchange", lambda: not self.calls(), timeout, step=0.2)

    # people and phones

    def phone(self, name, users, *, md5=False, tls12=False, zone=None, family=4, valid_s=None):
        """Admit users and a device of theirs: one Bundle per user, one certificate. `users`: {user: password}."""
        for user, password in users.items():
            if user not in self.users:
                self.ask("user-add", name=user, password=password)
                self.users.add(user)
        first, *others = users
        added = self.ask("phone-add", label=name, user=first, flags=(FLAG_MD5 if md5 else 0) | (FLAG_TLS12 if tls12 else 0))
        self.phones[name] = added[0]["phone"]
        for user in others:
            self.ask("phone-bind", phone=added[0]["phone"], user=user)
        for user, password in users.items() if md5 else ():
            self.ask("user-set", name=user, password=password)  # keeper has no MD5 hash of one who needed none
        where = f"{self.where}/phones/{name}"
        key, request = pki.key_and_request(where)
        valid = {"valid": valid_s} if valid_s else {}
        signed = self.ask("phone-sign", code=added[0]["code"], body=request, **valid)[0]
        for file, what in (("phone.crt", "certificate"), ("ca.crt", "ca")):
            pki.write_pem(f"{where}/{file}", base64.b64decode(signed[what]))
        addr = self.lab.addr[zone or self.zones[0]][0 if family == 4 else 1]
        return [Bundle(ca=f"{where}/ca.crt", cert=f"{where}/phone.crt", key=key, user=u, password=p, domain=DOMAIN,
                       server=addr, port=PORT) for u, p in users.items()]

    def phone_revoke(self, name):
        self.ask("phone-revoke", phone=self.phones[name])

    def ca(self):
        """The site's CA certificate, as a phone got it."""
        return next(f"{self.where}/phones/{d}/ca.crt" for d in os.listdir(f"{self.where}/phones"))
