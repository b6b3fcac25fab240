# SPDX-License-Identifier: ISC
"""R24: `ringfence audit` from end to end: files, standard input, text, JSON, exit status, the cage, memory."""
import array
import json
import math
import operator
import os
import pathlib
import re
import resource
import shutil
import subprocess
import time
import wave
from html.parser import HTMLParser

import pytest

BUILD = pathlib.Path(os.environ['RINGFENCE_BUILD'])
COMMAND = BUILD / 'cmd/ringfence'
PROGRAM = BUILD / 'proc/audit/ringfence-audit'


def audit(*args, **more):
    return subprocess.run([COMMAND, '--site', '/nonexistent', 'audit', *args], capture_output=True, text=True, timeout=60,
                          **({'stdin': subprocess.DEVNULL} | more))


@pytest.fixture(scope='module')
def captures(tmp_path_factory):
    """{scene: (path, calls, open)}"""
    folder = tmp_path_factory.mktemp('audit')
    said = subprocess.run([BUILD / 'test/unit/audit_test', '--write', folder], capture_output=True, text=True, check=True).stdout
    rows = [line.split('\t') for line in said.splitlines()]
    assert len(rows) > 40
    return {pathlib.Path(path).stem: (path, int(calls), int(is_open)) for path, calls, is_open in rows}


def lines(p):
    out = [json.loads(line) for line in p.stdout.splitlines()]
    assert out[-1] == {'kind': 'done', 'result': 'ok'}
    return out


def of(kind, p):
    return [line for line in lines(p) if line['kind'] == kind]


def test_first_line_and_exit_status(captures):
    """Of each fourth scene; audit_test judges all."""
    for name, (path, calls, is_open) in list(captures.items())[::4]:
        p = audit(path)
        first = p.stdout.splitlines()[0]
        assert first == f'{is_open} of {calls} calls are open to eavesdropping', name
        assert p.returncode == (4 if is_open else 0) and not p.stderr, name


def test_json(captures):
    path = captures['SDES in clear signalling'][0]
    p = audit('--json', path)
    assert p.returncode == 4
    [summary] = of('audit', p)
    assert summary['calls'] == summary['open'] == 1 and summary['version'] == 1
    [call] = of('call', p)
    assert call['from'] == '101' and call['to'] == '102' and call['grade'] == 'open'
    assert {'is': 'sdes-readable'} in call['why'] and call['legs'][0]['keys'] == 'sdes' and call['legs'][0]['codec'] == 'PCMU'
    phones = of('phone', p)
    assert {x['address'] for x in phones} == {'10.0.0.11', '10.0.0.12'} and 'SRTP' in phones[0]['remedy']
    [gave] = of('signalling', p)
    assert gave['numbers'] == 2 and gave['who_calls_whom'] == 1


def test_what_signalling_gives_away(captures):
    p = audit('--json', captures['registration'][0])
    assert p.returncode == 0
    [gave] = of('signalling', p)
    assert gave['messages'] == 3 and gave['registrations'] == 2 and gave['digests'] == 2 and gave['digest_logins'] == 1
    assert gave['digest_weakest'] == 'MD5' and gave['numbers'] == 2 and gave['names'] == 1 and gave['inside_addresses'] == 2
    assert 'the weakest under MD5' in audit(captures['registration'][0]).stdout


def test_a_leg_of_each_server(captures):
    [call] = of('call', audit('--json', captures['server, clear behind it'][0]))
    assert [(x['grade'], x['keys']) for x in call['legs']] == [('server', 'dtls'), ('open', 'none')]
    assert {x['address'] for x in of('phone', audit('--json', captures['server, clear behind it'][0]))} == {'10.0.0.12'}


def test_web_phones(captures):
    p = audit('--json', captures['SIP in a WebSocket'][0])
    [call], [gave] = of('call', p), of('signalling', p)
    assert call['legs'][0]['signalling'] == 'ws' and call['from'] == '101' and gave['websockets'] == 1 and gave['messages'] == 6
    [other] = of('other', audit('--json', captures['WebSocket over TLS'][0]))
    assert other == {'kind': 'other', 'what': 'wss', 'packets': 2}
    assert 'WSS (web phones)' in audit(captures['WebSocket over TLS'][0]).stdout


