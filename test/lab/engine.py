# SPDX-License-Identifier: ISC
"""What relays: programs in the kernel at tc or XDP, or media's own sockets. The same is asked of each; this file knows what each counts
where, and how it is had."""
import os
import time

import net

# Before Linux 6.3 nobody tells whether the far end of a veth takes what XDP sends, so that the exchange has tc there; at a card it has XDP.
TOLD = [int(n) for n in os.uname().release.split(".")[:2]] >= [6, 3]
KERNEL = ("xdp",) if net.CARDS else ("tc", "xdp") if TOLD else ("tc",)
ALL = (*KERNEL, "sockets")
DROPS = ("stranger", "gate-shut", "shape", "policed", "nowhere")


class Engine:
    def __init__(self, name, lab, exchange, people):
        self.name, self.x = name, exchange
        self.kernel = name in KERNEL
        people.drop()               # which would look for an exchange that was started anew for a minute
        if exchange.kernel != self.kernel:
            exchange.pin_kernel(self.kernel)
        if self.kernel:
            if not net.CARDS:
                net.receives_by_napi(lab.switch, lab.exchange.port, name == "xdp")
            net.wait_for(f"{name} at eth-voice", lambda: exchange.counter(f"relay-eth-voice-{name}") == 2, 12, step=0.3)

    def counts(self):
        """What this engine passed on, and what the other did that media has."""
        sockets, kernel = self.x.counter("passed"), self.x.counter("kernel-passed")
        return (kernel, sockets) if self.kernel else (sockets, kernel)

    def counted_since(self, before, seconds=2.0):
        time.sleep(seconds + 1.1)       # media reads the kernel's counts once a second
        after = self.counts()
        return after[0] - before[0], after[1] - before[1]

    def passed(self):
        return self.counts()[0]

    def dropped_by_sockets(self, *why):
        return sum(self.x.counter(f"dropped-{w}") for w in why or DROPS)

    def dropped(self):
        return self.x.counter("kernel-dropped") if self.kernel else self.dropped_by_sockets()

    def dropped_banned(self):
        """nftables comes after the programs, and before sockets once the ban is there too."""
        return self.x.counter("dropped-banned") + (0 if self.kernel else self.x.counter("dropped-by-nftables"))

    def wait_flows(self, *wanted):
        """Ports that the kernel relays; sockets are had by calls, as a whole."""
        if self.kernel:
            net.wait_for(f"{wanted} flows in the kernel", lambda: self.x.counter("kernel-flows") in wanted, 5, step=0.2)
        else:
            net.wait_for("the call at media" if any(wanted) else "no call at media",
                         lambda: self.x.counter("relays") == any(wanted) and not self.x.counter("kernel-flows"), 5, step=0.2)

    def programs(self):
        """Of this exchange at the ingress of its interfaces."""
        return self.x.host.run("tc", "filter", "show", "dev", "eth-voice", "ingress").stdout.count("relay_tc:[")
