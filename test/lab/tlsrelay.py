# SPDX-License-Identifier: ISC
"""Plain TCP from SIPp on the one side, mutual TLS to the exchange on the other: SIPp of Debian has no TLS.

    tlsrelay.py LISTEN_PORT ADDR PORT CERT KEY            SIPp calls: one TLS connection for each that it opens
    tlsrelay.py LISTEN_PORT ADDR PORT CERT KEY USER PASSWORD DOMAIN
            SIPp is called: log the user in, then carry that connection to SIPp, which listens on 127.0.0.1:LISTEN_PORT
            (a SIPp that begins by registering would discard calls that come to it)

SIP text passes unchanged but for TCP, which becomes TLS in Via and Contact
on the way out and TCP again on the way back, so that neither end meets a transport that it does not use.
"""
import re
import selectors
import socket
import ssl
import sys
import threading

import sip
from bundle import Bundle

BUFFER_MAX = 1 << 20


def outward(data):
    return re.sub(rb"(?i)transport=tcp", b"transport=tls", data.replace(b"SIP/2.0/TCP", b"SIP/2.0/TLS"))


def inward(data):
    return re.sub(rb"(?i)transport=tls", b"transport=tcp", data.replace(b"SIP/2.0/TLS", b"SIP/2.0/TCP"))


def messages(buffer):
    """Whole SIP messages (and keep-alives) at the head of buffer, and the rest. TCP and TLS are as long as each other,
    so Content-Length stays right."""
    out = b""
    while buffer:
        if buffer.startswith(b"\r\n"):
            out, buffer = out + b"\r\n", buffer[2:]
            continue
        head, sep, rest = buffer.partition(b"\r\n\r\n")
        if not sep:
            break
        m = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
        n = int(m[1]) if m else 0
        if len(rest) < n:
            break
        out, buffer = out + head + sep + rest[:n], rest[n:]
    return out, buffer


def call_out(plain, server, ctx):
    try:
        tls = ctx.wrap_socket(socket.create_connection(server, 5))
    except OSError as e:
        print("refused:", e, flush=True)
        plain.close()
        return
    carry(plain, tls)


class Here:
    """What sip.Client asks of a host, in the namespace that this runs in."""

    def connect(self, addr, port, timeout=5.0):
        return socket.create_connection((addr, port), timeout)


def be_called(port, server, ctx, user, password, domain):
    b = Bundle("", "", "", user, password, domain, *server)
    c = sip.Client(Here(), b, ctx=ctx).open()
    r = c.register()
    if r.code != 200:
        sys.exit(f"login: {r.start}")
    plain = socket.create_connection(("127.0.0.1", port), 5)
    print("ready", flush=True)
    carry(plain, c.sock)


def carry(plain, tls):
    plain.settimeout(5)
    sel = selectors.DefaultSelector()
    for s in (plain, tls):
        sel.register(s, selectors.EVENT_READ)
    held = {plain: b"", tls: b""}
    try:
        while True:
            for key, _ in sel.select(60):
                s = key.fileobj
                if s is tls:
                    tls.setblocking(False)
                try:
                    data = s.recv(65536)
                except ssl.SSLWantReadError:        # a ticket or half a record
                    continue
                finally:
                    tls.settimeout(5)
                while s is tls and tls.pending():
                    data += tls.recv(65536)
                if not data or len(held[s]) > BUFFER_MAX:
                    return
                whole, held[s] = messages(held[s] + data)
                if s is plain:
                    tls.sendall(outward(whole))
                else:
                    plain.sendall(inward(whole))
    except OSError as e:
        print("ended:", e, flush=True)
    finally:
        plain.close()
        tls.close()


def main(port, addr, server_port, cert, key, *login):
    ctx = sip.context(cert, key)
    server = addr, int(server_port)
    if login:
        be_called(int(port), server, ctx, *login)
        return
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=64)
    print("ready", flush=True)
    while True:
        plain, _ = listener.accept()
        threading.Thread(target=call_out, args=(plain, server, ctx), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
