# SPDX-License-Identifier: ISC
"""A real baresip started from the directory that `ringfence phone enrol --kind baresip` wrote.

Microphone and loudspeaker are replaced: the phone says a tone and records what it hears. It is driven over its own
control port, and speaks G.711, the code that is easiest to overhear.
"""
import re

import audio
from baresip import Baresip

LAB = """net_interface {dev}
audio_source aufile,{wav}
audio_player aubridge,sink
audio_alert aubridge,alert
ausrc_srate 8000
auplay_srate 8000
module aufile.so
module aubridge.so
module sndfile.so
module_app ctrl_tcp.so
snd_path {rec}
ctrl_tcp_listen 127.0.0.1:{control}
"""
REPLACED = re.compile(r"^(audio_(source|player|alert)|module (alsa|stdio|opus)\.so|module_app contact\.so)")


class Enrolled(Baresip):
    def write(self):
        with open(f"{self.where}/config") as f:
            kept = [line for line in f.read().splitlines() if not REPLACED.match(line)]
        lab = LAB.format(dev=self.host.dev, wav=self.wav, rec=self.rec, control=self.control).splitlines()
        own = [x for x in kept if x.startswith("module_app")]
        with open(f"{self.where}/config", "w") as f:
            f.write("\n".join([x for x in kept if x not in own] + lab + own) + "\n")
        with open(f"{self.where}/accounts") as f:
            accounts = re.sub(r"audio_codecs=[^;\n]*", "audio_codecs=PCMU", f.read())
        with open(f"{self.where}/accounts", "w") as f:
            f.write(accounts)

    def heard(self):
        """Seconds of each tone, silence and other noise that it recorded since forget()."""
        return audio.total(self.recordings())
