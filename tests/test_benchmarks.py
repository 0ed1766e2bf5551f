"""The benchmarks measure, and the book says of them what they found."""

import json
import platform
import sys
from statistics import median

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import (
    bulk,
    checkpoints,
    conversion,
    files,
    machine,
    remote,
    report,
    run,
    shards,
    targets,
)
from benchmarks.cases import CASES
from tests.chapters import ROOT

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


def test_failure_of_a_case_is_told(tmp_path):
    with pytest.raises(RuntimeError, match='FileNotFoundError'):
        run.measure(CASES[0], files.TINY, tmp_path)


def test_files_are_deleted_after_an_interruption(tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.run([files.TINY], most=1, folder=str(tmp_path), advance=interrupt)
    assert list(tmp_path.iterdir()) == []


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
    assert all(row['rounds'] >= 5 for row in RESULTS['rows'])


def test_stored_table_is_that_of_the_stored_results():
    table = benchmarks.TABLE.read_text('utf-8')
    assert table == report.markdown(RESULTS) + '\n'
    assert len(targets.found(RESULTS)) == 29


def test_stored_results_tell_the_kind_of_a_machine_and_no_name():
    assert set(RESULTS['machine']) == set(machine.machine(ROOT))
    text = benchmarks.RESULTS.read_text('utf-8')
    assert '/' not in text
    assert platform.node() not in text


def row(name, seconds):
    call = {'seconds': seconds, 'anonymous': 0, 'peak': 0}
    case = {'group': 'load', 'name': name, 'size': '100 MiB', 'kind': 'few'}
    return {**case, 'arrays': 10, 'calls': [call]}


def test_target_is_a_ratio_of_medians():
    known = [t for t in targets.TARGETS if t.against == 'read']
    results = {'rows': [row(targets.MAPPED, 1), row('read', 4)]}
    ((target, size, value),) = targets.found(results, known)
    assert (target.bound, size, value) == (0.5, '100 MiB', 0.25)


def test_missed_target_is_told():
    missed = report.bound_row('save', '100 MiB', 1.05, 1.06, '')
    reached = report.bound_row('save', '100 MiB', 1.05, 1.04, '')
    assert '**no**' in missed
    assert '**no**' not in reached


# What the chapter on memory maps says


@pytest.mark.parametrize('size', LARGE)
def test_map_of_few_arrays_takes_less_than_a_tenth_of_reading(size):
    assert ratio('load', 'd2l_rw, mapped', 'read', size, 'few') < 0.1


OTHERS = [
    (row['name'], row['size'], row['kind'])
    for row in RESULTS['rows']
    if row['group'] == 'load'
    and row['name'] in ('safetensors', 'mxnet', 'numpy')
]


@pytest.mark.parametrize(('other', 'size', 'kind'), OTHERS)
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


CHECKPOINTS = json.loads(checkpoints.RESULTS.read_text('utf-8'))


@pytest.mark.parametrize(
    ('kind', 'name', 'ratio'), checkpoints.ratios(CHECKPOINTS)
)
def test_checkpoints_keep_their_bound(kind, name, ratio):
    assert ratio > 0
    if 'synced' not in name:
        assert ratio <= checkpoints.BOUND


def test_checkpoints_of_the_results_have_100_mib():
    for row in CHECKPOINTS['rows']:
        assert row['nbytes'] == pytest.approx(100 * 2**20, rel=0.01)
        assert {len(times) for times in row['seconds'].values()} == {15}


@pytest.mark.parametrize(
    ('other', 'factor'), [('hash, SHA-256', 10), ('hash, CRC-32', 4)]
)
def test_checksum_is_as_fast_as_the_module_says(other, factor):
    for row in CHECKPOINTS['rows']:
        times = row['seconds']
        ratio = median(times[other]) / median(times['hash, XXH3-128'])
        assert ratio >= factor


def test_checkpoints_are_measured(capsys):
    checkpoints.main(['--quick'])
    table = capsys.readouterr().out
    for name in CHECKPOINTS['rows'][0]['seconds']:
        assert f'| {name} | 12 |' in table


def test_stored_table_is_of_the_stored_results():
    table = checkpoints.TABLE.read_text('utf-8')
    assert table == checkpoints.markdown(CHECKPOINTS) + '\n'


CONVERSION = json.loads(conversion.RESULTS.read_text('utf-8'))


@pytest.mark.parametrize(
    ('kind', 'name', 'ratio'), conversion.ratios(CONVERSION)
)
def test_conversions_keep_their_bound(kind, name, ratio):
    assert 0 < ratio <= conversion.BOUND


def test_conversions_take_little_memory():
    for row in CONVERSION['rows']:
        assert row['nbytes'] >= 2**30
        most = max(row['memory'].values())
        assert most < conversion.MEMORY_BOUND * conversion.MIB


def test_conversions_are_measured(capsys):
    conversion.main(['--quick'])
    printed = capsys.readouterr().out
    for pair in conversion.PAIRS:
        assert f'| {" to ".join(pair)} | few |' in printed


def test_table_of_conversions_is_that_of_the_results():
    table = conversion.TABLE.read_text('utf-8')
    assert table == conversion.markdown(CONVERSION) + '\n'


SHARDS = json.loads(shards.RESULTS.read_text('utf-8'))


def test_shards_are_measured_beside_those_of_hugging_face():
    for row in SHARDS['rows']:
        assert row['nbytes'] >= 2**30 - 2**20
        for by_name in row['seconds'].values():
            assert {shards.OURS, shards.THEIRS} <= by_name.keys()
            assert {*map(len, by_name.values())} == {shards.ROUNDS}


def test_table_of_shards_is_that_of_the_results():
    table = shards.TABLE.read_text('utf-8')
    assert table == shards.markdown(SHARDS) + '\n'


BULK = json.loads(bulk.RESULTS.read_text('utf-8'))


@pytest.mark.parametrize('row', BULK['rows'], ids=lambda row: row['kind'])
def test_many_files_keep_their_bounds(row):
    gain, overhead = bulk.ratios(row)
    assert gain > 1
    if row['kind'] in bulk.BOUND:
        assert gain >= bulk.GAIN
        assert overhead <= bulk.OVERHEAD


def test_many_files_are_a_thousand_of_1_mib():
    kinds = {row['kind']: row for row in BULK['rows']}
    assert set(kinds) == set(bulk.LAYOUTS)
    for kind in bulk.BOUND:
        row = kinds[kind]
        assert (row['files'], row['nbytes']) == (1_000, 2**20)
        assert {len(times) for times in row['seconds'].values()} == {5}


def test_constants_of_the_model_agree_with_what_is_measured():
    found = bulk.constants(BULK)
    (row,) = (row for row in BULK['rows'] if row['kind'] == 'memory')
    each = found['seconds'] + row['nbytes'] / found['rate']
    seconds = median(row['seconds'][bulk.ONE]) / row['files']
    assert each == pytest.approx(seconds, rel=0.4)


def test_many_files_are_measured(capsys):
    bulk.main(['--quick'])
    printed = capsys.readouterr().out
    for name in (bulk.ONE, bulk.TWO, bulk.CLUSTER):
        assert f'| {name} |' in printed


def test_table_of_many_files_is_that_of_the_results():
    table = bulk.TABLE.read_text('utf-8')
    assert table == bulk.markdown(BULK) + '\n'


REMOTE = json.loads(remote.RESULTS.read_text('utf-8'))


@pytest.mark.parametrize('row', REMOTE['rows'], ids=lambda row: row['kind'])
def test_one_array_far_away_costs_little(row):
    taken = remote.ours(row)[remote.ONE]
    if row['arrays'] == 8:
        assert row['array'] == remote.MIB
        assert taken['requests'] <= remote.MOST_REQUESTS
        assert taken['nbytes'] <= row['array'] + remote.MOST_SPARE
    assert taken['nbytes'] <= 1.01 * row['nbytes']
    peer = row['calls'][remote.PEER][remote.ONE]
    assert median(taken['seconds']) <= 1.05 * median(peer['seconds'])


@pytest.mark.parametrize('row', REMOTE['rows'], ids=lambda row: row['kind'])
def test_block_is_about_as_fast_as_any(row):
    assert row['nbytes'] == pytest.approx(2**30, rel=0.01)
    fastest = min(
        median(steps[remote.ONE]['seconds'])
        for name, steps in row['calls'].items()
        if name != remote.PEER
    )
    taken = median(remote.ours(row)[remote.ONE]['seconds'])
    assert taken <= 1.1 * fastest


def test_reading_far_away_is_measured(capsys):
    remote.main(['--quick'])
    printed = capsys.readouterr().out
    for name in REMOTE['rows'][0]['calls']:
        assert f' | {name} | {remote.ONE} | ' in printed


def test_table_of_reading_far_away_is_that_of_the_results():
    table = remote.TABLE.read_text('utf-8')
    assert table == remote.markdown(REMOTE) + '\n'


# What the chapter about many files says of all this.
MANY_FILES = (ROOT / 'chapters' / 'many-files.md').read_text('utf-8')


def test_chapter_tells_the_constants_of_the_model():
    found = bulk.constants(BULK)
    milliseconds, rate = 1e3 * found['seconds'], found['rate'] / 2**20
    assert f'\noverhead = {milliseconds:.2f}e-3  # seconds\n' in MANY_FILES
    assert f'\nspeed = {rate:.0f} * 2**20  # bytes' in MANY_FILES


@pytest.mark.parametrize('row', REMOTE['rows'], ids=lambda row: row['kind'])
def test_chapter_tells_what_files_far_away_cost(row):
    taken = remote.ours(row)[remote.ONE]
    kind = 'safetensors' if 'safetensors' in row['kind'] else 'MXNet'
    cells = (
        f'{kind}, {row["arrays"]:,} arrays',
        str(taken['requests']),
        f'{taken["nbytes"] / remote.MIB:,.1f}',
        f'{median(taken["seconds"]):.1f}',
    )
    assert f'| {" | ".join(cells)} |\n' in MANY_FILES
