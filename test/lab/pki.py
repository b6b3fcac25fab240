# SPDX-License-Identifier: ISC
"""Certificates for the lab, by openssl: the stand-in's site, and the wrong ones that an exchange must refuse."""
import os
import ssl

import net


class Authority:
    """A CA of P-256 in a directory of its own. `cert` is its certificate file."""

    def __init__(self, where, name="lab CA"):
        os.makedirs(where, exist_ok=True)
        self.where, self.cert, self.key = where, f"{where}/ca.crt", f"{where}/ca.key"
        if not os.path.exists(self.cert):
            _key(self.key)
            net.sh("openssl", "req", "-x509", "-new", "-key", self.key, "-out", self.cert, "-days", "30",
                   "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, name, *, names=(), usage="clientAuth", days=7, start=None, end=None, more=()):
        """A certificate and its key; the two paths. start and end as YYYYMMDDHHMMSSZ for one in the past."""
        base = f"{self.where}/{name}"
        _key(f"{base}.key")
        net.sh("openssl", "req", "-new", "-key", f"{base}.key", "-out", f"{base}.csr", "-subj", f"/CN={name}")
        ext = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"]
        if usage:
            ext.append(f"extendedKeyUsage={usage}")
        if names:
            ext.append("subjectAltName=" + ",".join(names))
        ext.extend(more)
        _write(f"{base}.ext", "\n".join(ext) + "\n")
        if start is None:
            net.sh("openssl", "x509", "-req", "-in", f"{base}.csr", "-CA", self.cert, "-CAkey", self.key,
                   "-CAcreateserial", "-days", str(days), "-extfile", f"{base}.ext", "-out", f"{base}.crt")
        else:
            self._issue_dated(base, start, end)
        return f"{base}.crt", f"{base}.key"

    def _issue_dated(self, base, start, end):
        """`openssl x509` cannot set a start in the past, `openssl ca` can."""
        d = f"{base}.ca"
        os.makedirs(d, exist_ok=True)
        _write(f"{d}/index.txt", "")
        _write(f"{d}/serial", "1000\n")
        _write(f"{d}/conf", "[ca]\ndefault_ca=d\n[d]\n" f"database={d}/index.txt\nserial={d}/serial\n"
               f"new_certs_dir={d}\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
        net.sh("openssl", "ca", "-batch", "-notext", "-config", f"{d}/conf", "-cert", self.cert, "-keyfile", self.key,
               "-in", f"{base}.csr", "-out", f"{base}.crt", "-startdate", start, "-enddate", end,
               "-extfile", f"{base}.ext")


def key_and_request(where, subject="/CN=lab"):
    """A device's key file and its PKCS#10 request (PEM octets), as `phone enrol` makes them."""
    os.makedirs(where, exist_ok=True)
    key = f"{where}/phone.key"
    _key(key)
    return key, net.sh("openssl", "req", "-new", "-key", key, "-subj", subject).stdout.encode()


def write_pem(path, der):
    _write(path, ssl.DER_cert_to_PEM_cert(der))


def _key(path):
    net.sh("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
    net.sh("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", path, "-out", path + ".8")
    os.replace(path + ".8", path)


def _write(path, text):
    with open(path, "w") as f:
        f.write(text)
