"""Load a network that MXNet trained into PyTorch, and compare its layers.

    python load_in_pytorch.py network.params outputs.npz

The first file holds the parameters, the second one inputs and what each
layer of MXNet made of them.  MXNet is not needed.
"""

import sys

import numpy as np
import torch
from torch import nn

import d2l_rw

LIMIT = 1e-5  # of the largest number that the layer gives


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(4, eps=1e-5)
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(4, 8, 3)
        self.norm2 = nn.BatchNorm2d(8, eps=1e-5)
        self.pool2 = nn.MaxPool2d(2)
        self.hidden = nn.Linear(48, 32)
        self.output = nn.Linear(32, 10)

    def forward(self, x):
        x = self.pool1(torch.relu(self.norm1(self.conv1(x))))
        x = self.pool2(torch.relu(self.norm2(self.conv2(x))))
        x = torch.relu(self.hidden(torch.flatten(x, 1)))
        return self.output(x)


def state_of(path):
    """Return the arrays of the file under PyTorch's names."""
    arrays = d2l_rw.load(path, mmap=False)
    arrays['norm1.gamma'][:] = 1  # the layer was made with scale=False
    renamed = {'gamma': 'weight', 'beta': 'bias'}
    state = {}
    for name, array in arrays.items():
        layer, kind = name.split('.')
        name = f'{layer}.{renamed.get(kind, kind)}'
        state[name] = torch.from_numpy(array)
    return state


def outputs_of(net, inputs):
    """Return what each layer gives, by its name."""
    outputs = {}
    for name, layer in net.named_children():
        layer.register_forward_hook(
            lambda layer, x, y, name=name: outputs.update({name: y.numpy()})
        )
    with torch.no_grad():
        net(torch.from_numpy(inputs))
    return outputs


def main(parameters, outputs):
    net = Net()
    net.load_state_dict(state_of(parameters))
    net.eval()  # normalize with the running statistics
    expected = np.load(outputs)
    differences = []
    for name, y in outputs_of(net, expected['inputs']).items():
        largest = np.abs(expected[name]).max()
        differences.append(np.abs(y - expected[name]).max() / largest)
        print(f'{name}: {differences[-1]:.0e}')
    return 0 if all(d < LIMIT for d in differences) else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
