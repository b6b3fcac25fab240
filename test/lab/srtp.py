# SPDX-License-Identifier: ISC
"""SRTP of one stream each way (RFC 3711, AES_CM_128_HMAC_SHA1_80), for scripted clients whose media end in the exchange."""
import base64
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

TAG_LEN = 10


def fresh_key():
    """What stands after "inline:" in an SDP."""
    return base64.b64encode(os.urandom(30)).decode()


def offered(sdp):
    """(tag, key) of the line of the suite that is known here. An answer takes the tag of the line that it takes (RFC 4568 5.1.2)."""
    line = next(x for x in sdp.splitlines() if x.startswith("a=crypto:") and "AES_CM_128_HMAC_SHA1_80" in x)
    return line.split(":")[1].split()[0], line.split("inline:")[1].split("|")[0].split()[0]


def aes_ctr(key, iv, data):
    c = Cipher(algorithms.AES(key), modes.CTR(iv.to_bytes(16, "big"))).encryptor()
    return c.update(data) + c.finalize()


class Stream:
    """One direction. Packets without an extension or contributing sources, as all here are."""

    def __init__(self, key):
        octets = base64.b64decode(key)
        master, salt = octets[:16], int.from_bytes(octets[16:], "big")
        derive = lambda label, n: aes_ctr(master, (salt ^ label << 48) << 16, bytes(n))    # noqa: E731, RFC 3711 4.3.1
        self.key, self.auth, self.salt = derive(0, 16), derive(1, 20), int.from_bytes(derive(2, 14), "big")
        self.roc, self.last = 0, None

    def _roc(self, seq):
        """RFC 3711, appendix A, for a stream that loses less than half of its numbers at once."""
        if self.last is None:
            self.last = seq
        roc = self.roc + (seq < self.last - 32768) - (seq > self.last + 32768)
        if roc * 65536 + seq > self.roc * 65536 + self.last:
            self.roc, self.last = roc, seq
        return max(0, roc)

    def _crypt(self, head, payload, roc):
        index = roc << 16 | int.from_bytes(head[2:4], "big")
        return aes_ctr(self.key, self.salt << 16 ^ int.from_bytes(head[8:12], "big") << 64 ^ index << 16, payload)

    def _tag(self, packet, roc):
        return hmac.new(self.auth, packet + roc.to_bytes(4, "big"), hashlib.sha1).digest()[:TAG_LEN]

    def protect(self, packet):
        roc = self._roc(int.from_bytes(packet[2:4], "big"))
        out = packet[:12] + self._crypt(packet, packet[12:], roc)
        return out + self._tag(out, roc)

    def open(self, packet):
        """The RTP packet; None if it is not from whoever has the key."""
        body, tag = packet[:-TAG_LEN], packet[-TAG_LEN:]
        roc = self._roc(int.from_bytes(packet[2:4], "big"))
        if len(body) < 12 or self._tag(body, roc) != tag:
            return None
        return body[:12] + self._crypt(body, body[12:], roc)
