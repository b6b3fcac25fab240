# SPDX-License-Identifier: ISC
"""bench/all: every form of output of the benchmarks is read, and the table in results.md is rewritten without touching what is around it."""
import argparse
import importlib.machinery
import importlib.util
import pathlib
import sys
import time

import pytest

sys.dont_write_bytecode = True
PATH = str(pathlib.Path(__file__).resolve().parents[2] / 'bench/all')
RELAY = str(pathlib.Path(PATH).with_name('relay') / 'run')


def module(name, path):
    loader = importlib.machinery.SourceFileLoader(name, path)
    made = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(made)
    return made


bench = module('bench_all', PATH)
sys.path.insert(0, str(pathlib.Path(RELAY).parent))
relay = module('bench_relay_run', RELAY)

SERVERS = '''| what | unit | ringfence | kamailio | ratio | met (<= 1.0) |
|---|---|---|---|---|---|
| a phone, logged in and idle | kB | 14.0 | 62.1 | 0.22 | yes |
| call@500 | us CPU | - | 1,374.0 | - | - |

| scenario | ringfence per s | p50 / p99 us | failed | kamailio per s | p50 / p99 us | failed |
|---|---|---|---|---|---|---|
| connect | 977 | 25,090 / 49,342 | 0 | 487 | 55,161 / 107,573 | 0 |
'''
RATES = '''| packets per s | ringfence ns CPU | rtpengine ns CPU | ratio | met (<= 0.5) | ringfence lost | p50 / p99 us | rtpengine lost | p50 / p99 us |
|---|---|---|---|---|---|---|---|---|
| 25,000 | 3,694 | 20,141 | 0.18 | yes | 0 | 612 / 1,359 | 0 | 117 / 12,169 |
'''
ENGINES = '''| engine | ns CPU | rtpengine ns CPU | ratio | budget | met | lost |
|---|---|---|---|---|---|---|
| xdp | 140 | 5,600 | 1/40.0 | 1/35 and 150 ns | yes | 1,200 |
| tc | - | - | - | 1/9 | not measured: chrt -f is refused | - |

| 4,000 flows at once, programs alone | packets | a second | lost | p50 us | p99 us | budget | met |
|---|---|---|---|---|---|---|---|
| tc | 1,000,000 | 199,998 | 3 | 22 | 190 | none lost, p99 < 1,000 us | no |
'''
CALLS = '''| 2,000 calls at once | packets | a second | lost | p50 us | p99 us | budget | met |
|---|---|---|---|---|---|---|---|
| xdp | 2,000,000 | 199,998 | 0 | 38 | 94 | none lost, p99 < 1,000 us | yes |
| rtpengine | 1,122,730 | 112,273 | 808,635 | over 262,143 | over 262,143 | - | - |
| no relay, xdp | 2,000,000 | 199,998 | 294 | 20 | 61 | - | - |
'''
AUDIT = '''ringfence audit, 200 streams            131 ns a packet    7.63 million a second     10 MB
tshark, the same capture               6646 ns a packet    0.15 million a second    708 MB
51 times faster (at least 20): yes
10000 calls                             171 ns a packet    5.85 million a second     26 MB
64 MB at most: yes
'''
SRTP = 'AEAD_AES_128_GCM streams=100 seal_ns=169 open_ns=274 context_bytes=5776\n'


@pytest.mark.parametrize('read, text, rows', [
    (bench.of_servers, SERVERS, [('a phone, logged in and idle, kB', '14.0', '62.1', '0.225', '<= 1.0', 'yes'),
                                 ('call@500, us CPU', '-', '1,374.0', '-', '<= 1.0', 'not measured: one of them failed or lost too many')]),
    (bench.of_relay, RATES, [('25,000/s, ns', '3,694', '20,141', '0.183', '<= 0.5', 'yes')]),
    (bench.of_relay, ENGINES, [('xdp, ns', '140 (1,200 lost)', '5,600', '0.025', '1/35 and 150 ns', 'yes'),
                               ('tc, ns', '-', '-', '-', '1/9', 'not measured: chrt -f is refused'),
                               ('tc, 4,000 flows at once, programs alone, p99 us', '190 (3 lost at 199,998/s)', '-', '-', 'none lost, p99 < 1,000 us', 'no')]),
    (bench.of_calls, CALLS, [('xdp, p99 us', '94 (0 of 2,000,000 lost at 199,998/s, p50 38)',
                              'over 262,143 (808,635 of 1,122,730 lost at 112,273/s, p50 over 262,143)', '0.000359', 'none lost, p99 < 1,000 us', 'yes'),
                             ('no relay, xdp, p99 us', '61 (294 of 2,000,000 lost at 199,998/s, p50 20)', '-', '-', '-', '-')]),
    (bench.of_audit, AUDIT, [('a packet, ns', '131', '6646', '0.0197', '<= 1/20', 'yes'), ('10,000 calls, MB', '26', '-', '-', '<= 64', 'yes')]),
    (bench.of_srtp, SRTP, [('AEAD_AES_128_GCM, seal, ns', '169', '-', '-', '<= 200', 'yes'),
                           ('AEAD_AES_128_GCM, open, ns', '274', '-', '-', '<= 200', 'no')]),
], ids=['servers', 'rates', 'engines', 'calls', 'audit', 'srtp'])
def test_each_form_is_read(read, text, rows):
    assert list(read(text)) == rows


