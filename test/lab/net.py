# SPDX-License-Identifier: ISC
"""The lab's network: namespaces named with a random prefix, joined by bridges, removed whatever happens.

A Net holds one `switch` namespace with a bridge per zone (voice, data, net, telco), the `exchange` with a leg in
each zone, and as many hosts as a test asks for, each a namespace of its own. Everything a host starts dies with it.
"""
import atexit
import ctypes
import errno
import fcntl
import os
import resource
import secrets
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ZONES = {"voice": 1, "data": 2, "net": 3, "telco": 4}
PREFIX = "rfl"
PATIENCE = float(os.environ.get("LAB_PATIENCE", 1))     # of a machine that is so many times slower
CARDS = os.environ.get("LAB_CARDS", "").split()         # addresses of two that a wire joins: the exchange's in its voice zone, the switch's
_libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """The lab itself could not do what a test asked of it."""


def wait_for(what, test, timeout=10.0, step=0.05):
    """Poll `test` until it is true and return its value; LabError naming `what` after `timeout` seconds."""
    timeout *= PATIENCE
    end = time.monotonic() + timeout
    while True:
        got = test()
        if got:
            return got
        if time.monotonic() > end:
            raise LabError(f"waited {timeout:g} s for {what}")
        time.sleep(step)


def sh(*args, timeout=10, check=True, stdin=None):
    p = subprocess.run(args, input=stdin, text=True, capture_output=True, timeout=timeout)
    if check and p.returncode:
        raise LabError(f"{' '.join(args)}: {p.returncode}: {(p.stderr or p.stdout).strip()}")
    return p


TOOLS = ("ip", "nft", "tcpdump", "baresip", "linphonec", "openssl")


def require_lab(tools=TOOLS):
    """A lab without root or network namespaces is an error, not a skip."""
    if os.geteuid() != 0:
        raise LabError("the lab needs root: it makes network namespaces")
    for tool in tools:
        if not shutil.which(tool):
            raise LabError(f"the lab needs {tool} (see dist/packages)")
    name = f"{PREFIX}{os.getpid()}x"
    try:
        sh("ip", "netns", "add", name)
        sh("ip", "netns", "del", name)
    except (LabError, OSError) as e:
        raise LabError(f"the lab cannot make network namespaces: {e}") from e


def mount(kind, at, options="defaults"):
    """A file system in memory, under a name of ours: sweep() takes it away once this run is gone."""
    sh("mount", "-t", kind, "-o", options, f"{PREFIX}{os.getpid()}", at)


def _of_the_dead(name):
    pid = name[len(PREFIX):].split("-")[0].rstrip("x")
    return name.startswith(PREFIX) and pid.isdigit() and not os.path.exists(f"/proc/{pid}")


def sweep():
    """Remove what a killed run left: namespaces and mounts of ours whose run (its pid stands in the name) is gone."""
    for line in sh("ip", "netns", "list").stdout.splitlines():
        name = line.split()[0] if line.strip() else ""
        if _of_the_dead(name):
            _delete_ns(name)
    with open("/proc/self/mounts") as f:
        mounts = [line.split()[:2] for line in f]
    for name, at in reversed(mounts):       # what was mounted later may lie in it
        if _of_the_dead(name):
            sh("umount", "-l", os.fsdecode(at.encode().decode("unicode_escape").encode("latin-1")), check=False)


def _delete_ns(name):
    for _ in range(20):
        pids = sh("ip", "netns", "pids", name, check=False).stdout.split()
        if not pids:
            break
        for pid in pids:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
    sh("ip", "netns", "del", name, check=False)
    shutil.rmtree(f"/etc/netns/{name}", ignore_errors=True)


def _die_with_parent():
    _libc.prctl(1, signal.SIGKILL)      # PR_SET_PDEATHSIG
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def with_parent(args):
    """What `timeout` starts dies with it, as it does with us."""
    n = 4 if args[:2] == ("timeout", "-k") else 0
    return (*args[:n], "setpriv", "--pdeathsig", "KILL", *args[n:]) if n else args


def inside(host, work):
    """work() run by a thread in the host's network namespace: a socket made there stays there. Its result."""
    got, failed = [], []

    def enter():
        try:
            with open(host.space()) as ns:
                if _libc.setns(ns.fileno(), 0x40000000):     # CLONE_NEWNET, this thread only
                    raise OSError(ctypes.get_errno(), "setns")
            got.append(work())
        except Exception as e:      # handed to the caller's thread
            failed.append(e)
    t = threading.Thread(target=enter)
    t.start()
    t.join()
    if failed:
        raise failed[0]
    return got[0]


def plain_frames(host, dev):
    """Switch off dev's offloads: a frame picked up by AF_PACKET or XDP must carry its checksum and fit the wire."""
    def work():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for cmd in (0x17, 0x19, 0x1f, 0x24):         # ETHTOOL_STXCSUM, SSG, STSO, SGSO
                value = ctypes.create_string_buffer(struct.pack("II", cmd, 0), 8)
                try:
                    fcntl.ioctl(s, 0x8946, struct.pack("16sP16x", dev.encode(), ctypes.addressof(value)))
                except OSError:
                    if cmd == 0x17:
                        raise
    inside(host, work)


