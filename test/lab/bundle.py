# SPDX-License-Identifier: ISC
"""What a phone is given: the site's CA, its device certificate and key, a login, and where the exchange is."""
from dataclasses import dataclass


@dataclass
class Bundle:
    ca: str             # PEM files
    cert: str
    key: str
    user: str
    password: str
    domain: str
    server: str         # address, v4 or v6, or a name
    port: int = 5061

    def host_port(self):
        return f"[{self.server}]:{self.port}" if ":" in self.server else f"{self.server}:{self.port}"
