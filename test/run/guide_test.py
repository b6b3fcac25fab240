# SPDX-License-Identifier: ISC
"""Every command that doc/guide.md prints is run as it stands, from top to bottom, on an exchange with every section of configuration
that the guide shows (R30, R31)."""
import json
import os
import pty
import re
import select
import shutil
import time
import wave

import pytest

from run_test import TOP, Site

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

SECRET = 'correct-horse-battery'
BLOCK = re.compile(r'(?:^    .*\n)+', re.M)
CODE = re.compile(r'\b\d+(?:-[a-z0-9]{5}){4}-[a-z0-9]{6}\b')
KEY = re.compile(r'\b(?:[0-9a-f]{8} ){7}[0-9a-f]{8}\b')
CONF = re.compile(r'\b(?:numbers|prefix|country|rates|ceilings|night|alarms|trunk)\b[^{\n]*\{')


def blocks():
    """The indented blocks, each as its lines."""
    return [[line[4:] for line in b.splitlines()] for b in BLOCK.findall((TOP / 'doc/guide.md').read_text())]


def commands():
    """Those of the command line, without what the guide says beside them."""
    return [re.split(r' {3,}', line)[0] for b in blocks() for line in b if line.startswith('ringfence ')]


def configuration():
    shown = ['\n'.join(b) for b in blocks() if CONF.match(b[0])]
    assert len(shown) >= 5
    return '\n'.join(shown)


def on_terminal(argv, cwd, env, answer, timeout=60):
    """Run it on a terminal of its own and answer what it asks; (status, output)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execvpe(argv[0], argv, env)
    said, end, answered = b'', time.monotonic() + timeout, 0
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.2)[0]:
            asked = len(re.findall(rb': $', said.rstrip(b'\n')[answered:])) > 0
            if asked:
                answered = len(said)
                os.write(fd, answer.encode() + b'\n')
            continue
        try:
            chunk = os.read(fd, 65536)
        except OSError:
            break
        if not chunk:
            break
        said += chunk
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode(errors='replace')


AS_JSON = """status|calls|trunks|user list|user show 101|user set 101 --dnd on|user pin 101 --unlock|group list|group set 200 --name All
phone list|phone show desk|phone set desk --suspended off|phone add spare|phone bind desk 102|phone unbind desk 102|phone renew desk --new-key
may 101 call 102|events --last 3|readings|ban 198.51.100.9 --for 1m|bans|unban 198.51.100.9|site set --night off|site show|notices|ca
clock confirm|check-config|reload|user forget-dialled 101|user forget-messages 101|site set --front-desk 101|group delete 200|user delete 102|phone revoke spare|stop"""


class Reader:
    """Who follows the guide: knows what was printed and carries files."""

    def __init__(self, site, desk):
        self.site, self.desk, self.codes, self.key = site, desk, [], None
        self.env = dict(os.environ, RINGFENCE_SITE=str(site.dir), PATH=f'{TOP}/build/cmd:{os.environ["PATH"]}')

    def carry(self, line):
        """What the guide says is done between the commands; on another computer there is no exchange."""
        away = '--out phone ' in line + ' ' or '--finish phone ' in line
        self.env['RINGFENCE_SITE'] = '/nowhere' if away else str(self.site.dir)
        if 'phone sign' in line:
            shutil.copy(self.desk / 'phone/request.pem', self.desk / 'request.pem')

    def real(self, line):
        """With the code that the exchange gave instead of the printed one, and the key that the asker's computer told."""
        def code(match):
            return self.codes[int(match[0][0]) - 1]
        return CODE.sub(code, line).replace("'KEY'", f"'{self.key}'")

    def run(self, line):
        self.carry(line)
        if line.startswith('ringfence may'):
            self.site.command('site', 'set', '--night', 'off')  # the answer hangs on the hour
        argv = ['sh', '-c', 'exec ' + self.real(line)]
        answer = '482915' if 'user pin' in line else SECRET
        status, said = on_terminal(argv, self.desk, self.env, answer)
        if 'phone request' in line:
            self.key = KEY.search(said)[0]
        self.codes += [c for c in dict.fromkeys(CODE.findall(said)) if c not in self.codes]
        return status, said


def sound(path):
    with wave.open(str(path), 'wb') as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(8000)
        w.writeframes(b'\0\0' * 8000)


@pytest.fixture
def reader(tmp_path):
    site, desk = Site(tmp_path), tmp_path / 'desk'
    tmp_path.chmod(0o755)
    desk.mkdir()
    site.run()
    site.command('stop')
    conf = site.dir / 'ringfence.conf'
    conf.write_text(conf.read_text() + '\n' + configuration() + '\n')
    site.run()
    yield Reader(site, desk)
    site.stop()


def test_the_guide_works_as_printed(reader):
    failed = []
    for line in commands():
        if re.match(r'ringfence (stop|restore)\b', line):
            continue
        status, said = reader.run(line)
        if status != 0 and not (line.startswith('ringfence may') and re.match('(Yes|No)', said)):
            failed.append(f'{line}\n    {said.strip()}')
    assert not failed, '\n'.join(failed)
    assert (reader.desk / 'exchange.backup').exists()
    for line in re.split(r'[|\n]', AS_JSON):  # R31
        for said in reader.site.command(*line.split(), '--json').splitlines():
            assert said.startswith('{') and isinstance(json.loads(said), dict), f'{line}: {said}'
    reader.site.dir = reader.desk / 'restored'
    status, said = reader.run(next(c for c in commands() if c.startswith('ringfence restore')))
    assert status == 0, said
    assert (reader.desk / 'restored/ringfence.conf').exists()