def test_beside_the_speech(captures):
    [beside] = of('beside', audit('--json', captures['RTCP in clear beside SRTP'][0]))
    assert beside == {'kind': 'beside', 'stun': 0, 'ice_checks': 0, 'rtcp': 10, 'rtcp_clear': 10, 'cnames': 1}
    [beside] = of('beside', audit('--json', captures['SRTCP beside SRTP'][0]))
    assert beside['rtcp'] == 10 and beside['rtcp_clear'] == beside['cnames'] == 0
    [beside] = of('beside', audit('--json', captures['WebSocket over TLS'][0]))
    assert beside['stun'] == beside['ice_checks'] == 1 and beside['rtcp'] == 0
    text = audit('--all', captures['RTCP in clear on the next port'][0]).stdout
    assert 'reports beside encrypted speech (RTCP) name who speaks' in text and '1  names of those who speak' in text


def test_keys_are_not_said(captures):
    for name in ('SDES in clear signalling', 'SDES without media'):
        p = audit('--json', '--graph', captures[name][0])
        assert 'AAECAwQF' not in p.stdout and '000102030405' not in p.stdout


# What stands in the captures, and names people, places or makes; the last one is what is advised for one make.
PLANTED = (r'\b10[12]\b', 'Anna', r'10\.0\.0\.', r'\bfd00:', 'example', 'Yealink', 'SIP-T46G', r'28\.83', 'Asterisk', 'Anna-and-Bob', 'Compulsory')


def test_anonymised(captures, tmp_path):
    """Text, JSON and page, with the graph and several captures."""
    paths = []
    for i, name in enumerate(('plain', 'server, clear behind it', 'registration', 'IPv6')):
        paths.append(tmp_path / f'Anna-and-Bob-{i}.pcap')
        paths[-1].write_bytes(pathlib.Path(captures[name][0]).read_bytes())
    page = tmp_path / 'page.html'
    for more in ([], ['--json'], ['--html', page]):
        said = {}
        for hide in ([], ['--anonymise']):
            p = audit(*hide, '--graph', '--all', *more, *paths)
            assert p.returncode == 4 and not p.stderr
            said[bool(hide)] = page.read_text() if '--html' in more else p.stdout
        shown = [x for x in PLANTED if re.search(x, said[False])]
        assert len(shown) >= 6, shown  # they would be found
        assert not [x for x in PLANTED if re.search(x, said[True])]
        tokens = set(re.findall(r'\b([nad])-[0-9a-f]{10}\b', said[True]))
        assert tokens >= {'n', 'a', 'd'}
    one, other = (re.findall(r'n-[0-9a-f]{10}', audit('--anonymise', '--graph', paths[0]).stdout) for _ in range(2))
    assert len(set(one)) == 2 and not set(one) & set(other)


def sound(captures, name, tmp_path):
    out = tmp_path / f'{name}.wav'
    p = audit('--prove', '1', '--sound', out, captures[name][0])
    assert p.returncode == 4 and not p.stderr and out.stat().st_mode & 0o777 == 0o600, p.stderr
    with wave.open(str(out)) as w:
        assert (w.getnchannels(), w.getframerate(), w.getsampwidth()) == (2, 8000, 2)
        return w.readframes(w.getnframes())


def test_open_calls_can_be_heard(captures, tmp_path):
    """The same was said in clear and under keys that anyone could read."""
    plain = sound(captures, 'plain', tmp_path)
    assert 15900 * 4 < len(plain) < 16400 * 4
    left, right = plain[0::4] + plain[1::4], plain[2::4] + plain[3::4]
    assert left.count(0) < len(left) / 2 and right.count(0) < len(right) / 2 and left != right
    assert sound(captures, 'SDES in clear signalling', tmp_path) == plain
    assert sound(captures, 'SDES with tags of 32 bits', tmp_path) == plain


