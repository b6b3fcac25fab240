# SPDX-License-Identifier: ISC
"""The command against a whole exchange on the loopback: people, phones, the log, and what others than root get.
R1, R5, R22, R23, R28, R30, R31, T38, T39."""
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'unit'))
import postgresql  # noqa: E402

BUILD = pathlib.Path(os.environ['RINGFENCE_BUILD'])
BASE = 64500
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class House:
    def __init__(self, extra=''):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='ringfence-desk-'))
        self.dir.chmod(0o755)
        self.site = self.dir / 'site'
        self.site.mkdir(mode=0o711)
        self.port = free_port()
        self.write_conf(extra)
        key = self.site / 'boot.key'
        key.write_bytes(os.urandom(32))
        key.chmod(0o600)
        self.log_path = self.dir / 'log'
        self.process = None
        self.command = self.dir / 'ringfence'  # where another user may start it too
        shutil.copy(BUILD / 'cmd/ringfence', self.command)

    def write_conf(self, extra=''):
        (self.site / 'ringfence.conf').write_text(
            f'domain = "desk.example"\nphones {{ listen = "127.0.0.1:{self.port}" }}\n'
            f'media {{ ports = "31000-31019" }}\n{extra}')

    def start(self):
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(
                [BUILD / 'proc/parent/ringfenced', '--site', self.site, '--libexec', BUILD / 'proc',
                 '--uid-base', str(BASE), '--insecure-run'], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait(lambda: all(p['up'] for p in self.json('status', check=False) or [{'up': False}]))
        return self

    def wait(self, true, seconds=15):
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end or (self.process and self.process.poll() is not None):
                raise AssertionError(self.log_path.read_text(errors='replace')[-3000:])
            time.sleep(0.05)

    def run(self, *args, stdin='', check=True, as_nobody=False):
        who = {'user': 65534, 'group': 65534, 'extra_groups': []} if as_nobody else {}
        command = self.command if as_nobody else BUILD / 'cmd/ringfence'
        p = subprocess.run([command, '--site', self.site, *map(str, args)], input=stdin, timeout=30,
                           capture_output=True, text=True, cwd=self.dir, **who)
        if check and p.returncode:
            raise AssertionError(f'{args}: {p.returncode}\n{p.stdout}{p.stderr}')
        return p

    def json(self, *args, stdin='', check=True):
        return [json.loads(x) for x in self.run(*args, '--json', stdin=stdin, check=check).stdout.splitlines()]

    def pid(self, name):
        return next(p['pid'] for p in self.json('status') if p['name'] == name)

    def end(self):
        if self.process and self.process.poll() is None:
            self.run('stop', check=False)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture(scope='module')
def house():
    h = House()
    try:
        yield h.start()
    finally:
        h.end()


def user(house, name, display=None):
    house.run('user', 'add', name, *(['--name', display] if display else []), stdin='a-secret-1\na-secret-1\n')


def add(house, label, *options):
    return next(x for x in house.json('phone', 'add', label, *options) if x['kind'] == 'code')


def phone(house, number):
    return next(p for p in house.json('phone', 'list') if p['phone'] == number)


def test_r30_a_person_and_a_phone(house):
    began = time.monotonic()
    user(house, '101', 'Anna')
    code = add(house, 'anna', '--user', '101', '--fixed', '--md5')
    out = house.dir / 'anna'
    said = house.run('phone', 'enrol', code['code'], '--kind', 'baresip', '--user', '101', '--out', out, '--password-stdin',
                     stdin='asecret1\n')
    assert time.monotonic() - began < 60
    assert f'baresip -f {out}' in said.stdout
    assert 'auth_pass=asecret1;' in (out / 'accounts').read_text() and (out / 'accounts').stat().st_mode & 0o77 == 0
    assert (out / 'phone.key').stat().st_mode & 0o77 == 0 and (out / 'phone.pem').stat().st_mode & 0o77 == 0
    p = phone(house, code['phone'])
    assert p['state'] == 'valid' and p['users'] == '101' and p['flags'] == 'md5,fixed' and p['epoch'] == 1
    assert house.run('ca', '--fingerprint').stdout.strip() in said.stdout


def test_r1_a_code_is_good_once(house):
    code = add(house, 'once')
    for wrong in ('', '1', '1-abcde', code['code'][:-1], code['code'] + 'a'):
        p = house.run('phone', 'enrol', wrong, '--out', house.dir / 'none', check=False)
        assert p.returncode == 2 and 'no code' in p.stderr and not (house.dir / 'none').exists()
    house.run('phone', 'enrol', code['code'], '--out', house.dir / 'once')
    p = house.run('phone', 'enrol', code['code'], '--out', house.dir / 'twice', check=False)
    assert p.returncode == 1 and 'code' in p.stderr and not (house.dir / 'twice/phone.key').exists()


def test_t39_a_code_need_not_stand_in_the_list_of_processes(house):
    """read as a password is: the line of a file, standard input (before the password's), and of both at once neither"""
    user(house, '109')
    code, d = add(house, 'hidden', '--user', '109')['code'], house.dir / 'hidden'
    (house.dir / 'code').write_text(code + '\n')
    both = house.run('phone', 'enrol', code, '--code-stdin', '--out', d, stdin=code + '\n', check=False)
    assert both.returncode == 2 and 'given twice' in both.stderr and not d.exists()
    for wrong in ('', '\n', code[:-1] + '\n', 'x' * 200 + '\n'):
        p = house.run('phone', 'enrol', '--code-stdin', '--out', d, stdin=wrong, check=False)
        assert p.returncode == 2 and 'no code' in p.stderr and not d.exists()
    house.run('phone', 'enrol', '--elsewhere', '--kind', 'plain', '--code-file', house.dir / 'code', '--out', d)
    said = house.run('phone', 'sign', '-', '--out', d / 'bundle.pem', stdin=code + '\n' + (d / 'request.pem').read_text())
    assert 'The certificate and the CA are in' in said.stdout
    house.run('phone', 'enrol', '--finish', d)
    assert (d / 'phone.crt').exists()
    code = add(house, 'hidden-too', '--user', '109')['code']
    house.run('phone', 'enrol', '--kind', 'baresip', '--password', '--out', house.dir / 'too', stdin=code + '\nasecret1\n')
    assert 'auth_pass=asecret1;' in (house.dir / 'too/accounts').read_text()


def test_r1_two_computers(house):
    """Request and bundle travel, the key does not; a bundle of another phone's key is refused."""
    user(house, '102')
    codes = [add(house, f'far{i}', '--user', '102') for i in (0, 1)]
    dirs = [house.dir / f'far{i}' for i in (0, 1)]
    for c, d in zip(codes, dirs):
        house.run('phone', 'enrol', c['code'], '--elsewhere', '--kind', 'linphone', '--user', '102', '--out', d)
        house.run('phone', 'sign', c['code'], d / 'request.pem', '--out', d / 'bundle.pem')
        assert 'PRIVATE' not in (d / 'bundle.pem').read_text() + (d / 'request.pem').read_text()
    p = house.run('phone', 'enrol', '--finish', dirs[0], '--bundle', dirs[1] / 'bundle.pem', check=False)
    assert p.returncode == 1 and 'does not fit' in p.stderr and not (dirs[0] / 'phone.crt').exists()
    house.run('phone', 'enrol', '--finish', dirs[0])
    rc = (dirs[0] / 'linphonerc').read_text()
    assert 'passwd=PASSWORD' in rc and f'reg_proxy=<sip:desk.example:{house.port};transport=tls>' in rc


def test_t39_a_bundle_from_elsewhere_writes_no_settings(house):
    """The lines before the certificates are carried by people: what they say cannot become more than a name."""
    code, d = add(house, 'carried', '--user', '102'), house.dir / 'carried'
    house.run('phone', 'enrol', code['code'], '--elsewhere', '--kind', 'baresip', '--user', '102', '--out', d)
    house.run('phone', 'sign', code['code'], d / 'request.pem', '--out', d / 'good.pem')
    for bad in ('server: 192.0.2.1:5061;mediaenc=none', 'domain: a.example>;regint=0', 'server: \x1b[2J'):
        (d / 'bundle.pem').write_text(bad + '\n' + (d / 'good.pem').read_text())
        p = house.run('phone', 'enrol', '--finish', d, check=False)
        assert p.returncode == 1 and not (d / 'accounts').exists() and '\x1b' not in p.stdout + p.stderr
    house.run('phone', 'enrol', '--finish', d, '--bundle', d / 'good.pem')
    assert (d / 'accounts').exists()


def test_r5_a_user_asks_and_is_admitted(house):
    user(house, '103')
    home = house.dir / 'nobody'
    home.mkdir()
    os.chown(home, 65534, 65534)
    told = house.run('phone', 'request', '--label', 'softphone', '--user', '103', '--out', home / 'p', as_nobody=True).stdout
    key = re.search(r'^  ((?:[0-9a-f]{8} ?){8})$', told, re.M).group(1)
    public = subprocess.run(['openssl', 'req', '-in', home / 'p' / 'request.pem', '-noout', '-pubkey'], capture_output=True).stdout
    der = base64.b64decode(b''.join(public.split(b'\n')[1:-2]))
    assert key.replace(' ', '') == hashlib.sha256(der[-64:]).hexdigest()
    number = next(p['phone'] for p in house.json('phone', 'list') if p['label'] == 'softphone')
    assert phone(house, number)['state'] == 'requested'
    # whose key that is, and who asked, is seen before it is admitted
    assert phone(house, number)['key'] == key and phone(house, number)['asked_uid'] == 65534
    shown = house.run('phone', 'show', 'softphone').stdout
    assert key in shown and 'uid 65534' in shown
    bundle = house.dir / 'softphone.pem'
    other = ('0' if key[0] != '0' else '1') + key[1:]
    for wrong in (other, key[:-1]):
        p = house.run('phone', 'admit', number, '--key', wrong, '--out', bundle, check=False)
        assert p.returncode == 1 and 'not the key' in p.stderr and key in p.stderr
    assert phone(house, number)['state'] == 'requested' and not bundle.exists()
    admitted = house.run('phone', 'admit', number, '--key', key.replace(' ', ''), '--out', bundle, '--tls12').stdout
    assert key in admitted and 'uid 65534' in admitted
    house.run('phone', 'enrol', '--finish', home / 'p', '--bundle', bundle, as_nobody=True)
    assert phone(house, number)['state'] == 'valid' and phone(house, number)['flags'] == 'tls12'
    assert house.run('phone', 'admit', number, check=False).returncode == 1


def test_t38_others_than_root_see_nothing(house):
    for verb in ('status', 'calls', 'events', 'readings', 'bans', 'stop', 'reload'):
        p = house.run(verb, as_nobody=True, check=False)
        assert p.returncode == 1 and 'only root' in p.stderr and not p.stdout, verb
    for args in (('user', 'list'), ('phone', 'list'), ('user', 'delete', '101'), ('phone', 'revoke', '1')):
        p = house.run(*args, as_nobody=True, check=False)
        assert p.returncode == 1 and 'only root' in p.stderr
    assert 'BEGIN CERTIFICATE' in house.run('ca', as_nobody=True).stdout


def test_r1_renew_and_revoke(house):
    number = add(house, 'renewed')
    d = house.dir / 'renewed'
    house.run('phone', 'enrol', number['code'], '--out', d)
    number = number['phone']
    before = phone(house, number)
    house.run('phone', 'renew', 'renewed', '--out', d / 'bundle.pem', '--valid', '10d')
    house.run('phone', 'enrol', '--finish', d)
    after = phone(house, number)
    assert after['epoch'] == before['epoch'] and after['not_after_ms'] < before['not_after_ms']
    code = house.json('phone', 'renew', 'renewed', '--new-key')[-1]['code']
    house.run('phone', 'enrol', code, '--out', house.dir / 'renewed2')
    assert phone(house, number)['epoch'] == before['epoch'] + 1
    house.run('phone', 'revoke', 'renewed')
    assert phone(house, number)['state'] == 'revoked'
    for args in (('renew', number), ('renew', number, '--new-key'), ('bind', number, '101'),
                 ('set', number, '--suspended', 'off')):
        assert house.run('phone', *args, check=False).returncode == 1, args


def test_phone_set(house):
    number = add(house, 'settings')['phone']
    house.run('phone', 'set', 'settings', '--opus', 'off', '--md5', 'on', '--tls12', 'on')
    assert phone(house, number)['flags'] == 'md5,tls12,no-opus'
    house.run('phone', 'set', number, '--opus', 'on', '--md5', 'off')
    assert phone(house, number)['flags'] == 'tls12'
    assert house.run('phone', 'set', number, '--opus', 'maybe', check=False).returncode == 2
    assert house.run('phone', 'set', 'settings', '--suspended', 'on', check=False).returncode == 1  # has no certificate


def test_a_label_names_one_phone(house):
    number = add(house, 'labelled')['phone']
    for label, why in (('labelled', 'another phone has this label'), (str(number), 'is no number')):
        p = house.run('phone', 'add', label, check=False)
        assert p.returncode == 1 and why in p.stderr
    house.run('phone', 'revoke', 'labelled')
    assert add(house, 'labelled')['phone'] != number


def test_users_change_and_go(house):
    user(house, '110', 'Old')
    number = add(house, 'of110', '--user', '110', '--user', '101')['phone']
    house.run('user', 'set', '110', '--name', 'New', '--enabled', 'off')
    u = next(u for u in house.json('user', 'list') if u['name'] == '110')
    assert u['display'] == 'New' and not u['enabled'] and u['phones'] == str(number)
    house.run('user', 'set', '110', '--enabled', 'on')
    assert next(u for u in house.json('user', 'list') if u['name'] == '110')['display'] == 'New'
    assert house.run('user', 'add', '110', stdin='x1234567\n', check=False).returncode == 1
    house.run('user', 'delete', '110')
    assert phone(house, number)['users'] == '101'
    p = house.run('user', 'delete', '110', check=False)
    assert p.returncode == 1 and 'no user of this name' in p.stderr


HOSTILE = ['\x1b[2J', 'a\r\nb', '\u202e101', '\x9b31m', 'a\u2028b']


@pytest.mark.parametrize('text', HOSTILE)
def test_t39_what_would_mislead_is_not_taken(house, text):
    p = house.run('user', 'add', '120', '--name', text, stdin='x1234567\n', check=False)
    assert p.returncode in (1, 2) and not any(c in p.stderr for c in '\x1b\x9b\u202e\u2028')
    p = house.run('phone', 'add', text, check=False)
    assert p.returncode in (1, 2)
    assert not [u for u in house.json('user', 'list') if u['name'] == '120']


@pytest.mark.parametrize('text', ["'); DROP TABLE people; --", '<script>alert(1)</script>', '../../etc/passwd', '"x\\'])
def test_t39_the_rest_is_text(house, text):
    user(house, '121', text)
    assert next(u for u in house.json('user', 'list') if u['name'] == '121')['display'] == text
    house.run('user', 'delete', '121')


def test_r23_the_log_asks_who_reads(house):
    assert house.run('log', check=False).returncode == 2
    house.run('admin', 'set', 'berta', stdin='eight octets\n')
    p = house.run('log', '--admin', 'berta', stdin='wrong password\n', check=False)
    assert p.returncode == 1 and 'wrong name or password' in p.stderr and not p.stdout
    assert not house.json('readings')
    assert 'No calls' in house.run('log', '--admin', 'berta', stdin='eight octets\n').stdout
    house.run('log', '--admin', 'berta', '--from', '2026-01-01', '--to', '2026-01-02 13:00', stdin='eight octets\n')
    readings = house.json('readings')
    assert [r['admin'] for r in readings] == ['berta', 'berta'] and readings[1]['to_ms'] - readings[1]['from_ms'] == 37 * 3600000
    assert [e for e in house.json('events', '--last', 1000) if e['detail'] == 'wrong administrator password']
    p = house.run('admin', 'set', 'cesar', stdin='short\n', check=False)
    assert p.returncode == 1 and '8 octets' in p.stderr


def test_bans(house):
    house.run('ban', '192.0.2.9', '--for', '1h')
    assert [b for b in house.json('bans') if b['address'] == '192.0.2.9' and 0 < b['left_ms'] <= 3600000]
    house.run('unban', '192.0.2.9')
    assert not house.json('bans')
    assert house.run('unban', '192.0.2.9', check=False).returncode == 1
    for bad in ('999.0.0.1', 'example.org', ''):
        assert house.run('ban', bad, check=False).returncode in (1, 2)


def test_r31_configuration(house):
    assert house.run('check-config').returncode == 0
    house.write_conf('nonsense = 1\n')
    try:
        p = house.run('check-config', check=False)
        assert p.returncode == 1 and 'nonsense' in p.stdout + p.stderr and ':4' in p.stdout + p.stderr
        p = house.run('reload', check=False)
        assert p.returncode == 1 and ':4' in p.stderr
        assert all(x['up'] for x in house.json('status'))
    finally:
        house.write_conf()
    house.run('reload')


def test_r31_the_default_of_voicemail_is_checked_and_loaded(house):
    try:
        for value, right in (('maybe', False), ('4', False), ('on', True), ('25', True), ('off', True)):
            house.write_conf(f'voicemail {{ default = {value} }}\n')
            for verb in ('check-config', 'reload'):
                p = house.run(verb, check=False)
                said = p.stdout + p.stderr
                assert (p.returncode == 0) == right and (right or (':4: voicemail.default' in said and '5 to 600' in said)), said
    finally:
        house.write_conf()
    house.run('reload')


def make_signer(trust, ext):
    """A root, and a certificate of it for numbers (RFC 8226)."""
    def openssl(*words):
        subprocess.run(['openssl', *words], check=True, capture_output=True, cwd=trust)
    trust.mkdir(exist_ok=True)
    (trust / 'ext').write_text(f'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n{ext}\n')
    ec = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes')
    openssl('req', '-x509', *ec, '-keyout', 'root.key', '-out', 'roots.pem', '-subj', '/CN=root', '-days', '2')
    openssl('req', *ec, '-keyout', 'signer.key', '-out', 'signer.csr', '-subj', '/CN=signer')
    openssl('x509', '-req', '-in', 'signer.csr', '-CA', 'roots.pem', '-CAkey', 'root.key', '-CAcreateserial', '-extfile', 'ext',
            '-days', '1', '-out', 'signer.pem')


def test_r18_the_store_of_signers(house):
    """What is wrong with a file is said with it and its line, by the command and by conf in its cage, and the old stands"""
    trust = pathlib.Path(house.site) / 'trust'
    store = 'signed-callers {\nca = "roots.pem"\ncertificate "https://cert.example/a" { file = "signer.pem" }\n}\n'
    numbers = '1.3.6.1.5.5.7.1.26=ASN1:SEQUENCE:list\n[list]\none=EXPLICIT:2,IA5:33611223344'
    try:
        house.write_conf(store)
        for ext, line, why in ((None, 5, 'roots.pem'), ('', 6, 'trust/signer.pem has no TNAuthList'), (numbers, 0, '')):
            if ext is not None:
                make_signer(trust, ext)
            for verb in ('check-config', 'reload'):
                p = house.run(verb, check=False)
                said = p.stdout + p.stderr
                assert p.returncode == (1 if line else 0) and (not line or f':{line}: ' in said and why in said), said
    finally:
        shutil.rmtree(trust, ignore_errors=True)
        house.write_conf()
    house.run('reload')


@pytest.fixture
def trunk_house():
    h = House(TRUNK.format(''))
    try:
        yield h.start()
    finally:
        h.end()


TRUNK = 'trunk "acme" {{ server = "sip.acme.example" media-from = {{"203.0.113.0/24"}} {} }}\n'


def test_r6_a_key_of_a_trunk_is_replaced(trunk_house):
    """The key in use, its certificate and its request stay good until the certificate of the next one is loaded, and not after"""
    h = trunk_house
    trust = pathlib.Path(h.site) / 'trust'

    def openssl(*words):
        return subprocess.run(['openssl', *words], check=True, capture_output=True, text=True, cwd=trust).stdout

    def key(request):
        return openssl('req', '-in', request, '-noout', '-verify', '-pubkey')

    def certify(request, out):
        openssl('x509', '-req', '-in', request, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'ext', '-days', '2',
                '-out', out)

    def loads(certificate, why=''):
        h.write_conf(TRUNK.format(f'certificate = "{certificate}"'))
        assert h.run('check-config').stdout == 'ok\n'
        p = h.run('reload', check=False)
        assert (p.returncode == 1 and why in p.stdout + p.stderr) if why else p.returncode == 0, p.stdout + p.stderr

    h.run('trunk', 'request', 'acme')
    asked = (trust / 'acme.csr').read_text()
    (trust / 'ext').write_text('basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n')
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem',
            '-subj', '/CN=provider', '-days', '2')
    certify('acme.csr', 'one.pem')
    loads('one.pem')
    first = key('acme.csr')
    h.run('trunk', 'request', 'acme')                  # asked again, it is what it was, in every octet
    assert (trust / 'acme.csr').read_text() == asked == h.run('trunk', 'request', 'acme', '--out', '-').stdout
    assert not (trust / 'acme.csr.old').exists()
    assert 'acme.csr.new' in h.run('trunk', 'request', 'acme', '--new-key').stdout
    second = key('acme.csr.new')
    assert first != second and key('acme.csr') == first
    loads('one.pem')
    h.run('stop')
    h.process.wait(10)
    h.start()
    loads('one.pem')
    assert 'key that the exchange does not have' not in h.log_path.read_text().split('ready')[-1]
    (trust / 'again').write_text(h.run('trunk', 'request', 'acme', '--new-key', '--out', '-').stdout)
    assert key('acme.csr') == first and key('again') == second
    certify('acme.csr.new', 'two.pem')
    loads('two.pem')
    loads('one.pem', 'key that the exchange does not have')
    loads('two.pem')
    h.run('trunk', 'request', 'acme', '--new-key')     # and the one after it
    assert key('acme.csr') == second and key('acme.csr.new') not in (first, second)
    loads('two.pem')
    h.run('stop')
    h.process.wait(10)
    certify('acme.csr.new', 'three.pem')
    h.write_conf(TRUNK.format('certificate = "three.pem"'))     # put in while the exchange is down
    h.start()
    loads('three.pem')
    loads('two.pem', 'key that the exchange does not have')
    assert h.run('trunk', 'request', 'nobody', '--new-key', check=False).returncode == 1


