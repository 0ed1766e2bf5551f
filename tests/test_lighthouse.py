"""The scores of the pages are measured as said, and kept.

Lighthouse itself is no part of the tests: its scores depend on what else a
machine does.
"""

import json
import re
from urllib.request import Request, urlopen

import pytest

from benchmarks import lighthouse
from tests.chapters import ROOT

GOOD = dict.fromkeys(lighthouse.CATEGORIES, 100)


def test_low_score_is_told():
    pages = {'good': GOOD, 'low': {**GOOD, 'accessibility': 94}}
    assert lighthouse.below(pages) == ['low: accessibility 94, below 95']
    just = {**GOOD, 'performance': 95}
    assert lighthouse.below({'good': GOOD, 'just': just}) == []


def test_every_page_was_scored_and_no_score_is_low():
    pages = lighthouse.stored()['pages']
    missing = set(lighthouse.page_names()) - set(pages)
    assert not missing, 'python -m benchmarks.lighthouse ' + ' '.join(missing)
    assert set(pages) == set(lighthouse.page_names())
    assert lighthouse.below(pages) == []


def test_table_tells_what_is_stored():
    table = lighthouse.markdown(lighthouse.stored())
    assert lighthouse.TABLE.read_text('utf-8') == table + '\n'


def test_page_scored_again_takes_its_place_and_one_that_is_gone_leaves():
    old = {'trust': {'a': 1}, 'gone': {'a': 1}, 'api': {'a': 1}}
    found = lighthouse.merged(old, {'errors': {'a': 2}, 'api': {'a': 2}})
    assert list(found.items()) == [
        ('api', {'a': 2}),
        ('errors', {'a': 2}),
        ('trust', {'a': 1}),
    ]


@pytest.mark.parametrize(
    ('index', 'slowdown'),
    [(100, 1), (800, 2), (1050, 2.5), (1533, 4), (2100, 4)],
)
def test_slow_machine_is_slowed_down_less(index, slowdown):
    assert lighthouse.slowdown_for(index) == slowdown


def test_text_is_served_compressed_and_images_as_they_are(tmp_path):
    (tmp_path / 'a.html').write_text('word ' * 100)
    (tmp_path / 'a.png').write_bytes(b'\x89PNG')
    with lighthouse.served(tmp_path) as address:
        with urlopen(f'{address}/a.html') as answer:
            assert answer.headers['Content-Encoding'] == 'gzip'
            assert int(answer.headers['Content-Length']) < 100
        with urlopen(Request(f'{address}/a.png')) as answer:
            assert answer.read() == b'\x89PNG'


def test_pins_of_npm_carry_hashes_and_no_addresses():
    text = (ROOT / 'package-lock.json').read_text('utf-8')
    assert '://' not in text
    lock = json.loads(text)
    packages = [lock['packages'][name] for name in lock['packages'] if name]
    assert all(re.match(r'sha512-', found['integrity']) for found in packages)
