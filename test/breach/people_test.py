# SPDX-License-Identifier: ISC
"""The command against a whole exchange: settings of people and phones, ring groups, PINs, hashes, emergency notices.
R2, R5, R15, R16, R29, R31."""
import contextlib
import json
import socket
import sqlite3
import time

from command_test import add, house, phone, pytestmark, user  # noqa: F401


def settings(house, *what):
    return {x['name']: x['value'] for x in house.json(*what) if x['kind'] == 'setting'}


def secrets(house, name):
    return next(x for x in house.json('user', 'show', name) if x['kind'] == 'secrets')


def refused(house, *args, code=1, stdin=''):
    p = house.run(*args, check=False, stdin=stdin)
    assert p.returncode == code, (args, p.stdout, p.stderr)
    return p.stderr


def test_settings_of_a_person(house):
    user(house, '130')
    house.run('user', 'set', '130', '--forward-busy', '101', '--dnd', 'on', '--classes', 'local mobile fr night',
              '--ceilings', 'money=20 calls=2', '--blocked', '+15551234567, 102', '--voicemail', '25', '--name', 'Set')
    assert settings(house, 'user', 'show', '130') == {
        'forward-busy': '101', 'dnd': 'on', 'classes': 'local mobile fr night', 'ceilings': 'money=20 calls=2',
        'blocked': '+15551234567, 102', 'voicemail': '25'}
    assert 'forward-busy' in house.run('user', 'show', '130').stdout
    house.run('user', 'set', '130', '--dnd', 'off', '--blocked', 'none', '--voicemail', 'off')
    assert set(settings(house, 'user', 'show', '130')) == {'forward-busy', 'classes', 'ceilings', 'voicemail'}
    assert settings(house, 'user', 'show', '130')['voicemail'] == 'off'  # whatever the site's default is
    house.run('user', 'set', '130', '--voicemail', 'none')
    assert set(settings(house, 'user', 'show', '130')) == {'forward-busy', 'classes', 'ceilings'}
    for option, value, why in (('--ring-seconds', '4', '5 to 600'), ('--classes', 'everything', 'class'), ('--dnd', 'perhaps', 'on nor off'),
                               ('--outside-number', 'anna', 'outside number'), ('--forward-always', 'a b', 'no number'),
                               ('--ceilings', 'gold=1', 'money')):
        said = refused(house, 'user', 'set', '130', option, value, '--forward-busy', '102', code=2)
        assert option in said and why in said, said
    assert settings(house, 'user', 'show', '130')['forward-busy'] == '101'  # all or none
    assert 'no user of this name' in refused(house, 'user', 'set', '139', '--dnd', 'on')
    assert 'no user of this name' in refused(house, 'user', 'show', '139')
    house.run('user', 'delete', '130')
    user(house, '130')
    assert settings(house, 'user', 'show', '130') == {}
    house.run('user', 'delete', '130')


def test_the_exchange_itself_judges_settings(house):
    """Not only the command: who speaks with the socket gets the same answer."""
    user(house, '131')
    for body, why in (('ring-seconds=4\n', 'ring-seconds is'), ('aura=blue\n', 'no such setting'), ('dnd\n', 'no such setting'),
                      ('location=country=GB\n', 'location is'), ('dnd=on\nring-seconds=1\n', 'ring-seconds')):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(house.site / 'run/ctl.sock'))
            s.sendall(f'verb=user-set\nname=131\nbody={len(body)}\n\n{body}'.encode())
            done = json.loads(s.makefile().read().splitlines()[-1])
        assert done['result'] == 'refused' and why in done['why'], done
    assert settings(house, 'user', 'show', '131') == {}


def test_settings_of_a_phone(house):
    number = add(house, 'located')['phone']
    where = 'country=GB, city=London, street=Baker Street, house=221B, floor=1, room=2, postcode=NW1 6XE'
    house.run('phone', 'set', 'located', '--location', where, '--subnet', '10.1.2.0/24, 2001:db8::/32', '--join', 'ended', '--fixed', 'on')
    assert settings(house, 'phone', 'show', 'located') == {'location': where, 'subnet': '10.1.2.0/24, 2001:db8::/32', 'join': 'ended'}
    assert phone(house, number)['flags'] == 'fixed' and 'Baker Street' in house.run('phone', 'show', number).stdout
    assert 'country' in refused(house, 'phone', 'set', 'located', '--location', 'city=London', code=2)
    assert 'network' in refused(house, 'phone', 'set', 'located', '--subnet', '10.1.2.3/24', code=2)
    house.run('phone', 'set', 'located', '--location', 'none')
    assert 'location' not in settings(house, 'phone', 'show', 'located')
    house.run('phone', 'revoke', 'located')
    assert refused(house, 'phone', 'set', number, '--join', 'ended')


