"""A whole tree is converted, once, whatever happens meanwhile."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from d2l_rw import (
    bulk,
    check_tree,
    convert_tree,
    files,
    load,
    save,
    workers,
)
from d2l_rw.cli import main
from d2l_rw.errors import FormatError
from tests import deadly_work
from tests.cases import CSR_INT32, same_arrays
from tests.remote_files import sparse_params

pytestmark = pytest.mark.skipif(
    os.name != 'posix', reason='reports are locked as POSIX does'
)


def arrays_of(number):
    return {'weight': np.full((3, 4), number, 'float32'), 'n': np.ones(2)}


def make_tree(root, count=6):
    """Write small files in folders of two levels."""
    for number in range(count):
        path = root / f'part{number % 2}' / 'deep' / f'model{number}.params'
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path, arrays_of(number), sync=False)
    return root


@pytest.fixture
def tree(tmp_path):
    return make_tree(tmp_path / 'source')


def converted(tree, **options):
    """Convert a tree with the options that make tests short."""
    target = options.pop('target', tree.parent / 'target')
    options = {'sync': False, **options}
    if 'scheduler' not in options:
        options.setdefault('workers', 1)
    return convert_tree(tree, target, **options)


def report(target):
    lines = (target / bulk.REPORT).read_text().splitlines()
    return [json.loads(line) for line in lines]


def times(root):
    """Return when each file and folder was written last."""
    return {path: path.stat().st_mtime_ns for path in root.rglob('*')}


def contents(root, pattern='*.safetensors'):
    """Return the bytes of the files of a tree, by name."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob(pattern)
    }


def assert_converted(source, target, count):
    """Every file is in the target, with the same arrays."""
    paths = sorted(source.rglob('*.params'))
    assert len(paths) == count
    for path in paths:
        name = path.relative_to(source).with_suffix('.safetensors')
        found = load(target / name)
        assert same_arrays(
            dict(sorted(found.items())), dict(sorted(load(path).items()))
        )


class After:
    """Call once, when some files are done and others are on their way."""

    def __init__(self, call):
        self.call, self.calls = call, 0

    def __call__(self, done, total):
        if 0 < done < total and not self.calls:
            self.calls += 1
            self.call()


# A run, and the next one


def test_tree_is_converted_file_by_file(tree, tmp_path):
    found = converted(tree)
    assert (found.done, found.skipped, found.failed) == (6, 0, {})
    assert found.nbytes == 6 * (48 + 16)
    assert_converted(tree, tmp_path / 'target', 6)


def test_report_tells_of_every_file_in_one_line(tree, tmp_path):
    converted(tree, workers=2)
    lines = report(tmp_path / 'target')
    expected = [f'part{n % 2}/deep/model{n}.params' for n in range(6)]
    assert sorted(line['name'] for line in lines) == sorted(expected)
    assert {line['status'] for line in lines} == {'done'}
    assert {(line['arrays'], line['bytes']) for line in lines} == {(2, 64)}
    assert lines[0]['target'].endswith('.safetensors')


def test_next_run_does_nothing(tree, tmp_path):
    converted(tree)
    before = times(tmp_path / 'target')
    again = converted(tree)
    assert (again.done, again.skipped) == (0, 6)
    assert times(tmp_path / 'target') == before


def change_source(tree, target):
    save(next(tree.rglob('model3.params')), arrays_of(33), sync=False)


def delete_target(tree, target):
    next(target.rglob('model3.safetensors')).unlink()


def change_target(tree, target):
    next(target.rglob('model3.safetensors')).write_bytes(b'other')


@pytest.mark.parametrize(
    'change', [change_source, delete_target, change_target]
)
def test_file_whose_source_or_target_is_another_is_done_again(
    change, tree, tmp_path
):
    converted(tree)
    change(tree, tmp_path / 'target')
    again = converted(tree)
    assert (again.done, again.skipped) == (1, 5)
    assert_converted(tree, tmp_path / 'target', 6)


def test_other_options_do_files_again(tree):
    converted(tree)
    assert converted(tree, expand_shared=True).done == 6
    assert converted(tree, expand_shared=True).skipped == 6
    assert converted(tree, suffix='npz').done == 6


def test_failed_file_is_tried_again(tree, tmp_path):
    path = next(tree.rglob('model3.params'))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    first = converted(tree)
    ((name, reason),) = first.failed.items()
    assert name == 'part1/deep/model3.params'
    assert 'model3.params: name: expected 1 bytes, got 0' in reason
    assert converted(tree).failed == first.failed
    path.write_bytes(whole)
    again = converted(tree)
    assert (again.done, again.skipped, again.failed) == (1, 5, {})


# The report


