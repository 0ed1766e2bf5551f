"""Hugging Face's packages and d2l_rw read each other's shards."""

import json
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import (
    load_state_dict_from_file,
    load_torch_model,
    save_torch_state_dict,
    split_torch_state_dict_into_shards,
)
from safetensors import safe_open

import d2l_rw
from benchmarks import shards as benchmark

torch = pytest.importorskip('torch')

BOUNDS = 1, 64, 400, 1000, '5GB'
INDEX = 'model.safetensors.index.json'
FLOAT32 = torch.arange(30, dtype=torch.float32).reshape(5, 6)
# The one in the middle is larger than most bounds.
TENSORS = {
    'embedding.weight': FLOAT32,
    'hidden.weight': FLOAT32.to(torch.bfloat16) / 7,
    'hidden.bias': torch.tensor([float('nan'), -0.0, float('inf')]),
    'large.weight': torch.arange(2000, dtype=torch.int64),
    'narrow': FLOAT32.half() / 3,
    'mask': torch.tensor([True, False, True]),
    'empty': torch.zeros(0, 4),
    'step': torch.tensor(7),
    '权重': torch.arange(6, dtype=torch.uint8),
}


def bits(tensor):
    """All of a tensor: its dtype, its shape, its bytes."""
    data = tensor.contiguous().flatten().view(torch.uint8).numpy()
    return str(tensor.dtype).split('.')[1], (*tensor.shape,), data.tobytes()


def array_bits(array):
    """The same of an array."""
    return array.dtype.name, array.shape, array.tobytes()


def array_of(tensor):
    """The array of the same bits."""
    if tensor.dtype != torch.bfloat16:
        return tensor.numpy().copy()
    import ml_dtypes

    return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)


ARRAYS = {name: array_of(tensor) for name, tensor in TENSORS.items()}


@pytest.mark.parametrize('mmap', [True, False])
@pytest.mark.parametrize('bound', BOUNDS[:-1])
def test_shards_of_hugging_face_are_read_bit_for_bit(bound, mmap, tmp_path):
    save_torch_state_dict(dict(TENSORS), tmp_path, max_shard_size=bound)
    found = d2l_rw.load(tmp_path / INDEX, mmap=mmap)
    weight_map = json.loads((tmp_path / INDEX).read_bytes())['weight_map']
    assert list(found) == list(weight_map)
    for name, tensor in TENSORS.items():
        assert array_bits(found[name]) == bits(tensor)
    for spec in d2l_rw.scan(tmp_path / INDEX):
        assert spec.file == weight_map[spec.name]
        with open(tmp_path / spec.file, 'rb') as file:
            file.seek(spec.offset)
            data = file.read(spec.nbytes)
        assert (spec.dtype, spec.shape, data) == bits(TENSORS[spec.name])


@pytest.fixture
def theirs(tmp_path):
    """The paths of the shards that their package writes, by arrays."""
    save_torch_state_dict(dict(TENSORS), tmp_path, max_shard_size=100)
    weight_map = json.loads((tmp_path / INDEX).read_bytes())['weight_map']
    return {name: tmp_path / shard for name, shard in weight_map.items()}


def test_missing_shard_of_hugging_face_is_refused_by_name(theirs, tmp_path):
    missing = theirs['hidden.weight']
    missing.unlink()
    found = d2l_rw.load(tmp_path / INDEX)
    for name in TENSORS:
        if theirs[name] != missing:
            assert array_bits(found[name]) == bits(TENSORS[name])
    with pytest.raises(d2l_rw.FormatError, match=f'expected {missing.name}'):
        found['hidden.weight']


def test_swapped_shards_of_hugging_face_are_refused_by_name(theirs, tmp_path):
    name = 'embedding.weight'
    first, second = theirs[name], theirs['large.weight']
    first.rename(tmp_path / 'other')
    second.rename(first)
    (tmp_path / 'other').rename(second)
    with pytest.raises(d2l_rw.FormatError, match=f'{first.name}: {name}'):
        d2l_rw.load(tmp_path / INDEX)[name]


class Model(torch.nn.Module):
    """A model whose state is the tensors, all zero."""

    def __init__(self):
        super().__init__()
        for name, tensor in TENSORS.items():
            folder = self
            *path, last = name.split('.')
            for part in path:
                if part not in dict(folder.named_children()):
                    folder.add_module(part, torch.nn.Module())
                folder = getattr(folder, part)
            folder.register_buffer(last, torch.zeros_like(tensor))


