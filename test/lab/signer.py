# SPDX-License-Identifier: ISC
"""A provider that signs for its callers (RFC 8224, RFC 8225, RFC 8588), by openssl."""
import base64
import json
import subprocess
import time

import net

URL = "https://cert.provider.test/stir.pem"


def b64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def compact(members):
    """RFC 8225 9: sorted, no white space."""
    return b64url(json.dumps(members, sort_keys=True, separators=(",", ":")).encode())


def _integers(der):
    """r and s of an ECDSA signature, 32 octets each."""
    out, at = b"", 2
    for _ in range(2):
        n = der[at + 1]
        out += der[at + 2:at + 2 + n].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + n
    return out


class Signer:
    def __init__(self, authority, name, first, count):
        """Its certificate is for `count` numbers from `first` on (RFC 8226 9)."""
        ext = [f"1.3.6.1.5.5.7.1.26=ASN1:SEQUENCE:list\n[list]\nentry=EXPLICIT:1,SEQUENCE:range\n[range]\n"
               f"start=IA5:{first}\ncount=INTEGER:{count}"]
        self.cert, self.key = authority.issue(name, usage=None, more=ext)

    def identity(self, caller, called, *, iat=None, attest="A", key=None, alg="ES256", url=URL):
        header = {"alg": alg, "typ": "passport", "ppt": "shaken", "x5u": url}
        claims = {"attest": attest, "dest": {"tn": [called.lstrip("+")]}, "iat": int(time.time() if iat is None else iat),
                  "orig": {"tn": caller.lstrip("+")}, "origid": f"{time.monotonic_ns():032x}"}
        text = compact(header) + "." + compact(claims)
        der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key or self.key], input=text.encode(), capture_output=True, check=True)
        return f"Identity: {text}.{b64url(_integers(der.stdout))};info=<{url}>;alg={alg};ppt=\"shaken\"\r\n"


def other_key(path):
    net.sh("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
    return path