def test_r6_a_key_of_a_trunk_is_lost(trunk_house):
    """signer's keys are in no backup: after a restore a request is for another key, and until its certificate is there the exchange
    starts with the old one in the configuration"""
    h = trunk_house
    trust = pathlib.Path(h.site) / 'trust'

    def openssl(*words):
        return subprocess.run(['openssl', *words], check=True, capture_output=True, text=True, cwd=trust).stdout

    def certify(out):
        openssl('x509', '-req', '-in', 'acme.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'ext', '-days', '2',
                '-out', out)

    def again():
        h.run('stop')
        h.process.wait(10)
        h.start()

    h.run('trunk', 'request', 'acme')
    (trust / 'ext').write_text('basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n')
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem',
            '-subj', '/CN=provider', '-days', '2')
    certify('one.pem')
    h.write_conf(TRUNK.format('certificate = "one.pem"'))
    h.run('reload')
    first = (trust / 'acme.csr').read_text()
    h.run('stop')
    h.process.wait(10)
    for store in (pathlib.Path(h.site) / 'signer').iterdir():
        store.unlink()
    h.start()
    for _ in range(2):
        h.run('trunk', 'request', 'acme')
        second = (trust / 'acme.csr').read_text()
        assert second != first and (trust / 'acme.csr.old').read_text() == first
        assert h.run('check-config').stdout == 'ok\n'
    again()
    assert (trust / 'acme.csr').read_text() == second == h.run('trunk', 'request', 'acme', '--out', '-').stdout
    certify('two.pem')
    h.write_conf(TRUNK.format('certificate = "two.pem"'))
    h.run('reload')
    again()
    assert 'key that the exchange does not have' not in h.log_path.read_text().split('ready')[-1]