@pytest.mark.parametrize('bound', BOUNDS)
def test_hugging_face_loads_our_shards_into_a_model(bound, tmp_path):
    nbytes = 5 * 10**9 if bound == '5GB' else bound
    path = tmp_path / 'model.safetensors'
    d2l_rw.save_shards(path, ARRAYS, shard_nbytes=nbytes)
    model = Model()
    found = load_torch_model(model, tmp_path, strict=True)
    assert not found.missing_keys
    assert not found.unexpected_keys
    for name, tensor in model.state_dict().items():
        assert bits(tensor) == bits(TENSORS[name])


@pytest.mark.parametrize('bound', BOUNDS)
def test_hugging_face_loads_each_of_our_shards(bound, tmp_path):
    nbytes = 5 * 10**9 if bound == '5GB' else bound
    path = tmp_path / 'model.safetensors'
    index = d2l_rw.save_shards(path, ARRAYS, shard_nbytes=nbytes)
    content = json.loads(Path(index).read_bytes())
    for shard in {*content['weight_map'].values()}:
        with safe_open(tmp_path / shard, 'pt') as file:
            assert file.metadata()['format'] == 'pt'
        for name, tensor in load_state_dict_from_file(
            tmp_path / shard
        ).items():
            assert content['weight_map'][name] == shard
            assert bits(tensor) == bits(TENSORS[name])


@pytest.mark.parametrize('bound', BOUNDS)
def test_arrays_are_split_as_hugging_face_splits_them(bound, tmp_path):
    theirs = split_torch_state_dict_into_shards(TENSORS, max_shard_size=bound)
    nbytes = 5 * 10**9 if bound == '5GB' else bound
    path = tmp_path / 'model.safetensors'
    index = d2l_rw.save_shards(path, ARRAYS, shard_nbytes=nbytes)
    ours = json.loads(Path(index).read_bytes())
    save = ours['metadata'].pop('d2l_rw_save')
    assert ours['metadata'] == theirs.metadata
    # A single shard is `model.safetensors` to them, and has no index.
    names = theirs.tensor_to_filename
    if theirs.is_sharded:
        plain = {
            name: shard.replace(f'-{save}', '')
            for name, shard in ours['weight_map'].items()
        }
        assert list(plain.items()) == list(names.items())
    else:
        assert list(ours['weight_map']) == list(names)
        assert len({*ours['weight_map'].values()}) == 1


@pytest.mark.parametrize('bound', BOUNDS[:-1])
def test_shards_have_the_bytes_of_theirs_but_for_the_id(bound, tmp_path):
    (tmp_path / 'theirs').mkdir()
    save_torch_state_dict(
        dict(TENSORS), tmp_path / 'theirs', max_shard_size=bound
    )
    (tmp_path / 'ours').mkdir()
    path = tmp_path / 'ours' / 'model.safetensors'
    d2l_rw.save_shards(path, ARRAYS, shard_nbytes=bound)
    pairs = zip(
        *[
            sorted((tmp_path / folder).glob('*-of-*'))
            for folder in ('ours', 'theirs')
        ]
    )
    for ours, theirs in pairs:
        data = [np.fromfile(file, np.uint8) for file in (ours, theirs)]
        starts = [8 + int.from_bytes(d[:8].tobytes(), 'little') for d in data]
        arrays = [d[start:].tobytes() for d, start in zip(data, starts)]
        assert arrays[0] == arrays[1]


def test_model_of_hugging_face_goes_through_one_file_and_back(tmp_path):
    save_torch_state_dict(
        dict(TENSORS),
        tmp_path,
        max_shard_size=400,
        metadata={'licence': 'MIT'},
    )
    one, back = tmp_path / 'one.safetensors', tmp_path / 'back.safetensors'
    d2l_rw.convert(tmp_path / INDEX, one)
    state = load_state_dict_from_file(one)
    assert {n: bits(t) for n, t in state.items()} == {
        n: bits(t) for n, t in TENSORS.items()
    }
    with safe_open(one, 'pt') as file:
        assert file.metadata() == {'format': 'pt', 'licence': 'MIT'}
    d2l_rw.convert(one, back, shard_nbytes=400)
    model, pattern = Model(), 'back{suffix}.safetensors'
    load_torch_model(model, tmp_path, strict=True, filename_pattern=pattern)
    for name, tensor in model.state_dict().items():
        assert bits(tensor) == bits(TENSORS[name])


def test_shards_are_measured(capsys):
    benchmark.main(['--quick'])
    printed = capsys.readouterr().out
    for name in (benchmark.OURS, benchmark.SYNCED, benchmark.THEIRS):
        assert f'| write all | 4 | 0 | {name} |' in printed