TONES = (1000, 440)  # of Bob and Alice: the second channel is that of the lower address


def share(samples, hz):
    """How much of the power is in that tone: the correlation with it, whatever its phase."""
    angles = [2 * math.pi * hz * i / 8000 for i in range(len(samples))]
    c, s = sum(map(operator.mul, samples, map(math.cos, angles))), sum(map(operator.mul, samples, map(math.sin, angles)))
    return 2 * (c * c + s * s) / len(samples) / sum(x * x for x in samples)


@pytest.mark.parametrize('codec', ['PCMU', 'PCMA', 'G.722', 'Opus', 'G.722 under SDES', 'Opus under SDES'])
def test_what_was_said_is_heard(captures, tmp_path, codec):
    data = array.array('h', sound(captures, f'said in {codec}', tmp_path))
    assert 23500 * 2 < len(data) < 24500 * 2  # three seconds of both
    for channel, hz in enumerate(TONES):
        heard = data[channel + 8000:-8000:2]
        assert share(heard, hz) > 0.95 and share(heard, TONES[not channel]) < 0.01
        assert 4000 < max(heard) < 16000


def test_what_cannot_be_heard(captures, tmp_path):
    for name in ('DTLS', 'SDES whose keys do not fit', 'agreed in clear, without media', 'no telephony'):
        out = tmp_path / 'none.wav'
        p = audit('--prove', '1', '--sound', out, captures[name][0])
        assert 'no sound was written' in p.stderr and not out.exists(), name
    there = tmp_path / 'there.wav'
    there.write_text('mine')
    p = audit('--prove', '1', '--sound', there, captures['plain'][0])
    assert p.returncode == 1 and there.read_text() == 'mine'
    for wrong in (['--prove', '1', '-'], ['--prove', 'x', '--sound', tmp_path / 'y', captures['plain'][0]],
                  ['--prove', '1', '--sound', tmp_path / 'y', captures['plain'][0], captures['DTLS'][0]]):
        assert audit(*wrong).returncode == 1


