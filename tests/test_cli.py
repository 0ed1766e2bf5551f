"""The command line: tables, exit codes, one line for each failure."""

import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest

import d2l_rw
from d2l_rw import checkpoint_folder
from d2l_rw.checkpoint_folder import CONTENTS
from d2l_rw.cli import main


@pytest.fixture
def file(tmp_path):
    """A file of two arrays with names."""
    path = tmp_path / 'mlp.params'
    arrays = {
        'hidden.weight': np.arange(6, dtype='float32').reshape(2, 3),
        'hidden.bias': np.zeros(2, 'float32'),
    }
    d2l_rw.save(path, arrays)
    return path


def run(*arguments, **options):
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, '-m', 'd2l_rw', *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def test_list_prints_a_line_for_each_array_and_totals(file, capsys):
    assert main(['list', str(file)]) == 0
    printed = capsys.readouterr().out
    lines = [line.split() for line in printed.splitlines()]
    assert ['hidden.weight', 'float32', '(2,', '3)', '24', 'dense'] in lines
    assert '2 arrays, 32 bytes of data, V2, cpu(0)' in printed


def test_list_does_not_cut_lines_in_a_pipe(tmp_path):
    path = tmp_path / 'long.params'
    d2l_rw.save(path, {'x' * 300: np.zeros(1)})
    assert 'x' * 300 in run('list', path).stdout


