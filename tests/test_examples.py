"""The example for PyTorch agrees with MXNet, and notices what would not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chapters import CHAPTERS, ROOT, code_cells, unexecuted

EXAMPLE = ROOT / 'examples' / 'load_in_pytorch.py'
CHAPTER = CHAPTERS / 'leaving-mxnet.md'
LAYERS = (
    'conv1', 'norm1', 'pool1', 'conv2', 'norm2', 'pool2', 'hidden', 'output',
)  # fmt: skip
PYTHONS = sys.executable, ROOT / '.venv-peers' / 'bin' / 'python'


def test_chapter_shows_the_whole_example():
    text = CHAPTER.read_text('utf-8')
    shown = re.findall(r'^```python\n(.*?)^```$', text, re.M | re.S)
    assert '\n\n'.join(shown) == EXAMPLE.read_text('utf-8')


@pytest.fixture(scope='module')
def python():
    """A Python that has PyTorch; its absence is a failure in CI."""
    for python in filter(os.path.exists, PYTHONS):
        code = 'import importlib.util as u; print(u.find_spec("torch"))'
        if subprocess.check_output([python, '-c', code]) != b'None\n':
            return python
    missing = 'no PyTorch on this machine: make peers'
    if os.environ.get('CI'):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    """The folder of the files that the chapter writes for the example."""
    folder = tmp_path_factory.mktemp('written')
    sources = [cell.source for cell in code_cells(unexecuted(CHAPTER))]
    (last,) = (i for i, s in enumerate(sources) if 'd2l_rw.convert' in s)
    copy = (
        'import shutil\n'
        f'shutil.copytree(os.getcwd(), {str(folder)!r}, dirs_exist_ok=True)'
    )
    code = '\n'.join([*sources[: last + 1], copy])
    subprocess.run([sys.executable, '-c', code], check=True, cwd=ROOT)
    return folder


def run(python, written, example=EXAMPLE, parameters='network.params'):
    return subprocess.run(
        [python, example, parameters, 'outputs.npz'],
        cwd=written,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize('suffix', ['params', 'safetensors', 'npz'])
def test_pytorch_gives_what_mxnet_gave(suffix, python, written):
    result = run(python, written, parameters=f'network.{suffix}')
    assert result.returncode == 0, result.stderr
    lines = [line.split(': ') for line in result.stdout.splitlines()]
    assert [name for name, _ in lines] == list(LAYERS)
    assert max(float(difference) for _, difference in lines) < 1e-5


@pytest.mark.parametrize(
    ('old', 'new', 'first'),
    [
        ('    net.eval()', '    net.train()', 'norm1'),
        ('d(4, eps=1e-5)', 'd(4, eps=1e-3)', 'norm1'),
        ("ma'][:] = 1", "ma'][:] = 3", 'norm1'),
        ('padding=1', "padding='same', padding_mode='reflect'", 'conv1'),
        ("'beta': 'bias'}", "'beta': 'running_mean', "
         "'running_mean': 'bias'}", 'norm1'),
        ('torch.flatten(x, 1)', 'x.permute(0, 2, 3, 1).flatten(1)', 'hidden'),
        ('y - expected[name]', 'y * np.nan', 'conv1'),
    ],
)  # fmt: skip
def test_mistake_is_noticed(old, new, first, python, written, tmp_path):
    source = EXAMPLE.read_text('utf-8')
    assert old in source
    changed = Path(tmp_path, 'changed.py')
    changed.write_text(source.replace(old, new))
    result = run(python, written, changed)
    assert result.returncode == 1, result.stderr
    lines = [line.split(': ') for line in result.stdout.splitlines()]
    wrong = [name for name, d in lines if not float(d) < 1e-5]
    assert wrong[0] == first, result.stdout
