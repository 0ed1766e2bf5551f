"""Save and load arrays and models, with MXNet and without it.

Importing it never imports MXNet, and takes milliseconds: what needs MXNet,
or more of the standard library, is looked up when it is first used.
"""

import importlib

from d2l_rw.arrays import ArraySpec
from d2l_rw.errors import FormatError
from d2l_rw.serialization import dumps, load, loads, save, scan
from d2l_rw.sparse import CSR, RowSparse

__version__ = '0.1.0'

__all__ = [
    'CSR',
    'MLP',
    'ArraySpec',
    'Checkpoint',
    'Comparison',
    'Differences',
    'FormatError',
    'RowSparse',
    'Summary',
    'check_tree',
    'compare',
    'convert',
    'convert_tree',
    'diff',
    'dumps',
    'list_checkpoints',
    'load',
    'load_checkpoint',
    'load_parameters',
    'loads',
    'restore_checkpoint',
    'save',
    'save_checkpoint',
    'save_shards',
    'scan',
]


# What is looked up when it is first used, and where.
LATER = {
    'Checkpoint': 'checkpoint',
    'MLP': 'mlp',
    'Comparison': 'comparison',
    'Differences': 'differences',
    'Summary': 'bulk',
    'check_tree': 'bulk',
    'compare': 'comparison',
    'convert': 'conversion',
    'convert_tree': 'bulk',
    'diff': 'differences',
    'load_parameters': 'loading',
    'list_checkpoints': 'checkpoint',
    'load_checkpoint': 'checkpoint',
    'restore_checkpoint': 'training',
    'save_checkpoint': 'training',
    'save_shards': 'shards',
}


def __getattr__(name: str):
    if name in LATER:
        module = importlib.import_module(f'd2l_rw.{LATER[name]}')
        return getattr(module, name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__():
    return sorted({*globals(), *__all__})
