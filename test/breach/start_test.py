# SPDX-License-Identifier: ISC
"""R16, R28: how an exchange starts: with the file, with what was accepted before, with those that can."""
import os
import re
import shutil
import signal
import socket
import time

import pytest

from parent_test import NAMES, SITE, House, house  # noqa: F401 (a fixture)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


def test_bad_configuration_ends_the_start_with_line_and_reason():
    h = House(conf='domain = voice.example\nlog { privacy = meek }\n')
    try:
        assert h.process.wait(5) == 1
        assert re.search(r'ringfence.conf:2: log.privacy = "meek" is neither full nor mild', h.log())
    finally:
        shutil.rmtree(h.dir)


class Managed:
    """A house in which no start went well yet, with a service manager; how long each is held back after it said why."""

    def __init__(self, said=r'log.privacy = "meek" is neither'):
        self.said = said
        self.house = House(conf='domain = voice.example\nlog { privacy = meek }\n')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.house.dir / 'notify'))
        self.house.environment['NOTIFY_SOCKET'] = str(self.house.dir / 'notify')

    def __enter__(self):
        assert self.house.process.wait(5) == 1, 'by hand: it ends at once'
        return self

    def __exit__(self, *_):
        self.house.end()
        self.socket.close()

    def start(self):
        self.house.start()
        self.house.wait_log(self.said, 10)
        return time.monotonic()

    def held(self):
        """As it said, in whole seconds. The log is seen a little later than it is written."""
        began = self.start()
        assert self.house.process.wait(40) == 1
        said = re.search(r'the next one waits for (\d+) s', self.house.log())
        assert time.monotonic() - began >= (int(said[1]) - 0.3 if said else 0)
        return int(said[1]) if said else 0


def test_r28_what_a_service_manager_starts_in_vain_is_held_back_longer_each_time():
    with Managed() as m:
        h, vain = m.house, m.house.site / 'run/vain'
        assert not vain.exists()
        assert m.held() == 1 and m.held() == 2
        assert 'start 2 in vain since one was not: the next one waits for 2 s' in h.log()
        vain.write_text('.' * 1000)
        m.start()
        h.wait_log('start 1000 in vain since one was not: the next one waits for 30 s')
        with socket.socket(socket.AF_UNIX) as s, pytest.raises(OSError):
            s.connect(str(h.site / 'run/ctl.sock'))
        h.process.send_signal(signal.SIGHUP)  # something was mended
        assert h.process.wait(2) == 1 and vain.stat().st_size == 1000
        m.start()
        h.wait_log('waits for 30 s')
        h.process.terminate()
        assert h.process.wait(2) == 0
        h.write_conf(SITE)
        h.start()
        h.ready()
        assert not vain.exists(), 'the next one in vain is the first again'


def test_r28_where_an_exchange_stood_nothing_holds_back_the_next_start():
    """But after many, a little."""
    with Managed() as m:
        h = m.house
        (h.site / 'run/ringfence.conf.accepted').write_text(SITE + 'phone { }\n')
        m.said = "no such option 'phone'"
        assert m.held() == 0
        (h.site / 'run/vain').write_text('.' * 10)
        assert m.held() == 1
        (h.site / 'run/vain').unlink()
        (h.site / 'run/ringfence.conf.accepted').write_text(SITE)
        m.said = 'ringfence: ready'
        m.start()


def test_r28_a_parent_that_dies_in_its_start_holds_back_the_next_one():
    with Managed() as m:
        h, conf, vain = m.house, m.house.site / 'ringfence.conf', m.house.site / 'run/vain'
        conf.unlink()
        os.mkfifo(conf)  # it stands still where it reads it
        for held in ('', 'this one waits for 1 s'):
            h.start()
            h.wait_log(held)
            end = time.monotonic() + 5
            while not (vain.exists() and vain.read_text().endswith('b')) and time.monotonic() < end:
                time.sleep(0.02)
            h.process.kill()
            h.process.wait()
            assert vain.read_text().endswith('b')
        conf.unlink()
        h.write_conf(SITE)
        h.start()
        h.wait_log('the start before this one came to no end of its own: this one waits for 2 s')
        h.ready()
        assert not vain.exists()


