"""PyTorch's safetensors files and those of d2l_rw are the same to each."""

import numpy as np
import pytest

import d2l_rw

torch = pytest.importorskip('torch')
tensors = pytest.importorskip('safetensors.torch')

DTYPES = 'float16', 'float32', 'float64', 'int32', 'int64', 'uint8', 'bool'


@pytest.mark.parametrize('dtype', DTYPES)
def test_pytorch_opens_what_is_converted(dtype, tmp_path):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    np.savez(tmp_path / 'a.npz', weight=array)
    d2l_rw.convert(tmp_path / 'a.npz', tmp_path / 'a.safetensors')
    tensor = tensors.load_file(tmp_path / 'a.safetensors')['weight']
    assert tensor.dtype == getattr(torch, dtype)
    np.testing.assert_array_equal(tensor.numpy(), array)


@pytest.mark.parametrize('dtype', DTYPES)
def test_what_pytorch_writes_is_opened(dtype, tmp_path):
    tensor = torch.arange(6).reshape(2, 3).to(getattr(torch, dtype))
    tensors.save_file({'weight': tensor}, tmp_path / 'a.safetensors')
    array = d2l_rw.load(tmp_path / 'a.safetensors')['weight']
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, tensor.numpy())
