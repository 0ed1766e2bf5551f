"""A small training run, as a program that is stopped and goes on elsewhere.

Run as `python -m tests.training_run FOLDER`, it trains one network for each
case ten steps, saves a checkpoint after five, and writes what came of it.  As
`python -m tests.training_run FOLDER resume` it restores each checkpoint into
a network that it makes anew, and trains the last five steps.
"""

import os
import random
import sys
from dataclasses import dataclass, field

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon, lr_scheduler, nd
from mxnet.contrib.amp.loss_scaler import LossScaler
from mxnet.gluon import nn
from mxnet.gluon.contrib.nn import SparseEmbedding

import d2l_rw

STEPS, SAVED_AT, BATCH, INPUTS = 10, 5, 4, 7
CPU = mx.cpu()


@dataclass
class Case:
    """One way to train."""

    optimizer: str
    options: dict = field(default_factory=dict)
    schedule: object = None  # makes a learning-rate schedule
    mixed: bool = False  # some weights are float16
    dropout: bool = False  # MXNet's generator is used
    shuffled: bool = False  # NumPy's and Python's are used
    normalized: bool = False
    embedded: bool = False
    sparse: bool = False  # the embedding's weight is stored by rows
    accumulated: bool = False
    bias: bool = True
    contexts: tuple = (CPU,)
    on_kvstore: object = None
    scaled: bool = False  # the loss, as automatic mixed precision does


HALF = {'multi_precision': True}
MOMENTUM = {'momentum': 0.9, 'learning_rate': 0.1}
DEVICES = mx.cpu(0), mx.cpu(1)
CASES = {
    'sgd': Case('sgd', {'wd': 0.01}),
    'sgd with momentum': Case('sgd', MOMENTUM),
    'sgd in mixed precision': Case('sgd', {**MOMENTUM, **HALF}, mixed=True),
    'nag': Case('nag', MOMENTUM),
    'nag in mixed precision': Case('nag', {**MOMENTUM, **HALF}, mixed=True),
    'adam': Case('adam'),
    'adam in mixed precision': Case('adam', HALF, mixed=True),
    'adamax': Case('adamax'),
    'nadam': Case('nadam'),
    'rmsprop': Case('rmsprop'),
    'rmsprop, centered': Case('rmsprop', {'centered': True}),
    'adagrad': Case('adagrad'),
    'adadelta': Case('adadelta'),
    'ftrl': Case('ftrl'),
    'ftml': Case('ftml'),
    'signum': Case('signum'),
    'lamb': Case('lamb'),
    'lars': Case('lars', MOMENTUM),
    'lbsgd': Case('lbsgd', {**MOMENTUM, 'batch_scale': 2}),
    'lbsgd in mixed precision': Case(
        'lbsgd', {**MOMENTUM, **HALF}, mixed=True
    ),
    'dcasgd': Case('dcasgd'),
    'group adagrad': Case('groupadagrad', bias=False),
    'sgld': Case('sgld', dropout=True),
    'factor schedule': Case(
        'sgd', MOMENTUM, lambda: lr_scheduler.FactorScheduler(2, 0.5)
    ),
    'multifactor schedule': Case(
        'adam', {}, lambda: lr_scheduler.MultiFactorScheduler([2, 4, 7], 0.5)
    ),
    'poly schedule': Case(
        'sgd', MOMENTUM, lambda: lr_scheduler.PolyScheduler(9, 0.1)
    ),
    'cosine schedule': Case(
        'nadam',
        {},
        lambda: lr_scheduler.CosineScheduler(9, 0.1, warmup_steps=3),
    ),
    'dropout': Case('adam', dropout=True),
    'shuffled': Case('adam', shuffled=True),
    'dropout, shuffled': Case('adam', dropout=True, shuffled=True),
    'batch normalization': Case('sgd', MOMENTUM, normalized=True),
    'sparse gradients': Case('adam', embedded=True),
    'sparse weights': Case('adam', embedded=True, sparse=True),
    'sparse weights, momentum': Case(
        'sgd', MOMENTUM, embedded=True, sparse=True
    ),
    'accumulated gradients': Case('sgd', MOMENTUM, accumulated=True),
    'two devices': Case('adam', contexts=DEVICES, on_kvstore=False),
    'key-value store': Case('adam', contexts=DEVICES, on_kvstore=True),
    'loss scaler': Case('sgd', MOMENTUM, scaled=True),
}


class MixedDense(nn.HybridBlock):
    """A dense layer whose weight is float16, and whose sums are float32.

    MXNet has no float16 dense layer on a CPU.
    """

    def __init__(self, units, inputs):
        super().__init__()
        self.weight = self.params.get('weight', shape=(units, inputs))
        self.weight.cast('float16')

    def hybrid_forward(self, F, x, weight):
        product = F.dot(x, weight.astype('float32'), transpose_b=True)
        return F.tanh(product)