def receives_by_napi(host, dev, on):
    """Whether XDP at the other end of this veth may send to it (ETHTOOL_SGRO)."""
    def work():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            value = ctypes.create_string_buffer(struct.pack("II", 0x2c, on), 8)
            fcntl.ioctl(s, 0x8946, struct.pack("16sP16x", dev.encode(), ctypes.addressof(value)))
    inside(host, work)


def card(mac):
    """The name of the machine's device with this address, if it is here."""
    return next((line.split(":")[1].strip() for line in sh("ip", "-o", "link").stdout.splitlines() if f" {mac} " in line), None)


class Host:
    """One namespace. `v4` and `v6` are its addresses in its (first) zone."""

    def __init__(self, net, name):
        self.net, self.name, self.ns = net, name, f"{net.prefix}-{name}"
        self.v4 = self.v6 = self.dev = self.port = None
        self.procs = []
        sh("ip", "netns", "add", self.ns)
        self.ip("link", "set", "lo", "up")
        self.sysctl("net.ipv6.conf.default.accept_dad", "0")
        self.sysctl("net.ipv6.conf.default.accept_ra", "0")

    def space(self):
        return f"/run/netns/{self.ns}"

    def ip(self, *args):
        return sh("ip", "-n", self.ns, *args)

    def argv(self, args):
        return ["ip", "netns", "exec", self.ns, *map(str, args)]

    def run(self, *args, timeout=10, check=True, stdin=None):
        """Run to the end; the CompletedProcess."""
        p = subprocess.run(self.argv(args), input=stdin, text=True, capture_output=True, timeout=timeout,
                           preexec_fn=_die_with_parent)
        if check and p.returncode:
            raise LabError(f"{self.name}: {' '.join(map(str, args))}: {p.returncode}: {(p.stderr or p.stdout)[-800:]}")
        return p

    def spawn(self, *args, log=None, **kw):
        """Start in the background. It is killed with the host, and with the test run."""
        out = open(log, "ab", buffering=0) if log else subprocess.DEVNULL
        kw.setdefault("stdin", subprocess.DEVNULL)
        kw.setdefault("stdout", out)
        kw.setdefault("stderr", subprocess.STDOUT)
        p = subprocess.Popen(self.argv(with_parent(args)), start_new_session=True, preexec_fn=_die_with_parent, **kw)
        if log:
            out.close()
        self.procs.append(p)
        return p

    def python(self, script, *args, **kw):
        """Start one of the lab's own scripts here."""
        return self.spawn("/usr/bin/python3", os.path.join(HERE, script), *args, **kw)

    def stop(self, p, sig=signal.SIGTERM, timeout=3.0):
        """End a process that spawn() started; its exit status."""
        if p.poll() is None:
            try:
                os.killpg(p.pid, sig)
            except ProcessLookupError:
                pass
            try:
                p.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait(5)
        if p in self.procs:
            self.procs.remove(p)
        return p.returncode

    def sysctl(self, key, value):
        self.run("sysctl", "-qw", f"{key}={value}")

    def hosts(self, names):
        """Names this host can resolve: {name: [addresses]}. Written before its processes start."""
        d = f"/etc/netns/{self.ns}"
        os.makedirs(d, exist_ok=True)
        with open(f"{d}/hosts", "w") as f:
            f.write("127.0.0.1 localhost\n::1 localhost\n")
            for name, addrs in names.items():
                f.writelines(f"{a} {name}\n" for a in addrs)
        with open(f"{d}/resolv.conf", "w") as f:
            f.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")

    def join(self, zone, number, dev=None, slow_ms=0):
        """A veth into the zone's bridge with addresses .number and ::number."""
        dev = dev or ("eth0" if self.dev is None else f"eth{zone[0]}")
        z = self.net.zones[zone]
        port = self.net._wire(self, dev, z, slow_ms) if slow_ms else self.net.cable(self, dev, z)
        v4, v6 = f"10.77.{z.index}.{number}", f"fd77:{z.index}::{number:x}"
        self.ip("addr", "add", f"{v4}/24", "dev", dev)
        self.ip("addr", "add", f"{v6}/64", "dev", dev, "nodad")
        if self.dev is None:
            self.dev, self.v4, self.v6, self.port = dev, v4, v6, port
        return v4, v6

    def connect(self, addr, port, timeout=5.0):
        """A TCP socket of this host, connected."""
        return inside(self, lambda: socket.create_connection((addr, port), timeout))

    def udp(self, addr=None, port=0):
        """A UDP socket of this host, bound. What was closed before is held by a process that another thread forks until that is another program."""
        def work():
            s = socket.socket(socket.AF_INET6 if addr and ":" in addr else socket.AF_INET, socket.SOCK_DGRAM)
            end = time.monotonic() + 1
            while True:
                try:
                    s.bind((addr or "0.0.0.0", port))
                    break
                except OSError as e:
                    if e.errno != errno.EADDRINUSE or time.monotonic() > end:
                        s.close()
                        raise
                    time.sleep(0.01)
            s.settimeout(5)
            return s
        return inside(self, work)

    def tcp(self, addr, port):
        """A TCP socket of this host that listens."""
        def work():
            s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET, socket.SOCK_STREAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((addr, port))
            s.listen(8)
            return s
        return inside(self, work)

    def close(self):
        for p in list(self.procs):
            self.stop(p, signal.SIGKILL)
        _delete_ns(self.ns)