def test_r28_a_place_that_cannot_be_had_holds_back_too():
    with Managed(said='boot.key: No such file or directory') as m:
        key = m.house.site / 'boot.key'
        key.rename(m.house.dir / 'key')
        assert m.held() == 1
        (m.house.site / 'run/vain').unlink()
        (m.house.site / 'run/vain').symlink_to('nowhere')  # where they cannot be counted
        assert m.held() == 5
        (m.house.dir / 'key').rename(key)
        m.house.write_conf(SITE)
        m.house.start()
        m.house.ready()


GOOD = SITE + 'emergency { numbers = {"999"} }\n'
BAD = SITE + 'phone { }\n'
REFUSED = r"configuration refused: ringfence.conf:3: no such option 'phone'"
GOES_ON = r"the start goes on with what was accepted before: ringfence.conf:3: no such option 'phone'"


def test_a_parent_that_dies_after_a_refused_reload_starts_with_what_it_had(house):
    h = house()
    h.ready()
    h.write_conf(GOOD)
    h.reload()
    h.wait_log('configuration generation 2')
    h.write_conf(BAD)
    h.reload()
    h.wait_log(REFUSED)
    kept = (h.site / 'run/ringfence.conf.accepted')
    assert kept.read_text() == GOOD and kept.stat().st_mode & 0o777 == 0o600
    for _ in range(2):  # it does not take what it refused, however often it starts
        h.start_anew()
        h.ready()
        assert re.search(REFUSED, h.log()) and re.search(GOES_ON, h.log()), h.log()
        assert kept.read_text() == GOOD
    h.reload()  # the file counts again, and is refused
    h.wait_log(REFUSED, times=2)
    h.write_conf(SITE)
    h.reload()
    h.wait_log('configuration generation 2')
    assert kept.read_text() == SITE
    h.start_anew()
    h.ready()
    assert 'refused' not in h.log()
    (h.site / 'ringfence.conf').unlink()
    h.start_anew()
    h.ready()
    assert 'goes on with what was accepted before' in h.log()


def test_what_was_accepted_and_cannot_be_read_any_more_ends_the_start(house):
    h = house()
    h.ready()
    h.write_conf(BAD)
    (h.site / 'run/ringfence.conf.accepted').write_text(BAD)
    h.start_anew()
    assert h.process.wait(5) == 1
    assert len(re.findall(REFUSED, h.log())) == 2
    h.write_conf(SITE)
    h.start()
    h.ready()


def test_where_no_copy_can_be_made_the_file_itself_is_read(house):
    h = house()
    h.ready()
    (h.site / 'run/ringfence.conf.read').mkdir()
    h.write_conf(GOOD)
    h.reload()
    h.wait_log('configuration generation 2')
    h.wait_log('ringfence.conf.read: Is a directory')
    (h.site / 'run/ringfence.conf.read').rmdir()


def test_r28_an_address_that_is_taken_ends_no_start_where_another_was_accepted(house):
    """It fits the grammar, so that nobody refused it; a restart finds out."""
    h = house()
    h.ready()
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        at = f'127.0.0.1:{taken.getsockname()[1]}'
        h.write_conf(f'domain = voice.example\nphones {{ listen = "{at}" }}\n')
        h.start_anew()
        h.ready()
    h.wait_log(f'the start goes on with what was accepted before: cannot listen on {at}: Address already in use', 0.1)
    assert re.search(r'ready, sip:voice.example at ' + re.search(r'listen = "(.*)"', SITE)[1], h.log())


NEW = SITE + 'limits { calls = 77 }\n'
NOT_LIKED = 'media/0 refuses the configuration: does not like it'


def test_r28_a_process_that_refuses_ends_no_start_where_another_was_accepted(house):
    """And nobody has opened anything by then: what core keeps is as long as the site says."""
    h = house('media refuse-new', real=('core',))
    h.ready()
    h.write_conf(NEW)
    for _ in range(2):
        h.start_anew()
        h.ready()
        h.wait_log(NOT_LIKED, 0.1)
        h.wait_log('the start goes on with what was accepted before: media: does not like it', 0.1)
        assert 'are lost' not in h.log() and len(h.children()) == len(NAMES), h.log()
        assert (h.site / 'run/ringfence.conf.accepted').read_text() == SITE
    h.conduct()  # and once it likes it, the file counts
    h.start_anew()
    h.ready()
    assert 'refuses' not in h.log() and 'are lost' not in h.log()   # what core keeps has its places in other limits too
    assert (h.site / 'run/ringfence.conf.accepted').read_text() == NEW


