"""The benchmarks measure, and the book says of them what they found."""

import json
import sys

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import files, report, run, targets
from benchmarks.cases import CASES

pytestmark = pytest.mark.skipif(
    sys.platform != 'linux', reason='memory is read from /proc'
)
RESULTS = json.loads(benchmarks.RESULTS.read_text('utf-8'))
LARGE = '100 MiB', '2 GiB'


def seconds(group, name, size, kind):
    """Return the median of one case in the stored results."""
    (row,) = (
        row
        for row in RESULTS['rows']
        if (row['group'], row['name']) == (group, name)
        and (row['size'], row['kind']) == (size, kind)
    )
    return row['calls'][0]['seconds']


def ratio(group, name, other, size, kind):
    ours = seconds(group, name, size, kind)
    return ours / seconds(group, other, size, kind)


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """A small layout, and a folder that holds its files."""
    folder = tmp_path_factory.mktemp('benchmarks')
    layout = files.Layout('tiny', 'few', 2, (8, 32))
    for made in (files.TINY, layout):
        files.make(made, folder)
    return layout, folder


@pytest.mark.parametrize(
    'case',
    [case for case in CASES if 'd2l_rw' in case.name],
    ids=lambda case: f'{case.group}, {case.name}',
)
def test_measurement_has_times_and_memory(case, made):
    calls = run.measure(case, *made)
    assert len(calls) == case.calls
    for call in calls:
        assert call['seconds'] > 0
        assert call['faults'] >= 0
        assert call['peak'] >= 0


def test_stored_results_are_those_of_all_cases():
    expected = {
        (layout.size, layout.kind, case.group, case.name)
        for layout in files.LAYOUTS
        for case in run.cases_of(layout)
    }
    found = [
        (row['size'], row['kind'], row['group'], row['name'])
        for row in RESULTS['rows']
    ]
    assert len(found) == len(expected)
    assert set(found) == expected
    assert RESULTS['rounds'] >= 5


def test_stored_table_is_that_of_the_stored_results():
    table = benchmarks.TABLE.read_text('utf-8')
    assert table == report.markdown(RESULTS) + '\n'
    assert len(targets.found(RESULTS)) == 29


# What the chapter on memory maps says


@pytest.mark.parametrize('size', LARGE)
def test_map_of_few_arrays_takes_less_than_a_tenth_of_reading(size):
    assert ratio('load', 'd2l_rw, mapped', 'read', size, 'few') < 0.1


@pytest.mark.parametrize('size', ['1 MiB', *LARGE])
@pytest.mark.parametrize('kind', ['few', 'many'])
@pytest.mark.parametrize('other', ['safetensors', 'mxnet', 'numpy'])
def test_others_take_longer_than_the_map(other, size, kind):
    assert ratio('load', 'd2l_rw, mapped', other, size, kind) < 1


def test_plain_reading_wins_with_a_small_file_of_many_arrays():
    assert ratio('load', 'd2l_rw, mapped', 'read', '1 MiB', 'many') > 1


@pytest.mark.parametrize('size', LARGE)
def test_copies_of_large_arrays_take_less_than_reading(size):
    assert ratio('load', 'd2l_rw, copied', 'read', size, 'few') < 1


def test_map_gives_one_of_eight_faster_than_pread():
    assert ratio('one', 'd2l_rw', 'pread', '2 GiB', 'few') < 1


def test_safetensors_finds_one_of_many_faster():
    assert ratio('one', 'd2l_rw', 'safetensors', '2 GiB', 'many') > 1


@pytest.mark.parametrize('kind', ['few', 'many'])
def test_mapped_arrays_take_next_to_no_memory(kind):
    (row,) = (
        row
        for row in RESULTS['rows']
        if (row['name'], row['size'], row['kind'])
        == ('d2l_rw, mapped', '2 GiB', kind)
    )
    assert row['calls'][0]['anonymous'] < row['nbytes'] / 100
