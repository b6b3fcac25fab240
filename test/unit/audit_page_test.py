# SPDX-License-Identifier: ISC
"""R24: the page of `ringfence audit --html` in a browser: what it says, where its charts lie, and that it asks nobody for anything."""
import json
import re
import struct

import pytest

from audit_command_test import audit, captures  # noqa: F401 (a fixture)
from browser import Browser

WIDTHS = (400, 1200)
COLOURS = {'open': 'rgb(176, 0, 32)', 'unknown': 'rgb(158, 158, 158)', 'server': 'rgb(224, 161, 0)', 'nobody': 'rgb(46, 139, 69)'}
SCENES = ('plain', 'server, clear behind it', 'DTLS', 'SDES in clear signalling', 'encrypted, signalling unseen', 'digits', 'busy',
          'registration', 'keys offered, answered in clear', 'DTLS, clear before it')


def elsewhere(data, network):
    """The capture of the same calls between other hosts, a minute later each, under other Call-IDs."""
    out, at = bytearray(data[:24]), 24
    while at < len(data):
        seconds, fraction, n, wire = struct.unpack_from('<IIII', data, at)
        frame = bytearray(data[at + 16:at + 16 + n])
        frame[28] = frame[32] = network
        frame = frame.replace(b'10.0.0.', b'10.0.%d.' % network).replace(b'Call-ID: ', b'Call-ID: %d' % network)
        grown = len(frame) - n
        struct.pack_into('>H', frame, 16, struct.unpack_from('>H', frame, 16)[0] + grown)
        if frame[23] == 17:
            struct.pack_into('>H', frame, 38, struct.unpack_from('>H', frame, 38)[0] + grown)
        out += struct.pack('<IIII', seconds + 60 * network, fraction, n + grown, wire + grown) + frame
        at += 16 + n
    return bytes(out)


@pytest.fixture(scope='module')
def report(captures, tmp_path_factory):  # noqa: F811
    """(page, lines of JSON) of captures with calls of every grade, one of them with names that are none."""
    where = tmp_path_factory.mktemp('page')
    files = []
    for i, scene in enumerate(SCENES):
        data = elsewhere(open(captures[scene][0], 'rb').read(), i + 1)
        if scene == 'digits':
            data = data.replace(b'Yealink SIP-T46G 28.83.0.120', b'<img src=http://example.org>')
        files.append(where / f'{scene}.pcap')
        files[-1].write_bytes(data)
    files[-1] = files[-1].rename(where / ('averylongname' * 12 + '<b>&.pcap'))
    page = where / 'report.html'
    p = audit('--json', '--graph', '--html', page, *files)
    assert p.returncode == 4 and not p.stderr
    return page, [json.loads(x) for x in p.stdout.splitlines()]


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp('browser') / 'chromium') as b:
        yield b
    assert not b.processes()


def of(kind, lines):
    return [x for x in lines if x['kind'] == kind]


def has_form(seen):
    """Nothing sticks out or fails, and nobody was asked."""
    assert not seen['outside'] and seen['scroll'] <= seen['wide'], seen['outside']
    assert not seen['requests'] and not seen['errors'], (seen['requests'], seen['errors'])


def has_bar(seen, summary):
    """One bar over the whole width, a piece for each grade, as wide as its share, in its colour and in a row."""
    [bar] = [c for c in seen['charts'] if c['label'] == 'calls by who can hear them']
    assert bar['box']['w'] > seen['wide'] / 2 and bar['box']['h'] > 20
    at = bar['box']['x']
    for part, (grade, colour) in zip(bar['parts'], COLOURS.items(), strict=True):
        assert part['title'] == f'{grade}: {summary[grade]}' and part['fill'] == colour
        assert abs(part['box']['w'] - bar['box']['w'] * summary[grade] / summary['calls']) < 2, (grade, part, bar)
        assert abs(part['box']['x'] - at) < 2 and abs(part['box']['h'] - bar['box']['h']) < 1
        at += part['box']['w']
    assert abs(at - bar['box']['x'] - bar['box']['w']) < 2


def has_trend(seen, trend):
    bars = [c for c in seen['charts'] if c['label'] and c['label'].endswith(' open')]
    assert [b['label'] for b in bars] == [f'{t["open"]} of {t["calls"]} open' for t in trend]
    for bar, t in zip(bars, trend):
        whole, part = bar['parts']
        assert whole['box']['w'] > 80 and whole['box']['h'] > 5
        assert abs(part['box']['w'] - whole['box']['w'] * (t['open'] / t['calls'] if t['calls'] else 0)) < 2


