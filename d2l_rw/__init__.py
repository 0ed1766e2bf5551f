"""Save and load arrays and models, with MXNet and without it.

Importing it never imports MXNet: a name that needs MXNet is looked up when
it is first used.
"""

from d2l_rw.arrays import ArraySpec
from d2l_rw.checkpoint import Checkpoint, list_checkpoints, load_checkpoint
from d2l_rw.errors import FormatError
from d2l_rw.serialization import dumps, load, loads, save, scan
from d2l_rw.sparse import CSR, RowSparse

__version__ = '0.1.0'

__all__ = [
    'CSR',
    'MLP',
    'ArraySpec',
    'Checkpoint',
    'FormatError',
    'RowSparse',
    'dumps',
    'list_checkpoints',
    'load',
    'load_checkpoint',
    'loads',
    'restore_checkpoint',
    'save',
    'save_checkpoint',
    'scan',
]


def __getattr__(name: str):
    if name == 'MLP':
        from d2l_rw.mlp import MLP

        return MLP
    if name in ('restore_checkpoint', 'save_checkpoint'):
        from d2l_rw import training

        return getattr(training, name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__():
    return sorted({*globals(), *__all__})
