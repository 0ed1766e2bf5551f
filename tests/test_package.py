"""Importing d2l_rw needs NumPy alone; what needs MXNet says so."""

import subprocess
import sys

import pytest

import d2l_rw

NO_MXNET = "import sys; sys.modules['mxnet'] = None\n"


def run(code):
    """Run code in a Python of its own; return what it prints."""
    return subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_import_does_not_import_mxnet():
    code = "import d2l_rw, sys; print('mxnet' in sys.modules)"
    assert run(code) == 'False\n'


def test_import_works_without_mxnet():
    assert run(NO_MXNET + 'import d2l_rw; print(d2l_rw.__version__)')


PRINT_ERROR = """
import d2l_rw
try:
    d2l_rw.MLP
except ImportError as error:
    print(error)
"""


def broken(tmp_path, statement):
    (tmp_path / 'mxnet').mkdir()
    (tmp_path / 'mxnet' / '__init__.py').write_text(statement)
    return f'import sys; sys.path.insert(0, {str(tmp_path)!r})\n'


@pytest.mark.parametrize(
    'statement',
    [
        None,
        "raise ImportError('libgfortran')",
        'import numpy; numpy.no_such_attribute',
        "raise OSError('not a library for this system')",
    ],
)
def test_mlp_without_a_working_mxnet_says_what_to_do(statement, tmp_path):
    start = broken(tmp_path, statement) if statement else NO_MXNET
    message = run(start + PRINT_ERROR)
    assert 'pip install mxnet==1.9.1' in message
    assert 'Linux' in message
    assert 'Intel' in message


def test_checkpoints_without_xxhash_say_what_to_do():
    code = "import sys; sys.modules['xxhash'] = None\n"
    message = run(code + PRINT_ERROR.replace('MLP', 'load_checkpoint'))
    assert 'pip install xxhash' in message


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match='no_such_name'):
        d2l_rw.no_such_name  # noqa: B018


def test_names_that_need_mxnet_are_listed():
    assert 'MLP' in dir(d2l_rw)
    assert 'MLP' in d2l_rw.__all__


@pytest.mark.parametrize('name', d2l_rw.__all__)
def test_every_public_docstring_has_an_example(name):
    # The doctests run with the other tests.
    assert '>>> ' in getattr(d2l_rw, name).__doc__


def test_mlp_takes_its_sizes_as_keywords():
    from mxnet import nd

    net = d2l_rw.MLP(hidden_units=3, output_units=2)
    net.initialize()
    assert net(nd.ones((4, 5))).shape == (4, 2)
    assert net.hidden.weight.shape == (3, 5)
    with pytest.raises(TypeError):
        d2l_rw.MLP(3, 2)


def test_mlp_has_the_sizes_of_the_chapter():
    from mxnet import nd

    net = d2l_rw.MLP()
    net.initialize()
    net(nd.ones((2, 20)))
    parameters = net._collect_params_with_prefix()
    assert {name: p.shape for name, p in parameters.items()} == {
        'hidden.weight': (256, 20),
        'hidden.bias': (256,),
        'output.weight': (10, 256),
        'output.bias': (10,),
    }
