"""A cluster of Dask converts a tree, whatever dies meanwhile.

The clusters are those of Dask's own commands: processes of this machine.
"""

import os
import subprocess
import sys

import dask
import pytest

from benchmarks.cluster import cluster
from d2l_rw import check_tree, workers
from tests import deadly_work
from tests.test_bulk import (
    After,
    assert_converted,
    contents,
    converted,
    make_tree,
    report,
    times,
)

FILES = 200
GONE = 'the scheduler is gone: .* running this again goes on from there'


@pytest.fixture(scope='module')
def tree(tmp_path_factory):
    return make_tree(tmp_path_factory.mktemp('tree') / 'source', count=FILES)


@pytest.fixture(scope='module')
def steady(tmp_path_factory):
    """A cluster that no test harms."""
    with cluster(tmp_path_factory.mktemp('cluster')) as found:
        yield found


def test_cluster_gives_the_bytes_of_one_process(steady, tree, tmp_path):
    here, there = tmp_path / 'here', tmp_path / 'there'
    converted(tree, target=here)
    found = converted(tree, target=there, scheduler=steady.address)
    assert (found.done, found.failed) == (FILES, {})
    assert contents(here) == contents(there)
    again = converted(tree, target=there, scheduler=steady.address)
    assert (again.done, again.skipped) == (0, FILES)


def test_cluster_checks(steady, tree):
    found = check_tree(tree, scheduler=steady.address)
    assert (found.done, found.failed) == (FILES, {})


def test_command_shows_nothing_but_the_result(steady, tree, tmp_path):
    command = [sys.executable, '-m', 'd2l_rw', 'convert', '--recursive']
    options = ['--scheduler', steady.address, '--no-sync']
    done = subprocess.run(
        [*command, *options, str(tree), str(tmp_path / 'target')],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f'{FILES} files converted and verified' in done.stdout
    assert done.stderr == ''


def test_killed_worker_costs_no_file(tree, tmp_path):
    target = tmp_path / 'target'
    with cluster(tmp_path) as found:
        kill = After(found.workers[0].kill)
        done = converted(
            tree, target=target, scheduler=found.address, advance=kill
        )
        assert kill.calls == 1
        assert found.workers[0].wait() != 0
    assert (done.done, done.failed) == (FILES, {})
    names = [line['name'] for line in report(target)]
    assert len(set(names)) == len(names) == FILES
    assert_converted(tree, target, FILES)


def test_lost_scheduler_is_told_and_the_next_run_goes_on(
    steady, tree, tmp_path
):
    target = tmp_path / 'target'
    with cluster(tmp_path) as found:
        kill = After(found.scheduler.kill)
        with pytest.raises(ConnectionError, match=GONE):
            converted(
                tree, target=target, scheduler=found.address, advance=kill
            )
    done = [target / line['target'] for line in report(target)]
    before = {path: path.stat().st_mtime_ns for path in done}
    assert 0 < len(before) < FILES
    again = converted(tree, target=target, scheduler=steady.address)
    assert (again.done, again.skipped) == (FILES - len(done), len(done))
    after = times(target)
    assert {path: after[path] for path in done} == before
    assert_converted(tree, target, FILES)


def test_job_that_kills_workers_is_told_and_the_rest_is_done(tmp_path):
    jobs = [deadly_work.Job(n, n == 7) for n in range(30)]
    root = os.path.dirname(os.path.dirname(deadly_work.__file__))
    rules = {
        'DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES': '0',
        'PYTHONPATH': root,
    }
    with cluster(tmp_path, workers=3, **rules) as started:
        found = workers.done(
            lambda: workers.cluster(started.address),
            deadly_work.work,
            jobs,
            lambda job: -job.name,
        )
        names = sorted(name for batch in found for name in batch)
    assert names == sorted(-n if n == 7 else n for n in range(30))


def test_scheduler_that_is_not_there_is_told(tree, tmp_path):
    address = 'tcp://127.0.0.1:1'
    patience = {'distributed.comm.timeouts.connect': '1s'}
    with (
        dask.config.set(patience),
        pytest.raises(ConnectionError, match=f'^{address}: no scheduler'),
    ):
        converted(tree, target=tmp_path, scheduler=address)


def test_cluster_without_the_package_is_told(tree, tmp_path):
    (tmp_path / 'd2l_rw.py').write_text('')
    with cluster(tmp_path, PYTHONPATH=str(tmp_path)) as found:
        options = {'target': tmp_path / 'to', 'scheduler': found.address}
        with pytest.raises(ImportError, match='need d2l-rw as well'):
            converted(tree, **options)


def test_missing_dask_names_the_extra(tree, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'distributed', None)
    with pytest.raises(ImportError, match=r'pip install d2l-rw\[dask\]'):
        converted(tree, target=tmp_path, scheduler='tcp://127.0.0.1:1')
