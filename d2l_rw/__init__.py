"""The package of the book: what its chapters build, ready for use.

Importing it never imports MXNet: a name that needs MXNet is looked up when
it is first used.
"""

__version__ = '0.1.0'

__all__ = ['MLP']


def __getattr__(name: str):
    if name == 'MLP':
        from d2l_rw.mlp import MLP

        return MLP
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__():
    return sorted({*globals(), *__all__})