class Zone:
    def __init__(self, name, index):
        self.name, self.index, self.bridge, self.last = name, index, f"br-{name}", 9

    def number(self):
        self.last += 1
        return self.last


class Net:
    """The whole lab; a context manager. exchange has number 1 in every zone."""

    def __init__(self, *, zones=ZONES):
        sweep()
        self.prefix = f"{PREFIX}{os.getpid()}-{secrets.token_hex(2)}"
        self.hosts, self._cables, self._names = [], 0, {}
        atexit.register(self.close)
        try:
            self.switch = self._host("switch")
            self.zones = {n: Zone(n, i) for n, i in zones.items()}
            for z in self.zones.values():
                self._bridge(z)
            self.exchange = self._host("exchange")
            self.addr = {n: self.exchange.join(n, 1, f"eth-{n}"[:15]) for n in zones}
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def _host(self, name):
        h = Host(self, name)
        self.hosts.append(h)
        return h

    def _bridge(self, zone):
        self.switch.ip("link", "add", zone.bridge, "type", "bridge", "forward_delay", "0", "stp_state", "0")
        self.switch.ip("link", "set", zone.bridge, "up")

    def _cards(self, host, dev, zone):
        """As cable(), by cards, which leave nothing to be made by others; those of a net before come back when its namespaces are gone."""
        mine, port = (wait_for(f"the card {mac}", lambda mac=mac: card(mac), 10) for mac in CARDS)
        for name, where in (mine, host), (port, self.switch):
            sh("ip", "link", "set", name, "netns", where.ns)
        host.ip("link", "set", mine, "name", dev)
        self.switch.ip("link", "set", port, "master", zone.bridge, "up")
        host.ip("link", "set", dev, "up")
        return port

    def cable(self, host, dev, zone):
        """Join host's new device `dev` to a bridge; the name of the switch's end."""
        if CARDS and dev == "eth-voice":
            return self._cards(host, dev, zone)
        self._cables += 1
        port = f"p{self._cables}"
        self.switch.ip("link", "add", port, "type", "veth", "peer", "name", dev, "netns", host.ns)
        self.switch.ip("link", "set", port, "master", zone.bridge, "up")
        host.ip("link", "set", dev, "up")
        plain_frames(host, dev)
        return port

    def name(self, name, *addrs):
        """A name that hosts made from now on resolve."""
        self._names[name] = list(addrs)

    def host(self, name, zone="voice", slow_ms=0):
        """A new host in a zone; its default route is the zone's .1: the exchange (forwards nothing) or a NAT router."""
        h = self._host(name)
        h.hosts(self._names)
        z = self.zones[zone]
        h.join(zone, z.number(), slow_ms=slow_ms)
        h.ip("route", "add", "default", "via", f"10.77.{z.index}.1")
        h.ip("-6", "route", "add", "default", "via", f"fd77:{z.index}::1")
        return h

    def nat(self, name, outside="net"):
        """A masquerading router: its outside leg in `outside`, and a new zone `name` behind it. The router host."""
        z = Zone(name, 20 + len(self.zones))
        self.zones[name] = z
        self._bridge(z)
        r = self._host(name)
        r.hosts(self._names)
        r.join(outside, self.zones[outside].number())
        r.join(name, 1, "inside")
        r.sysctl("net.ipv4.ip_forward", "1")
        r.run("nft", "-f", "-", stdin=(
            "table ip nat {\n chain post { type nat hook postrouting priority srcnat;"
            f" oifname \"{r.dev}\" masquerade random;\n }}\n}}\n"
            "table ip filter {\n chain forward { type filter hook forward priority filter; policy drop;"
            " ct state established,related accept; iifname \"inside\" accept;\n }\n}\n"))
        return r

    def _wire(self, host, dev, zone, ms):
        """Join host's new device to the bridge by a wire that is `ms` milliseconds long, each way."""
        wire = self._host(f"{host.name}-wire")
        far = self.cable(wire, "far", zone)
        wire.ip("link", "add", "near", "type", "veth", "peer", "name", dev, "netns", host.ns)
        wire.ip("link", "set", "near", "up")
        host.ip("link", "set", dev, "up")
        plain_frames(wire, "near")
        plain_frames(host, dev)
        p = wire.python("wire.py", "far", "near", ms, stdout=subprocess.PIPE)
        if not select.select([p.stdout], [], [], 5)[0]:
            raise LabError("the slow wire did not start")
        return far

    def close(self):
        """Idempotent; ends every process and removes every namespace."""
        for h in reversed(self.hosts):
            h.close()
        self.hosts = []
        atexit.unregister(self.close)


if __name__ == "__main__":
    require_lab()
    with Net() as n:
        p = n.host("p1")
        print(p.run("ip", "-br", "addr").stdout)
    sys.exit(0)
