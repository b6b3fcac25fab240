# SPDX-License-Identifier: ISC
"""The two relays under the same packets: each measure_*() sets the flows up and yields the generator's lines."""
import json
import os
import shlex
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from servers import start_ringfence  # noqa: E402

READY_S = 10
RTP_OCTETS, SRTP_OCTETS = 172, 182  # 20 ms of G.711, and with the tag of AES_CM_128_HMAC_SHA1_80
HOST = "127.0.0.1"


def bencode(value):
    if isinstance(value, dict):
        return b"d" + b"".join(bencode(k) + bencode(value[k]) for k in sorted(value)) + b"e"
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    text = value.encode()
    return str(len(text)).encode() + b":" + text


def bdecode(data, at=0):
    """(value, where the next one starts)."""
    if data[at:at + 1] in (b"d", b"l"):
        items, end = [], at + 1
        while data[end:end + 1] != b"e":
            item, end = bdecode(data, end)
            items.append(item)
        value = items if data[at:at + 1] == b"l" else dict(zip(items[::2], items[1::2]))
        return value, end + 1
    if data[at:at + 1] == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end].decode(), end


def sdp(port):
    return (f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n")


class Ng:
    """rtpengine's control protocol: a cookie, a blank and a dictionary in each datagram."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((HOST, port))
        self.socket.settimeout(2)
        self.cookie = 0

    def ask(self, **request):
        self.cookie += 1
        request = {k.replace("_", "-"): v for k, v in request.items()}
        self.socket.send(b"%d " % self.cookie + bencode(request))
        answer = self.socket.recv(65535).split(b" ", 1)[1]
        return bdecode(answer)[0]

    def wait(self, log):
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            try:
                if self.ask(command="ping")["result"] == "pong":
                    return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"rtpengine: {log.read_text()[-500:]}")

    def flow(self, number, sender, receiver):
        """One call between two ports of ours; where the sender must send."""
        call = {"call_id": f"call-{number}", "from_tag": "a", "replace": ["origin"], "rtcp_mux": ["reject"]}
        offer = self.ask(command="offer", sdp=sdp(sender), **call)
        answer = self.ask(command="answer", sdp=sdp(receiver), to_tag="b", **call)
        if (offer["result"], answer["result"]) != ("ok", "ok"):
            raise RuntimeError(f"rtpengine: {offer} {answer}")
        line = next(x for x in answer["sdp"].split("\r\n") if x.startswith("m=audio "))
        return int(line.split()[1])


def relay_load(options, pid, flows, size, rate):
    """The packet generator's command."""
    return ["taskset", "-c", str(options.load_cpu), options.relay_load, "--flows", str(flows), "--pid", str(pid),
            "--rate", str(rate), "--size", str(size), "--seconds", str(options.seconds),
            "--from", str(options.sender), "--to", str(options.receiver)]


def measure_rtpengine(options, work):
    """Debian's rtpengine-daemon in user space, one thread; flows by offer and answer over its own control port."""
    port = 22222
    command = ["taskset", "-c", str(options.server_cpu), "rtpengine", "--config-file=none", "--table=-1",
               "--foreground", "--log-stderr", "--log-level=3", f"--interface={HOST}", f"--listen-ng={HOST}:{port}",
               "--port-min=30000", "--port-max=50000", "--num-threads=1", f"--pidfile={work}/pid"]
    process = subprocess.Popen(command, stdout=(work / "log").open("w"), stderr=subprocess.STDOUT)
    try:
        ng = Ng(port)
        ng.wait(work / "log")
        ports = [ng.flow(i, options.sender, options.receiver) for i in range(options.flows)]
        (work / "flows").write_text("".join(f"{HOST} {p}\n" for p in ports))
        for rate in options.rates:
            done = subprocess.run(relay_load(options, process.pid, work / "flows", RTP_OCTETS, rate),
                                  stdout=subprocess.PIPE, check=True)
            yield json.loads(done.stdout)
    finally:
        process.terminate()
        process.wait()


def measure_ringfence(options, work):
    """Calls that stand (SDES, so SRTP-sized packets) give the flows; the packets run meanwhile. How an exchange is
    started for it stands at start_ringfence in ../servers.py."""
    server = start_ringfence(options, work)
    inner = " && ".join(shlex.join(relay_load(options, server.pid, work / "flows", SRTP_OCTETS, rate)) +
                        f" >>{work}/lines" for rate in options.rates)
    try:
        subprocess.run([options.load, *server.load_options(), "--number", str(options.phones), "--held",
                        str(options.flows), "--media", str(options.sender), "--flows", work / "flows",
                        "--while-held", inner, "hold"], check=True, stdout=subprocess.DEVNULL)
    finally:
        server.stop()
    for line in (work / "lines").read_text().splitlines():
        yield json.loads(line)


MEASURE = {"ringfence": measure_ringfence, "rtpengine": measure_rtpengine}