def test_what_says_nothing_is_not_measured(monkeypatch):
    monkeypatch.setitem(bench.MEASURED, 'audit', (['echo', 'no tshark'], bench.of_audit, 10))
    monkeypatch.setitem(bench.MEASURED, 'srtp', (['true'], bench.of_srtp, 10))
    assert [bench.measure(name)[0][-1] for name in ('audit', 'srtp')] == ['not measured: no tshark', 'not measured: nothing was measured']


def test_what_was_lost_is_said():
    runs = [dict(sent=4000, relayed=4000), dict(sent=4000, relayed=3970)]
    peer = dict(cpu_ns_per_packet=5600)
    assert relay.engine_row('xdp', 140, peer, relay.not_relayed(runs)).endswith('| yes | 30 |')
    assert relay.engine_row('xdp', None, peer, relay.not_relayed([]), 'not measured: why').endswith('| not measured: why | - |')


def test_without_its_cpu_the_kernel_is_not_measured(monkeypatch, capsys):
    line = dict(wanted_per_s=40000, cpu_share=0.5, sent=100, received=100, send_ns_per_packet=900, arrival_ns_per_packet=100, cpu_ns_per_packet=5000)
    monkeypatch.setattr(relay, 'fifo', list)
    monkeypatch.setattr(relay, 'sockets', lambda *_: [dict(line)])
    monkeypatch.setattr(relay, 'in_kernel', lambda _, engine, flows, *paced: dict(sent=9, per_s=200000, lost=2, p50_us=1, p99_us=2) if paced else 1 / 0)
    relay.kernel(argparse.Namespace(rates=[40000], repeats=2, flows=2000, seconds=1))
    assert [r[-1] for r in bench.of_relay(capsys.readouterr().out)] == ['not measured: chrt -f is refused'] * 2 + ['no'] * 3


def test_time_is_bounded(monkeypatch):
    monkeypatch.setitem(bench.MEASURED, 'srtp', (['sh', '-c', 'sleep 300; echo never'], bench.of_srtp, 0.2))
    start = time.monotonic()
    assert bench.measure('srtp')[0][-1] == 'not measured: over its time of 0.2 s'
    assert time.monotonic() - start < 100


def test_the_table_is_rewritten_in_its_place():
    text = f'# Measured\n{bench.BEGIN}\n{bench.END}\n\n## The rest\n| by | hand |\n'
    one = [('srtp', 'x', '1', '2', '0.5', '<= 1', 'yes', 'a day')]
    other = [('calls', 'y', '3', '2', '1.5', '<= 1', 'no', 'another')]
    text = bench.rewritten(bench.rewritten(text, one, 'A machine.'), other, 'A machine.')
    again = [('srtp', 'x', '4', '2', '2', '<= 1', 'no', 'a third')]
    text = bench.rewritten(text, again, 'Another machine.')
    assert text.startswith(f'# Measured\n{bench.BEGIN}\nAnother machine.\n\n| bench |') and text.endswith('\n\n## The rest\n| by | hand |\n')
    rows = [tuple(r.values()) for r in bench.tables(text.partition(bench.END)[0])]
    assert [r for r in rows if r[0] in ('calls', 'srtp')] == other + again
    assert [r[0] for r in rows] == list(bench.MEASURED)     # each has a row
    assert {r[6] for r in rows if r[0] not in ('calls', 'srtp')} == {'not measured: it has not been run'}
    assert bench.rewritten(text, [], 'Another machine.') == text
    with pytest.raises(ValueError):
        bench.rewritten('no marks', one, '')


def test_results_has_its_marks():
    text = bench.RESULTS.read_text()
    assert text.count(bench.BEGIN) == text.count(bench.END) == 1
    assert 'processors' in bench.machine()
