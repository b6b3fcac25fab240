# SPDX-License-Identifier: ISC
"""The two servers under load: each start_*() returns a Server that is ready to be registered with."""
import dataclasses
import json
import os
import pathlib
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
READY_S = 20


@dataclasses.dataclass
class Server:
    """What the load generator must know. Devices: either `ca_key` (it issues their certificates itself) or `phones`
    (a directory of *.pem, certificate and key in one file, in version order; the i-th belongs to line i of
    `users`)."""
    process: subprocess.Popen
    pid: int        # root of the processes whose CPU and memory count
    address: str    # "127.0.0.1:port" of the TLS listener
    domain: str
    ca: str         # the server's chain ends here
    ca_key: str = ""
    phones: str = ""
    users: str = ""         # lines `user password`; none: users 10000.. with the password load-secret
    authorize: bool = False  # it challenges every request, so refreshes carry an Authorization

    def load_options(self):
        options = ["--server", self.address, "--domain", self.domain, "--pid", str(self.pid), "--ca", self.ca]
        for name, value in (("--ca-key", self.ca_key), ("--phones", self.phones), ("--users", self.users)):
            options += [name, value] if value else []
        return options + (["--authorize"] if self.authorize else [])

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def wait_for(address, process):
    """Until the port accepts."""
    host, port = address.rsplit(":", 1)
    end = time.monotonic() + READY_S
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"no server at {address}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(path, verb, body=b"", **fields):
    """What ctl of an exchange answers over its local socket, as the command asks."""
    text = "".join(f"{k}={v}\n" for k, v in {"verb": verb, **fields}.items())
    got = b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(READY_S)
        s.connect(str(path))
        s.sendall(text.encode() + (b"body=%d\n" % len(body) if body else b"") + b"\n" + body)
        while more := s.recv(65536):
            got += more
    *lines, done = [json.loads(line) for line in got.splitlines()] or [{}]
    if done.get("result") != "ok":
        raise RuntimeError(f"{verb} {fields}: {done}")
    return lines


def start_kamailio(options, work):
    """`work` is an empty directory; it gets a throw-away site and the configuration. Transactions linger for 5 s and
    Kamailio drops connections when shared memory is short: -m 4096 lasts for 20,000 calls a second."""
    site, port = work / "site", free_port()
    site.mkdir()
    subprocess.run([options.load, "--make-site", site, "load.example"], check=True)
    text = (HERE / "kamailio/kamailio.cfg").read_text()
    modules = sorted(pathlib.Path("/usr/lib").glob("*/kamailio/modules"))[0]
    for name, value in (("PORT", port), ("SITE", site), ("MODULES", f"{modules}/")):
        text = text.replace(f"@{name}@", str(value))
    (work / "kamailio.cfg").write_text(text)
    command = ["taskset", "-c", str(options.server_cpu), "kamailio", "-DD", "-E", "-f", work / "kamailio.cfg",
               "-x", "fm", "-X", "fm", "-m", "4096", "-M", "64"]
    command += ["-A", "SHA256"] if options.sha256 else []
    command += ["-A", "WITH_RR"] if options.record_route else []
    process = subprocess.Popen(command, stdout=(work / "log").open("w"), stderr=subprocess.STDOUT)
    address = f"127.0.0.1:{port}"
    wait_for(address, process)
    return Server(process, process.pid, address, "load.example", str(site / "ca.pem"),
                  ca_key=str(site / "ca-key.pem"), authorize=True)


def start_ringfence(options, work):
    """Runs `bench/ringfence/start WORK PHONES` (or $RINGFENCE_START), pinned to the server's CPU. That program makes
    a site in WORK with a TLS listener on 127.0.0.1, PHONES users, as many admitted and enrolled phones (user i may
    use phone i) and an exchange that runs; then it writes one line of JSON to standard output and stays until it
    gets SIGTERM: {"pid": of the parent process, "address": "127.0.0.1:port", "domain": ..., "ca": the site's CA
    certificate, "phones": directory of *.pem bundles, "users": file of `user password` lines}"""
    start = os.environ.get("RINGFENCE_START", str(HERE / "ringfence/start"))
    if not os.access(start, os.X_OK):
        raise RuntimeError(f"{start} is not there, so there is no exchange to measure")
    process = subprocess.Popen(["taskset", "-c", str(options.server_cpu), start, work, str(options.phones)],
                               stdout=subprocess.PIPE, stderr=(work / "log").open("w"), text=True,
                               env={"RINGFENCE_BUILD": str(pathlib.Path(options.load).resolve().parents[2]), **os.environ})
    line = process.stdout.readline()
    if not line:
        process.kill()
        raise RuntimeError(f"{start} ended: {(work / 'log').read_text()[-500:]}")
    said = json.loads(line)
    wait_for(said["address"], process)
    return Server(process, said["pid"], said["address"], said["domain"], said["ca"],
                  phones=said["phones"], users=said["users"])


START = {"ringfence": start_ringfence, "kamailio": start_kamailio}