def test_list_as_json_holds_what_scan_tells(file, capsys):
    assert main(['list', '--json', str(file)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [spec['name'] for spec in told] == ['hidden.weight', 'hidden.bias']
    assert told[0]['shape'] == [2, 3]
    assert told[0]['offset'] == d2l_rw.scan(file)[0].offset


def test_show_prints_statistics(file, capsys):
    assert main(['show', str(file), 'hidden.weight']) == 0
    printed = capsys.readouterr().out
    assert 'float32 (2, 3), 24 bytes' in printed
    assert 'first: 0 1 2 3 4 5' in printed
    assert 'minimum: 0, maximum: 5' in printed
    assert 'mean: 2.5' in printed


DTYPES = 'float16 float64 uint8 int8 int32 int64 uint64 bool bfloat16'


@pytest.mark.parametrize('name', DTYPES.split())
def test_show_and_check_know_every_dtype(name, tmp_path, capsys):
    if name == 'bfloat16':
        pytest.importorskip('ml_dtypes')
    path = tmp_path / 'one.params'
    d2l_rw.save(path, {'w': np.array([1, 0, 1]).astype(name)})
    assert main(['show', str(path), 'w']) == main(['check', str(path)]) == 0
    printed = capsys.readouterr().out
    assert f'{name} (3,)' in printed
    assert 'first: 1 0 1' in printed
    assert 'minimum: 0, maximum: 1' in printed


def test_text_that_the_terminal_cannot_show_is_escaped(tmp_path):
    path = tmp_path / 'one.params'
    d2l_rw.save(path, {'\u6743': np.zeros(1)})
    environment = {**os.environ, 'PYTHONIOENCODING': 'ascii'}
    done = run('list', path, env=environment)
    assert done.returncode == 0
    assert '\\u6743' in done.stdout


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_show_draws_a_histogram_on_a_terminal_only(file, capsys, monkeypatch):
    assert main(['show', str(file), 'hidden.weight']) == 0
    assert '█' not in capsys.readouterr().out
    monkeypatch.setattr(sys, 'stdout', Terminal())
    assert main(['show', str(file), 'hidden.weight']) == 0
    assert '█' in sys.stdout.getvalue()


def test_show_takes_a_place_in_a_list(tmp_path, capsys):
    path = tmp_path / 'list.params'
    d2l_rw.save(path, [np.zeros(2), np.ones(3)])
    assert main(['show', str(path), '1']) == 0
    assert 'float64 (3,)' in capsys.readouterr().out


def test_show_of_an_unknown_name_tells_the_known_ones(file, capsys):
    assert main(['show', str(file), 'weight']) == 1
    message = capsys.readouterr().err
    assert (
        "no array 'weight'; there are: hidden.weight, hidden.bias" in message
    )
    assert len(message.splitlines()) == 1


def test_check_of_a_sound_file(file, capsys):
    assert main(['check', str(file)]) == 0
    assert capsys.readouterr().out == f'{file}: sound\n'


def test_check_reports_values_that_are_not_finite(tmp_path, capsys):
    path = tmp_path / 'odd.params'
    d2l_rw.save(path, {'w': np.array([1, np.nan, np.inf])})
    assert main(['check', str(path)]) == 1
    assert '2 values are not finite' in capsys.readouterr().out


@pytest.fixture
def checkpoint(tmp_path):
    """A checkpoint, as a folder of files."""
    arrays = [d2l_rw.dumps({'weight': np.ones(3)})]
    contents = dict(zip(CONTENTS, (arrays, arrays, [b'{}'])))
    number = checkpoint_folder.write(tmp_path, contents, sync=False)
    return checkpoint_folder.path_of(tmp_path, number)


def test_check_of_a_sound_checkpoint(checkpoint, capsys):
    assert main(['check', checkpoint]) == 0
    assert capsys.readouterr().out == f'{checkpoint}: sound\n'


@pytest.mark.parametrize('name', CONTENTS)
def test_check_of_a_damaged_checkpoint_names_the_file(
    checkpoint, name, capsys
):
    path = os.path.join(checkpoint, name)
    with open(path, 'r+b') as file:
        file.write(b'\xff')
    assert main(['check', checkpoint]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f'd2l-rw: {path}: XXH3-128: expected ')


def test_check_of_another_folder_is_one_line(tmp_path, capsys):
    assert main(['check', str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert 'manifest.json: file: expected a manifest, got none' in error


def test_check_goes_on_after_a_damaged_file(file, tmp_path, capsys):
    cut = tmp_path / 'cut.params'
    cut.write_bytes(file.read_bytes()[:60])
    assert main(['check', str(cut), str(file)]) == 1
    printed = capsys.readouterr()
    assert f'd2l-rw: {cut}: array 0' in printed.err
    assert f'{file}: sound' in printed.out


@pytest.mark.parametrize(
    'contents', [b'', b'<html>', b'\x80\x04.', b'\x12\x01' + b'\0' * 6]
)
def test_failure_is_one_line_and_exit_code_1(contents, tmp_path):
    path = tmp_path / 'bad.params'
    path.write_bytes(contents)
    failed = run('list', path)
    assert failed.returncode == 1
    assert failed.stdout == ''
    assert failed.stderr.startswith(f'd2l-rw: {path}: ')
    assert len(failed.stderr.splitlines()) == 1


def test_missing_file_is_one_line(tmp_path):
    failed = run('list', tmp_path / 'nowhere')
    assert failed.returncode == 1
    assert failed.stderr.endswith('nowhere: No such file or directory\n')


def test_wrong_usage_is_exit_code_2():
    assert run().returncode == 2
    assert run('list').returncode == 2


def test_help_shows_examples():
    assert 'd2l-rw show mlp.params hidden.weight' in run('--help').stdout


def test_names_cannot_control_the_terminal(tmp_path):
    path = tmp_path / 'escape.params'
    d2l_rw.save(path, {'\x1b[31m[red]': np.array([np.nan])})
    for command in (['list', path], ['check', path], ['show', path, 'x']):
        done = run(*command)
        assert '\x1b' not in done.stdout + done.stderr
        assert '\\x1b[31m[red]' in done.stdout + done.stderr


def test_reader_that_leaves_early_is_no_error(tmp_path):
    path = tmp_path / 'many.params'
    d2l_rw.save(path, {f'w{i}': np.zeros(1) for i in range(5_000)})
    reading, writing = os.pipe()
    command = [sys.executable, '-m', 'd2l_rw', 'list', str(path)]
    with subprocess.Popen(
        command, stdout=writing, stderr=subprocess.PIPE
    ) as process:
        os.close(writing)
        os.close(reading)
        assert process.stderr.read() == b''
    assert process.returncode == 0


def test_check_in_a_pipe_needs_no_extra(file, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'tqdm', None)
    assert main(['check', str(file)]) == 0
    assert capsys.readouterr().out == f'{file}: sound\n'


@pytest.fixture
def sparse_file(tmp_path):
    path = tmp_path / 'sparse.params'
    rows = d2l_rw.RowSparse(np.ones((1, 2)), np.array([1]), (3, 2))
    d2l_rw.save(path, {'embedding': rows})
    return path


def test_convert_tells_what_it_verified(file, tmp_path, capsys):
    target = tmp_path / 'mlp.safetensors'
    assert main(['convert', str(file), str(target)]) == 0
    printed = capsys.readouterr()
    found = '2 arrays, 32 bytes of data, verified'
    assert (printed.out, printed.err) == (f'{target}: {found}\n', '')
    assert d2l_rw.load(target).keys() == d2l_rw.load(file).keys()


def test_convert_of_a_folder_tells_the_option_for_it(tmp_path, capsys):
    assert main(['convert', str(tmp_path), 'a.npz']) == 1
    error = capsys.readouterr().err
    assert error.startswith(f'd2l-rw: {tmp_path}: expected a file, got a fo')
    assert '--recursive' in error


def test_convert_tells_what_is_otherwise_on_standard_error(tmp_path, capsys):
    source, target = tmp_path / 'list.params', tmp_path / 'list.npz'
    d2l_rw.save(source, [np.arange(3), np.arange(3)])
    assert main(['convert', str(source), str(target), '--no-sync']) == 0
    assert capsys.readouterr().err.splitlines() == [
        f'{source}: equal, perhaps shared: 0, 1',
        f'{source}: names: the places in the list',
    ]


def test_convert_writes_dense_arrays_when_asked(
    sparse_file, tmp_path, capsys
):
    target = str(tmp_path / 'dense.npz')
    assert main(['convert', str(sparse_file), target]) == 1
    assert '--dense' in capsys.readouterr().err
    assert main(['convert', str(sparse_file), target, '--dense']) == 0


@pytest.mark.parametrize(
    ('name', 'message'),
    [('mlp.pt', 'expected a name that ends in'), ('no/mlp.npz', 'No such')],
)
def test_convert_into_what_cannot_be_is_one_line(name, message, file):
    failed = run('convert', file, file.parent / name)
    assert (failed.returncode, failed.stdout) == (1, '')
    assert failed.stderr.startswith('d2l-rw: ')
    assert message in failed.stderr
    assert len(failed.stderr.splitlines()) == 1


def test_diff_of_the_same_arrays_ends_with_0(file, tmp_path, capsys):
    target = tmp_path / 'mlp.npz'
    d2l_rw.convert(file, target)
    assert main(['diff', str(file), str(target)]) == 0
    assert capsys.readouterr().out == f'{file}, {target}: 2 same\n'


def test_diff_of_others_ends_with_1_and_tells_them(file, tmp_path, capsys):
    other, arrays = tmp_path / 'other.params', dict(d2l_rw.load(file))
    arrays['hidden.weight'] = arrays['hidden.weight'] + np.float32(0.5)
    d2l_rw.save(other, arrays)
    assert main(['diff', str(file), str(other)]) == 1
    line = capsys.readouterr().out.splitlines()[-1]
    form = ['float32', '(2,', '3)']
    assert line.split() == [
        'hidden.weight', 'values', *form, *form, '0.5', '1', '(0,', '0)'
    ]  # fmt: skip


@pytest.mark.parametrize('name', ['missing', 'cut'])
def test_diff_of_what_cannot_be_read_ends_with_2(name, file, tmp_path):
    (tmp_path / 'cut').write_bytes(file.read_bytes()[:-1])
    failed = run('diff', file, tmp_path / name)
    assert (failed.returncode, failed.stdout) == (2, '')
    assert failed.stderr.startswith(f'd2l-rw: {tmp_path / name}: ')


PATIENT = """
import sys
from d2l_rw import checking, cli
cli.PATIENCE, checking.BLOCK = 0, 16
sys.exit(cli.main(['check', sys.argv[1]]))
"""


@pytest.mark.skipif(
    sys.version_info < (3, 11), reason='termios.tcsetwinsize is of 3.11'
)
@pytest.mark.parametrize('terminal', [True, False])
def test_long_work_shows_its_progress_on_a_terminal_only(terminal, file):
    ours, theirs = os.openpty() if terminal else os.pipe()
    if terminal:
        termios = pytest.importorskip('termios')
        termios.tcsetwinsize(theirs, (24, 80))
    done = subprocess.run(
        [sys.executable, '-c', PATIENT, str(file)],
        env={**os.environ, 'TQDM_MININTERVAL': '0'},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 10**6)
    os.close(ours)
    assert done.stdout == f'{file}: sound\n'
    assert (b'%' in shown) == terminal
