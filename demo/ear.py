# SPDX-License-Identifier: ISC
"""What a listener can make of captured packets: words, speech, and how much they look like noise.

Each way of reading is tried on something clear as well, so that finding nothing means something.
"""
import bisect
import math
from collections import Counter

import audio
import capture

FRAME = 160             # octets of G.711 in 20 ms
KINDS = {"tls": "signalling, inside TLS", "keying": "key exchange of the phones (DTLS)", "speech": "speech (SRTP)",
         "report": "reports about the speech (RTCP)", "empty": "TCP without content", "other": "others"}


def sort(packets):
    """{kind: [packets]}, in the order of KINDS."""
    got = {k: [] for k in KINDS}
    for p in packets:
        if p.proto == 6:
            got["tls" if p.payload[:1] in b"\x14\x15\x16\x17" and p.payload else "other" if p.payload else "empty"].append(p)
        else:
            kind = capture.kind(p.payload)
            got[{"rtp": "speech", "rtcp": "report", "dtls": "keying"}.get(kind, "other")].append(p)
    return got


def words(data, wanted):
    """How often the words occur, capital or small."""
    data = data.lower()
    return sum(data.count(w.lower().encode()) for w in wanted)


def _ulaw_value(octet):
    """ITU-T G.711 table 2a, as a 16-bit sample."""
    u = ~octet & 0xff
    magnitude = (((u & 15) << 3) + 0x84 << (u >> 4 & 7)) - 0x84
    return -magnitude if u & 0x80 else magnitude


ULAW = [_ulaw_value(o) for o in range(256)]
_by_value = sorted((v, o) for o, v in enumerate(ULAW))
_values = [v for v, _ in _by_value]


def ulaw(samples):
    """Clear G.711 of these samples: what a phone without encryption sends."""
    return bytes(_by_value[min(bisect.bisect_left(_values, s), 255)][1] for s in samples)


def play(octets, rate=8000):
    """The share of 50 ms blocks in which some tone of the phones is heard when the octets are played as G.711."""
    n = rate * audio.BLOCK_MS // 1000
    blocks = [[ULAW[o] for o in octets[at:at + n]] for at in range(0, len(octets) - n + 1, n)]
    heard = [b for b in blocks if max(audio.goertzel(b, hz, rate) for hz in audio.TONES.values()) >= audio.SHARE_MIN]
    return len(heard) / len(blocks) if blocks else 0.0


def speech(packets):
    """Per stream what stands where G.711 would: the octets behind the RTP header, without the tag."""
    return {k: b"".join(p.payload[capture.rtp_header_len(p.payload):][:FRAME] for p in v)
            for k, v in capture.streams(packets).items()}


def entropy(octets):
    """Bits of each octet that cannot be guessed from how often each value occurs; 8 is noise."""
    n = len(octets)
    return -sum(c / n * math.log2(c / n) for c in Counter(octets).values()) if n else 0.0