def make(case):
    """Return a new network and its trainer."""
    net = nn.Sequential()
    if case.mixed:
        net.add(MixedDense(6, INPUTS))
    if case.sparse:
        net.add(SparseEmbedding(50, 3))
    elif case.embedded:
        net.add(nn.Embedding(50, 3, sparse_grad=True))
    net.add(nn.Dense(5, activation='tanh', use_bias=case.bias))
    if case.normalized:
        net.add(nn.BatchNorm())
    if case.dropout:
        net.add(nn.Dropout(0.5))
    net.add(nn.Dense(5, activation='tanh', use_bias=case.bias))
    net.add(nn.Dense(1, use_bias=case.bias))
    net.initialize(ctx=list(case.contexts))
    if case.accumulated:
        net.collect_params().setattr('grad_req', 'add')
    options = dict(case.options)
    if case.schedule:
        options['lr_scheduler'] = case.schedule()
    trainer = gluon.Trainer(
        net.collect_params(),
        case.optimizer,
        options,
        update_on_kvstore=case.on_kvstore,
    )
    if case.scaled:
        trainer._amp_loss_scaler = LossScaler()
        trainer._amp_loss_scaler._scale_seq_len = 3
    return net, trainer


def batch_of(case, step):
    """Return the inputs and the targets of a step."""
    data = np.random.RandomState(7).uniform(size=(STEPS * BATCH, INPUTS))
    if case.embedded:
        data = (data * 50).astype(int)
    rows = np.arange(step * BATCH, (step + 1) * BATCH)
    if case.shuffled:
        rows = np.random.permutation(len(data))[:BATCH]
        data = data + random.random() + np.random.normal()
    inputs = nd.array(data[rows], dtype='float32')
    return inputs, inputs.sum(axis=1)


def train(case, net, trainer, steps):
    """Train some steps; return the loss of each."""
    losses = []
    measure = gluon.loss.L2Loss()
    for step in steps:
        inputs, targets = (
            gluon.utils.split_and_load(part, list(case.contexts))
            for part in batch_of(case, step)
        )
        with autograd.record():
            parts = [measure(net(x), y) for x, y in zip(inputs, targets)]
        autograd.backward(parts)
        losses += [part.asnumpy() for part in parts]
        if not case.accumulated:
            trainer.step(BATCH)
        elif step % 2:
            trainer.step(2 * BATCH)
            net.collect_params().zero_grad()
    return np.concatenate(losses)


def outcome(net, trainer, losses):
    """Return all that two runs are compared by, as named arrays."""
    found = {'losses': losses}
    for name, parameter in net._collect_params_with_prefix().items():
        sparse = parameter._stype == 'row_sparse'
        arrays = [parameter._reduce()] if sparse else parameter.list_data()
        for place, array in enumerate(arrays):
            found[f'{name} {place}'] = array.asnumpy()
    names = {p: n for n, p in net._collect_params_with_prefix().items()}
    store = trainer._kvstore if trainer._update_on_kvstore else None
    updaters = [store._updater] if store else trainer._updaters
    for device, updater in enumerate(updaters):
        for index, state in updater.states.items():
            name = names[trainer._params[index]]
            for place, array in enumerate(flat(state)):
                found[f'state {name} {device} {place}'] = array.asnumpy()
    found['learning rate'] = trainer.learning_rate
    found['updates'] = trainer.optimizer.num_update
    found['random'] = random.random()
    found['numpy'] = np.random.uniform(size=3)
    found['mxnet'] = nd.random.uniform(shape=3).asnumpy()
    return found


def flat(state):
    """Return the arrays of an optimizer's state."""
    if isinstance(state, (list, tuple)):
        return [array for part in state for array in flat(part)]
    return [] if state is None else [state]


def seed():
    for generator in (random, np.random, mx.random):
        generator.seed(11)


def start(name, folder, *, saving):
    """Train all steps, and save a checkpoint in the middle."""
    case = CASES[name]
    seed()
    net, trainer = make(case)
    first = train(case, net, trainer, range(SAVED_AT))
    if saving:
        d2l_rw.save_checkpoint(
            os.path.join(folder, name),
            net,
            trainer,
            epoch=0,
            batch=SAVED_AT,
            sync=False,
        )
    last = train(case, net, trainer, range(SAVED_AT, STEPS))
    return outcome(net, trainer, np.concatenate([first, last]))


def resume(name, folder):
    """Restore the checkpoint, and train the steps that are left."""
    case = CASES[name]
    net, trainer = make(case)
    checkpoint = d2l_rw.restore_checkpoint(
        os.path.join(folder, name), net, trainer
    )
    losses = train(case, net, trainer, range(checkpoint.batch, STEPS))
    return outcome(net, trainer, losses)


def main(folder, resuming=''):
    for name in CASES:
        prefix = os.path.join(folder, name)
        if resuming:
            # Layers made before shift the numbers in the names of others.
            nn.Dense(1)
            np.savez(f'{prefix} resumed.npz', **resume(name, folder))
        else:
            np.savez(
                f'{prefix} whole.npz', **start(name, folder, saving=False)
            )
            np.savez(
                f'{prefix} saved.npz', **start(name, folder, saving=True)
            )


if __name__ == '__main__':
    main(*sys.argv[1:])
