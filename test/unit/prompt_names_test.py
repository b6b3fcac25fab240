# SPDX-License-Identifier: ISC
"""Every name that core or voice says stands in the catalogue of texts, and every language has all of its names and no others: one that is
misspelled would be silence in a call (R14, R15)."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MADE = {'music'}  # by proc/voice's packer
SPECIAL = {'message'}  # what was recorded

STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
# where core has words for voice
SAYS = [re.compile(r, re.S) for r in (
    r'\btell\w*\([^;{]*;', r'\bsay\s*=[^;=][^;]*;', r'\.say\s*=\s*"[^"]*"', r'mail_say,[^;]*;', r'#define SAY_\w+ [^\n]*',
    r'\bprompt_of\([^;{]*\)\n\{.*?\n\}', r'struct step \w+\[[^;]*;', r'\} change\[SERVICES\] = \{.*?\n\};', r'\bset\(c, [^;]*;',
    r'\bdialogue_loop\([^;{]*;', r'\bdesk_words\([^;{]*\)\n\{.*?\n\}', r'\bput_spelled\([^;{]*\)\n\{.*?\n\}', r'\} spoken\[\] = [^;]*;',
    r'\bstruct span name = [^;]*;')]


def read(language):
    lines = (ROOT / 'share/prompts' / language / 'prompts.txt').read_text(encoding='utf-8').splitlines()
    return [line.partition('=')[0].strip() for line in lines if line.strip() and line[0] not in '#%']


def sources():
    files = [*sorted((ROOT / 'proc/core').glob('*.[ch]')), ROOT / 'proc/voice/say.c']
    for path in files:
        yield path.name, re.sub(r'/\*.*?\*/', '', path.read_text(encoding='utf-8'), flags=re.S)


def words(text):
    for string in STRING.findall(text):
        for word in string.split():
            if ':' not in word and word not in ('%s', '%u', 's'):  # 's' ends what %s begins
                yield word


def meant(word):
    """What a word with a conversion in it may come to."""
    if word.endswith('%s'):
        return {word[:-2], word[:-2] + 's'}
    return {word + c for c in 'abcdefghijklmnopqrstuvwxyz'} if word == 'letter-' else {word}


def said():
    out = {}
    for name, text in sources():
        for form in SAYS:
            for found in form.findall(text):
                for word in words(found):
                    for one in meant(word):
                        out.setdefault(one, name)
    return out


def test_what_is_said_is_in_the_catalogue():
    catalogue, out = set(read('en')), said()
    assert len(out) > 60, 'the forms in which core says something have changed'
    missing = {word: where for word, where in out.items() if word not in catalogue | MADE | SPECIAL}
    assert missing == {}


def test_no_name_is_said_in_a_form_that_is_not_looked_at():
    out = said()
    for name, text in sources():
        assert [w for w in words(text) if '-' in w and w in read('en') and w not in out] == [], name


def test_nothing_in_the_catalogue_is_never_said():
    digits = set('0123456789')
    assert sorted(set(read('en')) - said().keys() - digits) == []
    assert digits <= set(read('en'))


LANGUAGES = sorted(p.parent.name for p in (ROOT / 'share/prompts').glob('*/prompts.txt'))


@pytest.mark.parametrize('language', LANGUAGES)
def test_a_language_has_the_names_of_the_catalogue(language):
    assert sorted(read(language)) == sorted(read('en'))
    assert len(read(language)) == len(set(read(language)))


@pytest.mark.parametrize('language', LANGUAGES)
def test_a_language_is_said_by_a_voice_of_it(language):
    text = (ROOT / 'share/prompts' / language / 'prompts.txt').read_text(encoding='utf-8')
    assert re.findall(r'^%voice (\w+)', text, re.M) == [language.partition('-')[0]]
