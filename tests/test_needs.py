"""What a chapter needs is told from its code."""

import subprocess
import sys

import pytest

import d2l_rw
from theme.needs import WITH_MXNET, needs_mxnet, packages

WITHOUT = """
import sys
sys.modules['mxnet'] = None
import d2l_rw
for name in d2l_rw.__all__:
    try:
        getattr(d2l_rw, name)
    except ImportError:
        print(name)
"""


@pytest.mark.parametrize(
    'source',
    [
        'import mxnet',
        'import mxnet as mx',
        'from mxnet import nd',
        'from mxnet.gluon import nn',
        'import os\nif os.name:\n    import mxnet',
        'from d2l_rw import MLP',
        'import d2l_rw\nd2l_rw.save_checkpoint',
        'from d2l_rw.mlp import MLP',
        "program = 'import os; import mxnet'",
        "program = '''\n    from mxnet import nd\n    nd.zeros(1)\n'''",
    ],
)
def test_need_of_mxnet_is_told(source):
    assert needs_mxnet(source)


@pytest.mark.parametrize(
    'source',
    [
        '',
        'import numpy as np',
        'import d2l_rw\nd2l_rw.load',
        'from d2l_rw import load',
        'from . import mxnet',
        "print('we import mxnet later')",
        '# import mxnet',
        'net.load_parameters',
    ],
)
def test_no_need_of_mxnet_is_told(source):
    assert not needs_mxnet(source)


def test_packages_are_named_without_those_of_python():
    source = 'import os\nimport numpy as np\nfrom safetensors.numpy import x'
    assert packages(source) == {'numpy', 'safetensors'}


def test_the_names_that_need_mxnet_are_those_that_fail_without_it():
    failing = subprocess.run(
        [sys.executable, '-c', WITHOUT],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert set(failing) == WITH_MXNET
    assert set(d2l_rw.__all__) > WITH_MXNET
