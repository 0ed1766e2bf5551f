"""Checkpoints without MXNet: listed, verified, their parameters loaded."""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from d2l_rw import checkpoint_folder, strict_json
from d2l_rw.checkpoint_folder import CONTENTS, PARAMETERS, STATE
from d2l_rw.errors import FormatError, expect, naming
from d2l_rw.serialization import load

FIELDS = {
    'epoch': (int,),
    'batch': (int,),
    'metric': (int, float, type(None)),
    'values': (dict,),
    'training': (dict,),
}


@dataclass(frozen=True)
class Checkpoint:
    """Where a training run stood.

    Attributes:
        number: counts the checkpoints of a folder, from 1.
        path: of the folder with the checkpoint's files.
        epoch: the number of the epoch that comes next, or is under way.
        batch: the number of batches of that epoch that are done.
        metric: the smaller, the better; None if it was not measured.
        values: what the user added.

    >>> Checkpoint(1, 'checkpoints/checkpoint-000001', 3, 0, 0.25, {}).epoch
    3
    """

    number: int
    path: str
    epoch: int
    batch: int
    metric: float | None
    values: dict


def list_checkpoints(folder: str | os.PathLike) -> list[Checkpoint]:
    """List the checkpoints of a folder, the oldest first.

    The sizes of their files are compared with their manifests, the contents
    of the large ones only when they are loaded.  A damaged checkpoint is
    left out, with a warning that says what is wrong.

    Raises:
        OSError: if the folder cannot be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     list_checkpoints(folder)
    []
    """
    found = []
    for number in checkpoint_folder.numbers(folder):
        try:
            found.append(_read(folder, number, [STATE])[0])
        except (FormatError, FileNotFoundError) as error:
            warnings.warn(f'left out: {error}', stacklevel=2)
    return found


def load_checkpoint(
    folder: str | os.PathLike, number: int | None = None
) -> tuple[Checkpoint, dict]:
    """Verify a checkpoint, and load the parameters that it holds.

    Args:
        folder: the folder of checkpoints.
        number: of the checkpoint; the newest if None.

    Returns:
        The checkpoint, and the parameters by name: read-only views, as
        `load` returns them.

    Raises:
        FormatError: if the checkpoint is damaged: the message names the file
            and the difference.
        FileNotFoundError: if there is none.
        OSError: if it cannot be read.

    >>> import tempfile
    >>> from mxnet import gluon
    >>> from d2l_rw import save_checkpoint
    >>> net = gluon.nn.Dense(2, in_units=3)
    >>> net.initialize()
    >>> trainer = gluon.Trainer(net.collect_params(), 'adam')
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = save_checkpoint(folder, net, trainer, epoch=1)
    ...     checkpoint, parameters = load_checkpoint(folder)
    >>> checkpoint.epoch, sorted(parameters)
    (1, ['bias', 'weight'])
    """
    checkpoint, _ = read(folder, number)
    return checkpoint, read_arrays(checkpoint.path, PARAMETERS)


def read(
    folder: str | os.PathLike, number: int | None
) -> tuple[Checkpoint, dict]:
    """Verify a checkpoint; return it, and the state of its training.

    See `load_checkpoint`.
    """
    if number is not None:
        return _read(folder, number, CONTENTS)
    for path in checkpoint_folder.incomplete(folder):
        reason = 'incomplete: being written, or left by a crash'
        warnings.warn(f'passed over {path}: {reason}', stacklevel=3)
    while known := checkpoint_folder.numbers(folder):
        try:
            return _read(folder, known[-1], CONTENTS)
        except FileNotFoundError:
            continue  # deleted by a process that saved newer ones meanwhile
        except FormatError as error:
            if known[:-1]:
                hint = f'to load an older checkpoint: number={known[-2]}'
                error.got = f'{error.got}; {hint}'
            raise
    missing = 'expected a checkpoint, got none'
    raise FileNotFoundError(errno.ENOENT, missing, os.fsdecode(folder))


def read_arrays(path: str, name: str) -> dict:
    """Return the arrays of a checkpoint's file, by name."""
    file = os.path.join(path, name)
    arrays = load(file) or {}  # without names, a file of none is a list
    with naming(file=file):
        expect(isinstance(arrays, dict), 'arrays', 'names', 'none')
    return arrays


def _read(
    folder: str | os.PathLike, number: int, names: Iterable[str]
) -> tuple[Checkpoint, dict]:
    path = checkpoint_folder.path_of(folder, number)
    checkpoint_folder.verify(path, names)
    file = os.path.join(path, STATE)
    with naming(file=file), open(file, 'rb') as stream:
        state = strict_json.loads(stream.read())
        expect(isinstance(state, dict), 'state', 'an object', state)
        expect(set(state) == set(FIELDS), 'names', [*FIELDS], [*state])
        for name, types in FIELDS.items():
            value, known = state[name], ' or '.join(t.__name__ for t in types)
            expect(type(value) in types, name, known, value)
        for name in ('epoch', 'batch'):
            expect(state[name] >= 0, name, 'no negative number', state[name])
        training = state.pop('training')
    return Checkpoint(number, path, **state), training