@pytest.mark.parametrize('cut', [1, 30, -2])
def test_cut_last_line_costs_only_its_file(cut, tree, tmp_path):
    converted(tree)
    path = tmp_path / 'target' / bulk.REPORT
    *lines, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b''.join(lines) + last[:cut])
    again = converted(tree)
    assert (again.done, again.skipped) == (1, 5)
    assert again.notes == (bulk.CUT,)
    assert len(report(tmp_path / 'target')) == 6
    assert converted(tree).notes == ()


@pytest.mark.parametrize(
    'text',
    [
        'a letter',
        'a letter\n',
        '{"name": 3}\n',
        '{"name": \n{}\n',
        '{"name": [], "target": 0, "status": "done", "options": 0, '
        '"source": 0, "written": 0}\n',
    ],
)
def test_other_file_is_no_report_and_stays(text, tree, tmp_path):
    path = tmp_path / 'letter'
    path.write_text(text)
    with pytest.raises(FormatError, match=r'letter: line 1: expected that'):
        converted(tree, report=path)
    assert path.read_text() == text


def test_second_run_on_a_report_is_refused(tree, tmp_path):
    path = tmp_path / 'report'
    with (
        files.locked(path),
        pytest.raises(BlockingIOError, match='another run is at work'),
    ):
        converted(tree, report=path)


@pytest.mark.parametrize(
    ('path', 'message'),
    [('/dev/full', 'a regular file'), ('no/report', 'No such file')],
)
def test_report_that_cannot_be_is_an_error_that_names_it(
    path, message, tree, tmp_path
):
    with pytest.raises(OSError, match=message) as caught:
        converted(tree, report=tmp_path / path)
    assert Path(caught.value.filename) == tmp_path / path


# Which files


def test_files_of_arrays_are_known_by_their_names(tree):
    shout = tree / 'LOUD.PARAMS'
    save(shout, arrays_of(1), sync=False)
    save(tree / 'old.nd', arrays_of(2), sync=False)
    np.savez(tree / 'some.npz', weight=np.ones(3))
    (tree / 'notes.txt').write_text('no arrays')
    os.mkfifo(tree / 'pipe.params')
    found = converted(tree)
    assert (found.done, found.others, found.failed) == (9, 1, {})


def test_links_to_folders_are_not_followed(tree):
    (tree / 'part0' / 'loop').symlink_to(tree)
    (tree / 'linked.params').symlink_to(next(tree.rglob('model3.params')))
    assert converted(tree).done == 7


def test_link_that_leads_nowhere_is_told(tree):
    (tree / 'lost.params').symlink_to(tree / 'nowhere')
    found = converted(tree)
    assert found.done == 6
    assert 'No such file' in found.failed['lost.params']


def test_two_sources_of_one_target_are_both_refused(tree):
    np.savez(tree / 'twin.npz', weight=np.ones(3))
    save(tree / 'twin.params', arrays_of(1), sync=False)
    found = converted(tree)
    assert found.done == 6
    assert sorted(found.failed) == ['twin.npz', 'twin.params']
    expected = 'expected one source, got twin.npz and twin.params'
    assert expected in found.failed['twin.npz']


@pytest.mark.parametrize('name', ['.', '..', 'link'])
def test_target_among_its_sources_is_refused(name, tree):
    (tree.parent / 'link').symlink_to(tree)
    target = tree.parent / 'link' if name == 'link' else tree / name
    with pytest.raises(ValueError, match='a folder without the source'):
        converted(tree, target=target)


def test_target_in_the_source_is_left_out(tree):
    inner = tree / 'part0' / 'converted'
    assert converted(tree, target=inner).done == 6
    again = converted(tree, target=inner, suffix='params')
    assert (again.done, again.skipped, again.others) == (6, 0, 0)


def test_missing_source_is_an_error_that_names_it(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere'):
        converted(tmp_path / 'nowhere')
    assert list(tmp_path.iterdir()) == []


def test_names_of_any_bytes_are_kept(tree, tmp_path):
    name = os.fsdecode(b'odd\n\xff.params')
    save(tree / name, arrays_of(1), sync=False)
    assert converted(tree).failed == {}
    assert converted(tree).skipped == 7


def test_what_the_target_cannot_hold_is_told_unless_asked_for(tree):
    save(tree / 'sparse.params', {'x': CSR_INT32}, sync=False)
    reason = converted(tree).failed['sparse.params']
    assert '.safetensors holds no CSR: dense=True' in reason
    assert converted(tree, dense=True).failed == {}


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'suffix': 'pt'}, "suffix: expected .*, got 'pt'"),
        ({'workers': 0}, 'workers: expected 1 or more, got 0'),
        ({'workers': 1, 'scheduler': 'tcp://x'}, 'scheduler has its own'),
    ],
)
def test_wrong_options_are_refused(options, message, tree):
    with pytest.raises(ValueError, match=message):
        converted(tree, **options)


# Checking


