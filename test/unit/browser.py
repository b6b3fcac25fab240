# SPDX-License-Identifier: ISC
"""Debian's Chromium without a screen, for tests that look at a page. It is spoken to over two pipes (--remote-debugging-pipe), so it
listens nowhere, and the page stays as the product wrote it. What the page asks of a network is refused and kept; so is each error."""
import base64
import fcntl
import json
import os
import pathlib
import select
import signal
import time

PROGRAM = '/usr/bin/chromium'
LIMIT_S = 120  # of one answer, on a machine that is busy
FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--no-zygote', '--disable-breakpad',
         '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-extensions', '--mute-audio',
         '--hide-scrollbars', '--host-resolver-rules=MAP * ~NOTFOUND', '--remote-debugging-pipe']

# The page as it lies on the screen: its text, what sticks out, and the box of each piece of each chart.
LOOK = """(() => {
  const box = e => { const b = e.getBoundingClientRect(); return {x: b.left, y: b.top, w: b.width, h: b.height}; };
  const all = (s, e) => [...(e || document).querySelectorAll(s)];
  return {
    wide: document.documentElement.clientWidth, scroll: document.documentElement.scrollWidth,
    text: document.body.innerText, title: document.title,
    rows: all('tr').map(r => all('th,td', r).map(c => c.innerText)),
    outside: all('body *').filter(e => box(e).x + box(e).w > innerWidth + 1 || box(e).x < -1).map(e => e.outerHTML.slice(0, 80)),
    charts: all('svg').map(s => ({label: s.getAttribute('aria-label'), box: box(s), parts: all('rect', s).map(r => (
      {box: box(r), fill: getComputedStyle(r).fill, title: r.textContent}))}))};
})()"""


class Browser:
    """with Browser(new directory) as b: b.open(path, 400, picture)"""

    def __init__(self, where):
        self.where = pathlib.Path(where)
        self.where.mkdir()
        self.number, self.unread = 0, b''
        self.requests, self.errors = [], []

    def __enter__(self):
        ends = [*os.pipe(), *os.pipe()]
        there, self.to, self.by, back = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20) for fd in ends]
        for fd in ends:
            os.close(fd)
        log = os.open(self.where / 'log', os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        self.pid = os.posix_spawn(
            PROGRAM, [PROGRAM, *FLAGS, f'--user-data-dir={self.where}/profile', 'about:blank'], os.environ | {'HOME': str(self.where)},
            file_actions=[(os.POSIX_SPAWN_DUP2, fd, to) for fd, to in ((null, 0), (log, 1), (log, 2), (there, 3), (back, 4))], setsid=True)
        for fd in (there, back, log, null):
            os.close(fd)
        try:
            self.attach()
        except BaseException:
            self.__exit__()
            raise
        return self

    def attach(self):
        targets = self.ask('Target.getTargets')['targetInfos']
        page = next(t['targetId'] for t in targets if t['type'] == 'page')
        self.session = self.ask('Target.attachToTarget', targetId=page, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.ask(f'{domain}.enable')

    def __exit__(self, *why):
        """Nothing of it is left: it and its children are one session, and that ends."""
        try:
            self.ask('Browser.close', of_page=False)
        except (OSError, EOFError, TimeoutError):
            pass
        end = time.monotonic() + 20
        while self.processes() and time.monotonic() < end + 20:
            for pid in self.processes() if time.monotonic() > end else ():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
        os.waitpid(self.pid, 0)
        os.close(self.to)
        os.close(self.by)

    def processes(self):
        """Of its session, wherever they were adopted; those that have ended are none."""
        out = []
        for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
            try:
                state, _, _, session = stat.read_text().rsplit(')', 1)[1].split()[:4]
                if int(session) == self.pid and state not in 'ZX':
                    out.append(int(stat.parent.name))
            except (OSError, ValueError):
                pass
        return out

    def ask(self, method, of_page=True, **params):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': params}
        if of_page and hasattr(self, 'session'):
            message['sessionId'] = self.session
        os.write(self.to, json.dumps(message).encode() + b'\0')
        answer = self.hear(lambda m: m.get('id') == self.number)
        assert 'error' not in answer, answer
        return answer['result']

    def hear(self, wanted):
        end = time.monotonic() + LIMIT_S
        while True:
            while b'\0' in self.unread:
                one, self.unread = self.unread.split(b'\0', 1)
                message = json.loads(one)
                self.note(message)
                if wanted(message):
                    return message
            if not select.select([self.by], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError('no answer of chromium')
            more = os.read(self.by, 1 << 20)
            if not more:
                raise EOFError((self.where / 'log').read_text(errors='replace')[-2000:])
            self.unread += more

    def note(self, message):
        what, params = message.get('method'), message.get('params', {})
        if what == 'Network.requestWillBeSent':
            self.requests.append(params['request']['url'])
        elif what == 'Runtime.exceptionThrown':
            self.errors.append(params['exceptionDetails'].get('text', '?'))
        elif what == 'Log.entryAdded' and params['entry']['level'] in ('error', 'warning'):
            self.errors.append(params['entry']['text'])
        elif what == 'Runtime.consoleAPICalled' and params['type'] in ('error', 'warning', 'assert'):
            self.errors.append(str(params['args']))

    def open(self, path, width, picture=None):
        """What is seen of it in a window so wide: LOOK's members, and the requests and errors that it caused."""
        self.requests.clear()
        self.errors.clear()
        self.ask('Emulation.setDeviceMetricsOverride', width=width, height=800, deviceScaleFactor=1, mobile=False)
        asked = self.ask('Page.navigate', url=f'file://{path}')
        assert 'errorText' not in asked, asked
        self.until(lambda: self.evaluate('document.readyState') == 'complete' and self.evaluate('location.href') == f'file://{path}')
        seen = self.evaluate(LOOK)
        if picture:
            height = int(self.evaluate('document.documentElement.scrollHeight'))
            self.ask('Emulation.setDeviceMetricsOverride', width=width, height=min(height, 6000), deviceScaleFactor=1, mobile=False)
            picture.write_bytes(base64.b64decode(self.ask('Page.captureScreenshot', format='png')['data']))
        return seen | {'requests': [u for u in self.requests if u != f'file://{path}'], 'errors': list(self.errors)}

    def until(self, true):
        end = time.monotonic() + LIMIT_S
        while not true():
            if time.monotonic() > end:
                raise TimeoutError('the page did not load')
            time.sleep(0.05)

    def evaluate(self, expression):
        answer = self.ask('Runtime.evaluate', expression=expression, returnByValue=True)
        assert 'exceptionDetails' not in answer, answer
        return answer['result'].get('value')