def has_facts(seen, lines, wide):
    [summary], [gave] = of('audit', lines), of('signalling', lines)
    assert seen['title'] == 'Who can hear the calls'
    assert seen['text'].startswith(f'{summary["open"]} of {summary["calls"]} calls are open to eavesdropping')
    for grade in COLOURS:
        assert f'{summary[grade]} {"servers" if grade == "server" else grade}: ' in seen['text']
    assert f'Attempts that nobody answered: {summary["attempts"]}.' in seen['text']
    rows = seen['rows']
    calls = [r for r in rows if len(r) == 6 and r[4] in COLOURS]
    assert [(r[0], r[1], r[4]) for r in calls] == [
        (c['from'] or c['legs'][0]['caller'], c['to'] or c['legs'][0]['called'], c['grade']) for c in of('call', lines)]
    phones = [r for r in rows if len(r) == 6 and r[0] in {p['address'] for p in of('phone', lines)}]
    assert [(r[0], r[2], r[3], r[4]) for r in phones] == [
        (p['address'], p['device'], str(p['open']), str(p['calls'])) for p in of('phone', lines)]
    assert all(p['remedy'] in r[5] for p, r in zip(of('phone', lines), phones))
    assert [str(gave['numbers']), 'numbers of callers and called'] in rows and [str(gave['digests']), 'password proofs that can be guessed at offline'] in rows
    assert [[e['from'], e['to'], str(e['calls'])] for e in of('edge', lines)] == [r for r in rows if len(r) == 3 and r[0] != 'From']
    assert ('Who can hear' in seen['text']) == wide  # its heads; on a narrow screen they stand beside the cells


def is_good(seen, lines):
    has_form(seen)
    has_facts(seen, lines, seen['wide'] > 700)
    has_bar(seen, of('audit', lines)[0])
    has_trend(seen, of('trend', lines))


@pytest.mark.parametrize('width', WIDTHS)
def test_the_page(browser, report, tmp_path, width):
    page, lines = report
    [summary] = of('audit', lines)
    assert all(summary[grade] for grade in ('open', 'server', 'nobody')) and summary['attempts'] == 1
    picture = tmp_path / f'{width}.png'
    is_good(browser.open(page, width, picture), lines)
    size = struct.unpack('>II', picture.read_bytes()[16:24])
    assert size[0] == width and size[1] > 800 and picture.stat().st_size > 20000


def test_nothing_found(browser, captures, tmp_path):  # noqa: F811
    page = tmp_path / 'nothing.html'
    assert audit('--html', page, captures['no telephony'][0]).returncode == 0
    for width in WIDTHS:
        seen = browser.open(page, width)
        has_form(seen)
        assert seen['text'].startswith('0 of 0 calls') and 'NaN' not in seen['text']


def test_tokens_only(browser, captures, tmp_path):  # noqa: F811
    page = tmp_path / 'tokens.html'
    audit('--anonymise', '--graph', '--html', page, captures['plain'][0])
    seen = browser.open(page, 1200)
    has_form(seen)
    assert not re.search(r'\b10[12]\b|10\.0\.0|Yealink', seen['text']) and re.search(r'\b[nad]-[0-9a-f]{10}\b', seen['text'])


@pytest.mark.parametrize('old,new', [
    ('<h1>', '<h1>0'),
    ('</h1>', '</h1><img src="http://192.0.2.1/x.png">'),
    ("default-src 'none'; style-src 'unsafe-inline'", "style-src 'none'"),
    ('</h1>', '</h1><script>throw Error("no")</script>'),
    ('</h1>', '</h1><div style="width:2000px">wide</div>'),
    ('overflow-wrap:anywhere', ''),
    ('fill="#b00020"', 'fill="#2e8b45"'),
    ('.chart{display:block;', '.chart{display:none;'),
    ('.part{', '.part{display:none;'),
    ('viewBox="0 0 800 40"', 'viewBox="0 0 1600 40"'),
])
def test_a_broken_page_is_seen(browser, report, tmp_path, old, new):
    """The checks above see each of these."""
    page, lines = report
    text = page.read_text()
    assert old in text
    broken = tmp_path / 'broken.html'
    broken.write_text(text.replace(old, new))
    with pytest.raises(AssertionError):
        for width in WIDTHS:
            is_good(browser.open(broken, width), lines)