def test_check_tells_damage_and_odd_values(tree):
    cut = next(tree.rglob('model3.params'))
    cut.write_bytes(cut.read_bytes()[:-1])
    save(tree / 'odd.params', {'w': np.array([1, np.nan])}, sync=False)
    found = check_tree(tree, workers=1)
    assert found.done == 5
    assert found.failed['odd.params'] == 'w: 1 values are not finite'
    assert 'expected' in found.failed['part1/deep/model3.params']
    sizes = [p.stat().st_size for p in tree.rglob('*/model*.params')]
    assert found.nbytes == sum(sizes) - cut.stat().st_size


def test_check_goes_on_from_a_report(tree, tmp_path):
    path = tmp_path / 'checked'
    assert check_tree(tree, workers=1, report=path).done == 6
    change_source(tree, None)
    again = check_tree(tree, workers=1, report=path)
    assert (again.done, again.skipped) == (1, 5)


def test_check_without_a_report_leaves_nothing(tree):
    before = times(tree)
    assert check_tree(tree, workers=1).done == 6
    assert check_tree(tree, workers=1).skipped == 0
    assert times(tree) == before


# Processes


def test_cores_give_the_bytes_of_one_process(tree, tmp_path):
    for count in (1, 3):
        converted(tree, target=tmp_path / str(count), workers=count)
    assert contents(tmp_path / '1') == contents(tmp_path / '3')


def test_processes_that_cannot_be_forked_do_the_same(
    tree, tmp_path, monkeypatch
):
    converted(tree, target=tmp_path / 'forked', workers=2)
    monkeypatch.setattr(workers, 'METHOD', 'spawn')
    converted(tree, target=tmp_path / 'spawned', workers=2)
    assert contents(tmp_path / 'spawned') == contents(tmp_path / 'forked')


def test_one_damaged_file_among_a_thousand_is_reported(tmp_path):
    tree = make_tree(tmp_path / 'source', count=1_000)
    path = next(tree.rglob('model500.params'))
    path.write_bytes(path.read_bytes()[:100])
    found = converted(tree, workers=2)
    assert found.done == 999
    assert list(found.failed) == ['part0/deep/model500.params']
    lines = report(tmp_path / 'target')
    assert len({line['name'] for line in lines}) == len(lines) == 1_000
    path.unlink()
    assert_converted(tree, tmp_path / 'target', 999)


@pytest.mark.parametrize('deadly', [{0}, {7, 8}])
def test_job_that_kills_its_process_is_told_and_the_rest_is_done(deadly):
    jobs = [deadly_work.Job(n, n in deadly) for n in range(100)]
    found = workers.done(
        lambda: workers.processes(2),
        deadly_work.work,
        jobs,
        lambda job: -job.name,
    )
    names = sorted(name for batch in found for name in batch)
    assert names == sorted(-n if n in deadly else n for n in range(100))


def test_process_that_is_killed_while_it_asks_to_stop_blocks_nobody():
    jobs = [deadly_work.Job(point, True) for point in range(1, 13)]
    found = workers.done(
        lambda: workers.processes(2),
        deadly_work.ask,
        jobs,
        lambda job: -job.name,
    )
    names = [name for batch in found for name in batch]
    assert sorted(map(abs, names)) == [job.name for job in jobs]
    assert min(names) < 0


def kill_workers():
    for process in multiprocessing.active_children():
        process.kill()


def interrupt():
    # As a Ctrl-C does; one that is sent is passed over in the background.
    raise KeyboardInterrupt


def test_killed_processes_cost_no_file(tmp_path):
    tree = make_tree(tmp_path / 'source', count=200)
    kill = After(kill_workers)
    found = converted(tree, workers=2, advance=kill)
    assert kill.calls == 1
    assert (found.done, found.failed) == (200, {})
    names = [line['name'] for line in report(tmp_path / 'target')]
    assert len(set(names)) == len(names) == 200
    assert_converted(tree, tmp_path / 'target', 200)


def test_interrupted_run_leaves_no_process_and_the_next_goes_on(tmp_path):
    tree = make_tree(tmp_path / 'source', count=200)
    with pytest.raises(KeyboardInterrupt):
        converted(tree, workers=2, advance=After(interrupt))
    assert multiprocessing.active_children() == []
    done = len(report(tmp_path / 'target'))
    assert 0 < done < 200
    again = converted(tree)
    assert (again.done, again.skipped) == (200 - done, done)
    assert_converted(tree, tmp_path / 'target', 200)


def test_script_that_does_not_guard_itself_is_told(tree, tmp_path):
    script = tmp_path / 'script.py'
    script.write_text(UNGUARDED)
    done = subprocess.run(
        [sys.executable, str(script), str(tree), str(tmp_path / 'target')],
        env={**os.environ, 'PYTHONPATH': os.getcwd()},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        "needs the line: if __name__ == '__main__':"
    )


