"""Save and restore a training run of Gluon: network, trainer, randomness."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterator

from d2l_rw import (
    checkpoint_folder,
    mxnet_writer,
    network_state,
    random_state,
    strict_json,
    trainer_state,
)
from d2l_rw._mxnet import mxnet
from d2l_rw.checkpoint import (
    Checkpoint,
    list_checkpoints,
    read,
    read_arrays,
)
from d2l_rw.checkpoint_folder import ARRAYS, PARAMETERS, STATE
from d2l_rw.errors import FormatError, expect, naming
from d2l_rw.mxnet_arrays import Arrays, NDArray
from d2l_rw.plain import pack, unpack


def save_checkpoint(
    folder: str | os.PathLike,
    net: mxnet.gluon.Block,
    trainer: mxnet.gluon.Trainer,
    *,
    epoch: int,
    batch: int = 0,
    values: dict | None = None,
    metric: float | None = None,
    keep_last: int | None = None,
    keep_best: int = 0,
    sync: bool = True,
) -> Checkpoint:
    """Save all that a training run needs to go on exactly.

    These are the parameters, in a file that `load_parameters` reads, the
    state of the optimizer and of its schedule, accumulated gradients
    (`grad_req='add'`), and the random generators of Python, NumPy and MXNet.
    MXNet's cannot be read: it is seeded with a number that is drawn from it,
    so that this run and a resumed one draw the same from here on.

    Nothing is pickled.  The checkpoint appears whole or not at all, under
    the next number.  Processes that save to one folder take turns.

    Args:
        folder: the folder of checkpoints, which is made if need be.
        net: the network, initialized.
        trainer: the trainer of its parameters, not of a distributed store.
        epoch: the epoch that comes next, or is under way.
        batch: the number of its batches that are done.
        values: what else to keep, of the types that JSON has: the history
            of the loss, the state of a `numpy.random.Generator`.
        metric: what `keep_best` compares: the smaller, the better.
        keep_last: delete all but so many of the newest checkpoints; None
            keeps them all.
        keep_best: so many of the best are kept besides.
        sync: return when the checkpoint is on the disk.  Without it a crash
            of the machine, not of the program, may damage it.

    Raises:
        TypeError, ValueError: if something cannot be saved exactly.
        OSError: if writing fails; the older checkpoints are untouched.

    >>> import tempfile
    >>> net = mxnet.gluon.nn.Dense(2, in_units=3)
    >>> net.initialize()
    >>> trainer = mxnet.gluon.Trainer(net.collect_params(), 'adam')
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(folder, net, trainer, epoch=1).number
    1
    """
    if keep_last is not None and keep_last < 1:
        raise ValueError(f'keep_last: expected at least 1, got {keep_last}')
    if keep_best < 0:
        raise ValueError(f'keep_best: expected at least 0, got {keep_best}')
    position = _position(epoch, batch, metric, values)
    parameters = network_state.values(net)
    training = {
        'trainer': trainer_state.capture(trainer, _names(net, trainer)),
        'gradients': network_state.gradients(net),
        'random': random_state.capture(),
    }
    arrays: dict[str, NDArray] = {}
    packed = {
        name: pack(part, name, arrays, array_type=NDArray)
        for name, part in training.items()
    }
    contents = {
        PARAMETERS: _pieces(parameters),
        ARRAYS: _pieces(arrays),
        STATE: [strict_json.dumps({**position, 'training': packed})],
    }
    with checkpoint_folder.lock(folder):
        number = checkpoint_folder.write(folder, contents, sync=sync)
        if keep_last is not None:
            _delete_others(folder, keep_last, keep_best)
    path = checkpoint_folder.path_of(folder, number)
    return Checkpoint(number, path, **position)


def restore_checkpoint(
    folder: str | os.PathLike,
    net: mxnet.gluon.Block,
    trainer: mxnet.gluon.Trainer | None,
    *,
    number: int | None = None,
) -> Checkpoint:
    """Let a network and a trainer go on where a checkpoint was saved.

    The checkpoint is verified and compared with both first; if anything
    does not fit, nothing is changed.  The attributes of the optimizer and of
    its schedule, the learning rate among them, are those of the checkpoint.

    Args:
        folder: the folder of checkpoints.
        net: the network; its initialization may be deferred.
        trainer: the trainer of its parameters.  With None the network alone
            is restored, and the random generators are left as they are.
        number: of the checkpoint; the newest if None.

    Returns:
        Where the run stood.

    Raises:
        FormatError: if the checkpoint is damaged: the message names the file
            and the difference.
        ValueError: if it is of another network or optimizer: the message
            lists all differences.
        FileNotFoundError: if there is none.
        OSError: if it cannot be read.

    >>> import tempfile
    >>> net = mxnet.gluon.nn.Dense(2, in_units=3)
    >>> net.initialize()
    >>> trainer = mxnet.gluon.Trainer(net.collect_params(), 'adam')
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     saved = save_checkpoint(folder, net, trainer, epoch=1)
    ...     restore_checkpoint(folder, net, trainer) == saved
    True
    """
    checkpoint, packed = read(folder, number)
    problems: list[str] = []
    restores = _prepare(checkpoint.path, packed, net, trainer, problems)
    if problems:
        differences = '\n  '.join(['', *problems])
        raise ValueError(
            f'{checkpoint.path}: expected a checkpoint of this network and '
            f'trainer, got another (nothing was changed):{differences}'
        )
    for restore in restores:
        restore()
    return checkpoint


def _prepare(
    path: str, packed, net, trainer, problems: list[str]
) -> list[Callable[[], None]]:
    """Compare a checkpoint with what it is to be given to."""
    loaded = read_arrays(path, PARAMETERS)
    if trainer is None:
        return [network_state.prepare(net, loaded, None, problems)]
    names = _names(net, trainer)
    arrays = read_arrays(path, ARRAYS)
    with naming(file=os.path.join(path, STATE)):
        saved = _unpacked(packed, arrays)
        return [
            network_state.prepare(net, loaded, saved['gradients'], problems),
            trainer_state.prepare(
                trainer, saved['trainer'], names, loaded, problems
            ),
            random_state.prepare(saved['random']),
        ]


def _unpacked(packed, arrays: dict) -> dict:
    """Return the state of the training, with NumPy arrays."""
    try:
        saved = unpack(packed, arrays)
    except RecursionError:
        found = 'values nested too deep'
        raise FormatError('training', 'a state', found) from None
    fields = {'trainer', 'gradients', 'random'}
    known = isinstance(saved, dict) and set(saved) == fields
    expect(known, 'training', fields, saved)
    return saved


def _count(name: str, value) -> int:
    count = operator.index(value)
    if count < 0:
        raise ValueError(f'{name}: expected 0 or more, got {count}')
    return count


def _position(epoch, batch, metric, values) -> dict:
    """Return where a run stands, as JSON holds it exactly."""
    position = {
        'epoch': _count('epoch', epoch),
        'batch': _count('batch', batch),
        'metric': None if metric is None else float(metric),
        'values': {} if values is None else values,
    }
    if strict_json.loads(strict_json.dumps(position)) != position:
        raise ValueError(
            'values: expected what JSON holds exactly (no tuples, no keys '
            f'other than strings), got {values!r}'
        )
    return position


def _names(net, trainer) -> list[str]:
    """Return what the trainer's parameters are called in the network."""
    if trainer._distributed:
        raise ValueError(
            'trainer: expected a local key-value store, got a distributed '
            'one, whose servers keep the state of the optimizer'
        )
    names: dict = {}
    for name, parameter in network_state.named_parameters(net).items():
        names.setdefault(parameter, name)
    for parameter in trainer._params:
        if parameter not in names:
            raise ValueError(
                'trainer: expected parameters of the network, got '
                f'{parameter.name}'
            )
    return [names[parameter] for parameter in trainer._params]


def _pieces(arrays: dict[str, NDArray]) -> Iterator[bytes | memoryview]:
    np_shape = mxnet.util.is_np_shape()
    return mxnet_writer.pieces(Arrays(arrays), np_shape=np_shape)


def _delete_others(
    folder: str | os.PathLike, keep_last: int, keep_best: int
) -> None:
    """Delete what is neither among the newest nor among the best.

    A damaged checkpoint is left to the user.
    """
    known = list_checkpoints(folder)
    measured = [found for found in known if found.metric is not None]
    ranked = sorted(measured, key=lambda found: found.metric)
    kept = [*known[-keep_last:], *ranked[:keep_best]]
    for found in known:
        if found not in kept:
            checkpoint_folder.delete(folder, found.number)
