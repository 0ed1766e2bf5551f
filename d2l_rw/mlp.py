"""The multilayer perceptron that the chapters save."""

from d2l_rw._mxnet import mxnet

nd, nn = mxnet.nd, mxnet.gluon.nn


class MLP(nn.Block):
    """Make a perceptron with one hidden layer.

    The number of inputs is left open: the first batch that passes through
    the network settles it, or a file of parameters does.

    Args:
        hidden_units: Number of units of the hidden layer, which ends in ReLU.
        output_units: Number of units of the output layer, which is linear.

    Attributes:
        hidden: Dense layer, weight of shape (hidden_units, inputs).
        output: Dense layer, weight of shape (output_units, hidden_units).

    Example:
        >>> from mxnet import nd
        >>> net = MLP(output_units=3)
        >>> net.initialize()
        >>> net(nd.ones((2, 20))).shape
        (2, 3)
    """

    def __init__(
        self, *, hidden_units: int = 256, output_units: int = 10
    ) -> None:
        super().__init__()
        self.hidden = nn.Dense(hidden_units, activation='relu')
        self.output = nn.Dense(output_units)

    def forward(self, x: nd.NDArray) -> nd.NDArray:
        """Return the outputs for a batch.

        Args:
            x: Inputs of shape (batch, ...), float32. All dimensions after
                the first count as one.

        Returns:
            Array of shape (batch, output_units), float32, a new one.

        Raises:
            RuntimeError: The network has not been initialized, or (as
                MXNet's MXNetError) an earlier batch was of another width.

        Example:
            >>> from mxnet import nd
            >>> net = MLP()
            >>> net.initialize()
            >>> net.forward(nd.zeros((1, 4, 5))).shape
            (1, 10)
        """
        return self.output(self.hidden(x))