UNGUARDED = """
import sys
import d2l_rw
d2l_rw.convert_tree(*sys.argv[1:], workers=2, sync=False)
"""


def test_process_ends_with_who_started_it(tree, tmp_path):
    report = tmp_path / 'report'
    arguments = [str(tree), str(tmp_path / 'target'), str(report)]
    done = subprocess.run(
        [sys.executable, '-c', KILLED, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    # Its output ends when the last process that writes to it has ended.
    assert done.returncode == -signal.SIGKILL
    assert converted(tree, report=report).failed == {}


KILLED = """
import os, signal, sys
from d2l_rw import convert_tree
def kill(done, total):
    if done:
        os.kill(os.getpid(), signal.SIGKILL)
source, target, report = sys.argv[1:]
convert_tree(source, target, workers=2, report=report, advance=kill)
"""


def test_temporary_files_of_killed_processes_are_removed(tree, tmp_path):
    target = tmp_path / 'target' / 'part0'
    target.mkdir(parents=True)
    abandoned = target / '.d2l-rw-0123456789abcdef.tmp'
    abandoned.write_bytes(b'begun')
    held = target / '.d2l-rw-fedcba9876543210.tmp'
    other = target / '.other.tmp'
    other.write_bytes(b'of someone else')
    with files.locked(held) as file:
        file.write(b'in the making')
        file.flush()
        converted(tree)
        assert held.exists()
    assert not abandoned.exists()
    assert other.exists()


def test_file_that_is_written_is_held(tmp_path):
    path = tmp_path / 'a.params'
    with files.replacing(path, sync=False) as file:
        file.write(b'begun')
        file.flush()
        assert not files.remove_abandoned(file.name)
        assert os.path.exists(file.name)
    assert path.read_bytes() == b'begun'


@pytest.mark.skipif(sys.platform != 'linux', reason='limits as Linux has')
def test_memory_of_a_process_does_not_grow_with_the_file(tmp_path):
    sparse_params(tmp_path / 'source.params', [LARGE] * 4)
    done = subprocess.run(
        [sys.executable, '-c', LIMITED, str(tmp_path)],
        env={**os.environ, 'OPENBLAS_NUM_THREADS': '1'},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [1, {}, 4 * LARGE]


LARGE = 2**26  # bytes
LIMITED = """
import json, os, resource, sys
import d2l_rw
resource.setrlimit(resource.RLIMIT_DATA, (2**27, 2**27))
try:
    d2l_rw.load(os.path.join(sys.argv[1], 'source.params'), mmap=False)
except MemoryError:
    target = os.path.join(sys.argv[1], 'target')
    done = d2l_rw.convert_tree(sys.argv[1], target, workers=1, sync=False)
    print(json.dumps([done.done, done.failed, done.nbytes]))
"""


# The command line


def test_command_ends_with_totals_and_0(tree, tmp_path, capsys):
    (tree / 'notes.txt').write_text('no arrays')
    target = str(tmp_path / 'target')
    command = ['convert', '--recursive', str(tree), target, '--to', 'npz']
    command += ['--no-sync', '--workers', '1']
    assert main(command) == 0
    printed = capsys.readouterr()
    found = (
        '6 files converted and verified, 1 of other kinds left; 384 bytes, '
    )
    assert printed.out.startswith(f'{target}: {found}')
    assert printed.err == ''
    assert main(command) == 0
    assert '0 files converted and verified, 6 done before' in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize('command', ['convert', 'check'])
def test_command_ends_with_a_table_of_what_failed_and_1(
    command, tree, tmp_path, capsys
):
    (tree / 'bad\x1b.params').write_bytes(b'')
    rest = [str(tmp_path / 'target')] if command == 'convert' else []
    report = str(tmp_path / 'report')
    options = ['--recursive', '--workers', '1', '--report', report]
    assert main([command, *options, str(tree), *rest]) == 1
    head, _, failed, totals = capsys.readouterr().out.splitlines()
    assert head.split() == ['failed', 'reason']
    assert failed.startswith('bad\\x1b.params  ')
    assert failed.endswith('expected arrays, got an empty file (at byte 0)')
    assert ': 6 files ' in totals
    assert ', 1 failed; ' in totals


@pytest.mark.parametrize(
    'arguments',
    [
        ['convert', '--workers', '2', 'a.params', 'b.npz'],
        ['convert', '--to', 'npz', 'a.params', 'b.npz'],
        ['check', '--report', 'a', 'b.params'],
        ['check', '--recursive', 'a', 'b'],
        ['convert', '--recursive', '--shard-bytes', '1GB', 'a', 'b'],
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit, match='2'):
        main(arguments)
    assert '--recursive' in capsys.readouterr().err.splitlines()[-1]