def test_r22_the_mild_log_is_refused(house):
    house.write_conf('log { privacy = mild }\n')
    try:
        for verb in ('check-config', 'reload'):
            p = house.run(verb, check=False)
            said = (p.stdout + p.stderr).lower()
            assert p.returncode == 1 and 'mild' in said and 'intrusion detection' in said and 'firewall log' in said
    finally:
        house.write_conf()


def test_events_are_followed(house):
    p = subprocess.Popen([BUILD / 'cmd/ringfence', '--site', house.site, 'events', '--last', '1', '--follow', '--json'],
                         stdout=subprocess.PIPE, text=True)
    try:
        json.loads(p.stdout.readline())
        code = add(house, 'followed')
        seen = json.loads(p.stdout.readline())
        while seen['phone'] != code['phone']:
            seen = json.loads(p.stdout.readline())
        assert seen['what'] == 'phone'
    finally:
        p.terminate()
        p.wait(5)


def test_r28_nothing_confirmed_is_lost(house):
    """ledger and keeper are killed while users are added: each that was confirmed is there and has its secret."""
    confirmed = []
    for i in range(30):
        if i % 5 == 2:
            os.kill(house.pid('ledger' if i % 2 else 'keeper'), signal.SIGKILL)
        p = house.run('user', 'add', f'k{i}', stdin='x1234567\n', check=False)
        if p.returncode == 0:
            confirmed.append(f'k{i}')
        else:
            assert p.stderr.startswith('ringfence: ')
        time.sleep(0.05)
    house.wait(lambda: all(p['up'] for p in house.json('status')))
    there = {u['name'] for u in house.json('user', 'list')}
    assert len(confirmed) > 10 and set(confirmed) <= there