def test_r28_a_process_that_refuses_what_was_accepted_too_ends_the_start(house):
    h = house()
    h.ready()
    h.conduct('media refuse')
    h.start_anew()
    assert h.process.wait(15) == 1
    assert len(re.findall(NOT_LIKED, h.log())) == 2 and not h.children()


def test_a_first_start_that_a_process_refuses_ends_with_its_reason():
    ends_with(House(['media refuse']), 10, NOT_LIKED)


def test_who_dies_before_it_judges_holds_up_nobody_for_long(house):
    h = house('voice crash-at-start')
    h.wait_log('ringfence: ready', 20)


def ends_with(h, seconds, pattern):
    try:
        assert h.process.wait(seconds) == 1
        assert re.search(pattern, h.log()), h.log()
    finally:
        if h.alive():
            h.process.kill()
            h.process.wait()
        shutil.rmtree(h.dir)


def test_keys_of_calls_never_reach_a_disk():
    """R7: without a ramfs at run/ only an option that says so starts an exchange."""
    ends_with(House(options=()), 5, r'run is no ramfs, .* --insecure-run')


def test_first_start_that_fails_again_and_again_ends():
    ends_with(House(['media crash-at-start']), 10, r'media/0 was started again 3 times in vain: the exchange cannot start')


@pytest.mark.parametrize('name', ['core', 'edge', 'media', 'keeper', 'ledger'])
def test_r28_one_that_cannot_start_takes_nothing_from_an_exchange_that_stood(house, name):
    """Calls stand since before, and somebody may need help (R16): the others serve, it is said, and tried again with growing pauses."""
    h = house()
    h.ready()
    h.conduct(f'{name} crash-at-start')
    h.start_anew()
    found = h.ready()
    assert name not in found and len(found) >= len(NAMES) - 1, h.log()
    h.wait_log(f'{name}/0 cannot start: the exchange goes on without it', 0.1)
    assert 'in vain' not in h.log() and 'was accepted before' not in h.log()
    h.write_conf(GOOD)
    h.reload()  # whoever mends the configuration is not held up
    h.wait_log('configuration generation 2', 10)
    deaths = len(re.findall(f'{name}/0 aborted', h.log()))
    time.sleep(6)
    assert 1 <= len(re.findall(f'{name}/0 aborted', h.log())) - deaths <= 2
    assert {n: p for n, p in h.children().items() if n != name} == {n: p for n, p in found.items() if n != name}
    h.conduct()
    h.wait_new(name, None, 8)


def test_r28_one_that_is_not_there_takes_nothing_either(house):
    h = house()
    h.ready()
    program = h.dir / 'libexec/ringfence-core'
    to = program.readlink()
    program.unlink()
    h.start_anew()
    assert 'core' not in h.ready()
    h.wait_log('core/0 cannot start: the exchange goes on without it', 0.1)
    program.symlink_to(to)


def test_r28_one_that_never_gets_ready_takes_nothing_either(house):
    h = house()
    h.ready()
    h.conduct('media hang-at-start')
    h.start_anew()
    h.wait_log('ringfence: ready', 35)
    h.wait_log('media/0 cannot start: the exchange goes on without it', 0.1)


def test_r28_what_dies_of_a_new_configuration_runs_with_the_one_of_before(house):
    h = house()
    h.ready()
    h.conduct('media crash-new')
    h.write_conf(NEW)
    h.start_anew()
    assert len(h.ready()) == len(NAMES), h.log()
    h.wait_log('the start goes on with what was accepted before: media dies again and again', 0.1)
    assert 'cannot start' not in h.log() and (h.site / 'run/ringfence.conf.accepted').read_text() == SITE


@pytest.mark.parametrize('name', ['net', 'watch', 'voice'])
def test_r28_the_start_goes_on_without_what_calls_do_not_need(house, name):
    """It is said, tried again and again, holds up no reload, and is there once it can be."""
    h = house(f'{name} crash-at-start')
    found = h.ready()
    assert name not in found and len(found) >= len(NAMES) - 1
    h.wait_log(f'{name}/0 cannot start: the exchange goes on without it', 0.1)
    h.write_conf(GOOD)
    h.reload()
    h.wait_log('configuration generation 2', 10)
    h.conduct()
    h.wait_new(name, None, 8)