def test_ring_groups(house):
    user(house, '132')
    user(house, '133')
    house.run('group', 'add', '200', '--members', '132,133', '--strategy', 'in-turn', '--ring-seconds', '15',
              '--forward-no-answer', '132', '--name', 'Sales')
    assert house.json('group', 'list') == [{'kind': 'group', 'name': '200', 'display': 'Sales', 'members': '132,133',
                                            'strategy': 'in-turn', 'ring_seconds': 15, 'forward_no_answer': '132'}]
    assert 'Sales' in house.run('group', 'list').stdout
    assert 'exists' in refused(house, 'group', 'add', '200', '--members', '132')
    assert 'user of this name' in refused(house, 'group', 'add', '132', '--members', '133')
    assert 'ring group' in refused(house, 'user', 'add', '200', stdin='x1234567\n')
    assert 'members' in refused(house, 'group', 'add', '201', '--members', '132,999') and len(house.json('group', 'list')) == 1
    assert 'members' in refused(house, 'group', 'add', '201', code=2)
    house.run('group', 'set', '200', '--members', '133', '--strategy', 'all')
    assert house.json('group', 'list')[0]['members'] == '133' and house.json('group', 'list')[0]['display'] == 'Sales'
    said = refused(house, 'group', 'set', '200', '--forward-no-answer', '+33123456789', '--members', '132')
    assert 'people and groups here alone' in said and '33123' not in said, said     # R14, and all or none
    assert house.json('group', 'list')[0]['forward_no_answer'] == '132' and house.json('group', 'list')[0]['members'] == '133'
    house.run('site', 'set', '--front-desk', '200', '--night', 'off')
    assert settings(house, 'site', 'show') == {'front-desk': '200', 'night': 'off'}
    assert 'front-desk' in refused(house, 'site', 'set', '--front-desk', '999')
    house.run('site', 'set', '--front-desk', 'none', '--night', 'auto')
    assert settings(house, 'site', 'show') == {}
    house.run('group', 'delete', '200')
    assert house.json('group', 'list') == [] and 'no ring group' in refused(house, 'group', 'set', '200', '--members', '132')


def told(house, name, detail):
    """The event of that person, which keeper tells of on its own; what it is of."""
    number = next(x['number'] for x in house.json('user', 'show', name) if x['kind'] == 'user')
    for _ in range(50):
        events = house.json('events', '--last', '50')
        for e in events:
            if e.get('detail') == detail and e['user'] == number:
                return e['what']
        time.sleep(0.1)
    raise AssertionError(events)


def test_r15_pin(house):
    user(house, '134')
    assert secrets(house, '134')['pin'] == 'none'
    house.run('user', 'pin', '134', stdin='73918264\n')
    assert secrets(house, '134') == {'kind': 'secrets', 'password': True, 'md5': False, 'pin': 'set', 'wrong': 0, 'dialled': 0, 'locked_s': 0}
    for bad in ('1234', '0134', '999', 'abcd', '2580'):
        said = refused(house, 'user', 'pin', '134', stdin=bad + '\n')
        assert '4 to 12 digits' in said and bad not in said
    assert refused(house, 'user', 'pin', '134', '73918264', code=2)  # never an argument, where others see it
    made = next(x for x in house.json('user', 'pin', '134', '--generate') if x['kind'] == 'pin')['pin']
    assert len(made) == 6 and made.isdigit()
    house.run('user', 'pin', '134', '--unlock')
    house.run('user', 'forget-dialled', '134')
    for detail in ('PIN set', 'PIN unlocked', 'dialled numbers forgotten'):  # an administrator's doing, not a phone's (R23)
        assert told(house, '134', detail) == 'user'
    assert 'no user of this name' in refused(house, 'user', 'pin', '139', stdin='73918264\n')
    house.run('user', 'pin', '134', '--remove')
    assert secrets(house, '134')['pin'] == 'none'
    house.run('user', 'pin', '134', '--pin-stdin', stdin='73918264\n')
    house.run('user', 'delete', '134')
    user(house, '134')
    assert secrets(house, '134')['pin'] == 'none'  # of another of this name
    for p in house.site.rglob('*'):
        if p.is_file():
            assert b'73918264' not in p.read_bytes(), p
    assert b'73918264' not in house.log_path.read_bytes()


