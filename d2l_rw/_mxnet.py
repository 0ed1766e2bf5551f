"""Import MXNet, or say how to get it."""

try:
    import mxnet
except (ImportError, AttributeError, OSError) as error:
    # AttributeError: NumPy 1.24 removed `numpy.bool`, which MXNet uses.
    # OSError: the shared library is for another system.
    reason = str(error).partition('\n')[0]
    raise ImportError(
        f'mxnet: expected version 1.9.1 beside NumPy < 1.24, got: {reason}; '
        "install both with: pip install mxnet==1.9.1 'numpy<1.24' "
        '(on Linux or an Intel Mac, with Python up to 3.11, because '
        'NumPy < 1.24 has no wheels for newer ones); '
        'the rest of d2l_rw works without MXNet'
    ) from error

__all__ = ['mxnet']