def test_r28_all_comes_back(house):
    """parent is killed; what was is there at the next start."""
    before = house.json('user', 'list'), house.json('phone', 'list'), house.json('readings')
    os.kill(house.process.pid, signal.SIGKILL)
    house.process.wait(5)
    house.start()
    assert (house.json('user', 'list'), house.json('phone', 'list'), house.json('readings')) == before
    assert house.run('log', '--admin', 'berta', stdin='eight octets\n').returncode == 0


def test_t38_no_descriptor_is_lost(house):
    ctl = house.pid('ctl')
    before = len(os.listdir(f'/proc/{ctl}/fd'))
    for _ in range(100):
        house.run('calls')
    assert len(os.listdir(f'/proc/{ctl}/fd')) == before


def test_r20_the_schema_holds_four_facts(house):
    """Of a call: who, whom, when, how long; the source sealed under a day's key. Nothing else has a place to be."""
    shutil.copytree(house.site / 'ledger', house.dir / 'copy')
    with sqlite3.connect(house.dir / 'copy/ledger.db') as db:
        columns = [row[1] for row in db.execute('PRAGMA table_info(calls)')]
        events = [row[1] for row in db.execute('PRAGMA table_info(events)')]
    assert columns == ['id', 'source', 'day', 'destination', 'start', 'duration']
    assert not [c for c in events if 'dest' in c or 'number' in c]


def test_stop(house):
    pids = [p['pid'] for p in house.json('status')]
    house.run('stop')
    house.process.wait(10)
    assert not [p for p in pids if os.path.exists(f'/proc/{p}') and 'ringfence' in os.readlink(f'/proc/{p}/exe')]
    assert house.run('status', check=False).returncode == 3


@pytest.mark.skipif(not postgresql.found(), reason='no PostgreSQL here')
def test_r32_the_same_on_postgresql():
    with postgresql.cluster() as uri:
        house = House(f'database = "{uri}"\n')
        try:
            house.start()
            user(house, '101', 'Anna')
            code = add(house, 'desk', '--user', '101')
            house.run('phone', 'enrol', code['code'], '--out', house.dir / 'desk')
            os.kill(house.pid('ledger'), signal.SIGKILL)
            house.wait(lambda: all(p['up'] for p in house.json('status')))
            house.wait(lambda: house.run('phone', 'list', check=False).returncode == 0)
            assert phone(house, code['phone'])['state'] == 'valid'
            assert [u['display'] for u in house.json('user', 'list')] == ['Anna']
            assert not (house.site / 'ledger/ledger.db').exists()
        finally:
            house.end()