def test_r2_a_lock_is_lifted(house):
    user(house, '141')
    assert secrets(house, '141')['locked_s'] == 0
    house.run('user', 'set', '141', '--unlock')
    number = next(x['number'] for x in house.json('user', 'show', '141') if x['kind'] == 'user')
    for _ in range(50):  # keeper tells of it on its own
        if any(e.get('detail') == 'wrong passwords forgotten' and e['user'] == number for e in house.json('events', '--last', '50')):
            break
        time.sleep(0.1)
    else:
        raise AssertionError(house.json('events', '--last', '50'))
    house.run('user', 'set', '141', '--password', stdin='a-secret-2\n')
    assert 'no user of this name' in refused(house, 'user', 'set', '149', '--unlock')
    assert 'no option' in refused(house, 'user', 'set', '141', code=2)


def test_r2_an_md5_hash_only_where_it_is_needed(house):
    user(house, '135')
    got = house.json('phone', 'add', 'knows-no-better', '--user', '135', '--md5')
    assert [x['kind'] for x in got] == ['code', 'password-needed', 'not-fixed'] and got[1]['user'] == '135'
    assert not secrets(house, '135')['md5']
    house.run('user', 'set', '135', '--password', stdin='a-secret-2\n')
    assert secrets(house, '135')['md5']
    user(house, '136')
    assert 'user set 136 --password' in house.run('phone', 'bind', 'knows-no-better', '136').stdout
    house.run('user', 'set', '136', '--password', stdin='a-secret-2\n')
    assert secrets(house, '136')['md5'] and '--password' not in house.run('phone', 'bind', 'knows-no-better', '136').stdout
    house.run('phone', 'revoke', 'knows-no-better')
    house.run('user', 'set', '136', '--password', stdin='a-secret-3\n')
    assert not secrets(house, '136')['md5']
    house.run('user', 'add', '137', '--md5', stdin='a-secret-1\n')
    assert secrets(house, '137')['md5']
    assert [x['kind'] for x in house.json('phone', 'add', 'baresip', '--user', '137', '--md5')] == ['code', 'not-fixed']


def test_r16_notices(house):
    assert house.json('notices') == [] and 'notice' in refused(house, 'notice', 'take', '9', '--by', 'anna')
    assert refused(house, 'notice', 'take', '9', code=2) and refused(house, 'notice', 'take', 'x', '--by', 'anna', code=2)


def test_voice_messages_are_counted_and_deleted(house):
    """Rows as ledger writes them: two new, one heard, one that is being recorded; of another person one (R7, R31)."""
    user(house, '138')
    user(house, '139')
    number = {n: next(x for x in house.json('user', 'show', n) if x['kind'] == 'user')['number'] for n in ('138', '139')}
    house.run('stop')
    house.process.wait(10)
    with contextlib.closing(sqlite3.connect(house.site / 'ledger/ledger.db')) as db, db:
        for i, (who, state) in enumerate((('138', 1), ('138', 1), ('138', 2), ('138', 0), ('139', 1))):
            db.execute('INSERT INTO messages VALUES (?, ?, ?, 1000, ?)', (900 + i, number[who], int(time.time() * 1000), state))
            db.execute('INSERT INTO message_pieces VALUES (?, 0, ?)', (900 + i, b'sealed'))
    house.start()

    def messages(name):
        line = next(x for x in house.json('user', 'show', name) if x['kind'] == 'user')
        return line['messages_new'], line['messages_old']
    assert messages('138') == (2, 1) and messages('139') == (1, 0)
    assert '2 new, 1 old' in house.run('user', 'show', '138').stdout
    assert 'no voice messages' in house.run('user', 'forget-messages', '138').stdout
    assert messages('138') == (0, 0) and messages('139') == (1, 0)
    house.run('stop')
    house.process.wait(10)
    with contextlib.closing(sqlite3.connect(house.site / 'ledger/ledger.db')) as db:
        assert db.execute('SELECT person FROM messages').fetchall() == [(number['139'],)]
        assert db.execute('SELECT message FROM message_pieces').fetchall() == [(904,)]
    house.start()
    deleted = [x for x in house.json('events', '--last', '20') if x.get('detail') == 'voice messages deleted']
    assert len(deleted) == 1 and deleted[0]['user'] == number['138'] and deleted[0]['what'] == 'user'
    assert 'no user of this name' in refused(house, 'user', 'forget-messages', '199')