class Page(HTMLParser):
    """Every element that is opened is closed in turn, and nothing comes from elsewhere."""
    VOID = {'meta', 'br', 'rect'}

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ''

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        assert tag not in ('script', 'img', 'link', 'iframe') and not {'src', 'href', 'onload'} & {k for k, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_page(captures, tmp_path):
    page, data = tmp_path / 'report.html', pathlib.Path(captures['plain'][0]).read_bytes()
    hostile = tmp_path / '<b>bad&.pcap'
    hostile.write_bytes(data.replace(b'Yealink', b'<script'))
    p = audit('--html', page, hostile, captures['DTLS'][0])
    assert p.returncode == 4 and p.stdout.startswith('1 of ')
    reader = Page()
    reader.feed(page.read_text())
    assert not reader.open and 'svg' in reader.seen and reader.seen.count('table') == 5
    assert p.stdout.splitlines()[0] in reader.text and '<script SIP-T46G' in reader.text and '<b>bad&.pcap' in reader.text
    assert page.stat().st_mode & 0o777 == 0o600
    p = audit('--html', '/nonexistent/x', captures['plain'][0])
    assert p.returncode == 1 and not p.stdout


def test_standard_input(captures):
    with open(captures['plain'][0], 'rb') as f:
        p = audit('-', stdin=f)
    assert p.stdout.startswith('1 of 1 calls') and p.returncode == 4


def test_a_pipe_that_gives_little_at_a_time(captures):
    data = pathlib.Path(captures['plain'][0]).read_bytes()
    p = subprocess.Popen([COMMAND, 'audit', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for at in range(0, len(data), 997):
        p.stdin.write(data[at:at + 997])
        p.stdin.flush()
    out = p.communicate(timeout=30)[0]
    assert out.startswith(b'1 of 1 calls') and p.returncode == 4


def test_several_files_show_a_trend(captures):
    p = audit('--json', captures['plain'][0], captures['busy'][0], captures['no telephony'][0])
    assert [x['calls'] for x in of('trend', p)] == [1, 0, 0]


def test_what_is_no_capture(tmp_path):
    text = tmp_path / 'text'
    text.write_text('no capture at all, but long enough for a header\n')
    p = audit(text)
    assert p.returncode == 1 and 'neither pcap nor pcapng' in p.stderr
    assert not p.stdout         # "0 of 0 calls are open" would be taken for good news
    p = audit('--json', text)
    assert p.returncode == 1 and '"result":"refused"' in p.stdout
    p = audit(tmp_path / 'none')
    assert p.returncode == 1 and 'No such file' in p.stderr
    for wrong in ([], ['--live', 'lo', text], ['--for', '3s', text], ['--live', 'lo', '--for', 'x']):
        assert audit(*wrong).returncode == 2
    p = audit('--live', 'nosuchdevice')
    assert p.returncode == 1 and 'nosuchdevice' in p.stderr


def test_one_of_several_that_is_no_capture_is_no_success(captures, tmp_path):
    """What could be read is judged and shown; that it was not all is said, in the page too"""
    text, page = tmp_path / 'text', tmp_path / 'page.html'
    text.write_text('no capture at all, but long enough for a header\n')
    p = audit('--html', page, captures['DTLS'][0], text)
    assert p.returncode == 1 and p.stdout.startswith('0 of 1 calls') and 'not every capture could be read' in p.stderr
    assert 'Captures that could not be read, or not to their end: 1.' in page.read_text()


def test_a_page_replaces_a_page_only_when_it_is_whole(captures, tmp_path):
    text, page = tmp_path / 'text', tmp_path / 'page.html'
    text.write_text('no capture at all, but long enough for a header\n')
    page.write_text('of last week')
    for wrong in (text, tmp_path / 'none'):
        assert audit('--html', page, wrong).returncode == 1 and page.read_text() == 'of last week'
    capture = tmp_path / 'calls.pcap'
    capture.write_bytes(pathlib.Path(captures['plain'][0]).read_bytes())
    before = capture.read_bytes()
    p = audit('--html', capture, capture)
    assert p.returncode == 1 and 'one of the captures' in p.stderr and capture.read_bytes() == before
    assert audit('--html', '/dev/null', capture).returncode == 4 and pathlib.Path('/dev/null').is_char_device()
    assert audit('--html', page, capture).returncode == 4 and 'open to eavesdropping' in page.read_text()
    assert page.stat().st_mode & 0o777 == 0o600 and len(list(tmp_path.iterdir())) == 3


def test_cut_in_the_middle_is_said_and_judged(captures, tmp_path):
    data = pathlib.Path(captures['plain'][0]).read_bytes()
    part = tmp_path / 'part.pcap'
    part.write_bytes(data[:len(data) - 777])
    p = audit(part)
    assert p.returncode == 4 and p.stdout.startswith('1 of 1') and 'ends in the middle' in p.stderr


def test_who_reads_captures_and_was_taken_says_nothing_to_the_terminal(tmp_path):
    """T39: a reader of somebody else's making, that says what no capture has: in text, JSON and page it is text, and numbers."""
    command, reader = tmp_path / 'cmd/ringfence', tmp_path / 'proc/audit/ringfence-audit'
    for x in (command, reader):
        x.parent.mkdir(parents=True)
    shutil.copy(COMMAND, command)
    most, bad = 2 ** 63 - 1, '\x9b31m\x7f\u202e<script>'
    said = [{'kind': 'audit', 'calls': most, 'open': most, 'nobody': most, 'server': -most, 'packets': -1, 'duration_ms': -1},
            {'kind': 'call', 'id': 1, 'grade': 'open', 'from': bad, 'to': bad, 'why': [{'is': bad}], 'start_ms': most},
            {'kind': 'phone', 'address': bad, 'number': bad, 'device': bad, 'remedy': bad, 'why': [{'is': bad}]},
            {'kind': 'trend', 'file': most, 'open': most, 'calls': 7}]
    (tmp_path / 'said').write_text(''.join(json.dumps(x, ensure_ascii=False) + '\n' for x in said))
    reader.write_text(f'#!/bin/sh\nexec cat {tmp_path}/said\n')
    reader.chmod(0o755)
    page, some = tmp_path / 'page.html', tmp_path / 'some.pcap'
    some.write_bytes(b'')
    for more in ([], ['--json'], ['--all', '--anonymise', '--html', page]):
        p = subprocess.run([command, 'audit', *more, some], capture_output=True, text=True, timeout=60)
        shown = p.stdout + p.stderr + (page.read_text() if page in more else '')
        assert 'script' in shown and not set('\x9b\x7f\u202e') & set(shown), more
    assert '<script' not in page.read_text() and not re.search('width="-|width="[0-9]{4}', page.read_text())


def test_hostile_text_stays_text(captures, tmp_path):
    data = pathlib.Path(captures['plain'][0]).read_bytes()
    bad = tmp_path / 'bad.pcap'
    bad.write_bytes(data.replace(b'Yealink', b'\x1b[2J\x07\xff\x80'[:7].ljust(7, b'x')))
    for more in ([], ['--json']):
        p = subprocess.run([COMMAND, 'audit', *more, bad], capture_output=True, timeout=30)
        assert p.returncode == 4 and b'\x1b' not in p.stdout and b'\x07' not in p.stdout
        p.stdout.decode()


def children_kb():
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def test_ten_thousand_calls_in_64_mb(tmp_path):
    """In the cage: what a large capture needs beyond a small one must be allowed there too."""
    big = tmp_path / 'big.pcap'
    subprocess.run([BUILD / 'test/unit/ringfence-audit-make', big, '400000', '10000'], check=True)
    code = ('import resource, subprocess, sys; '
            'p = subprocess.run(sys.argv[1:], capture_output=True); '
            'sys.stdout.write(p.stdout.decode().splitlines()[0] + "\\n"); '
            'print(p.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)')
    # meson has malloc() fill all that it gives, which touches tables to their ends
    env = {k: v for k, v in os.environ.items() if k != 'MALLOC_PERTURB_'}
    p = subprocess.run(['/usr/bin/python3', '-c', code, COMMAND, 'audit', big], capture_output=True, text=True, timeout=100, env=env)
    first, rest = p.stdout.splitlines()
    status, kb = map(int, rest.split())
    assert first == '10000 of 10000 calls are open to eavesdropping' and status == 4
    if not os.environ.get('ASAN_OPTIONS') and b'__asan_init' not in PROGRAM.read_bytes():
        assert kb < 64 * 1024


def test_the_cage_is_shut_before_the_first_octet():
    read, write = os.pipe()
    p = subprocess.Popen([PROGRAM, str(read)], pass_fds=[read], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        os.close(read)
        end = time.monotonic() + 20
        status = {}
        while status.get('Seccomp') != '2' and time.monotonic() < end:
            time.sleep(0.05)
            text = pathlib.Path(f'/proc/{p.pid}/status').read_text()
            status = dict(line.split(':\t', 1) for line in text.splitlines() if ':\t' in line)
        assert status['Seccomp'] == '2' and status['NoNewPrivs'] == '1'
        assert int(status['CapEff'], 16) == 0 or os.geteuid() != 0
        if os.geteuid() == 0:
            assert set(status['Uid'].split()) == {'65534'}
            assert '(deleted)' in os.readlink(f'/proc/{p.pid}/root')
    finally:
        os.close(write)
    assert p.wait(20) == 1  # an empty capture is none
    p.stdout.close()


def test_the_reader_alone_opens_nothing(tmp_path):
    """It reads descriptors, and words that are none end it."""
    p = subprocess.run([PROGRAM, '/etc/passwd'], capture_output=True, text=True, timeout=10)
    assert p.returncode == 2 and not p.stdout
    p = subprocess.run([PROGRAM, '60'], capture_output=True, text=True, timeout=10)
    assert p.returncode == 2
