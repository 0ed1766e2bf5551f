"""Shards and their index: split, read one by one, never a mixture."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from d2l_rw import (
    FormatError,
    convert,
    load,
    save,
    save_shards,
    scan,
)
from d2l_rw.cli import main
from d2l_rw.lazy import LazyArrays
from d2l_rw.shard_index import LARGEST_INDEX, SAVE, split
from d2l_rw.shards import OPEN
from tests.cases import CSR_INT32, f32, same, same_arrays
from tests.test_conversion import ARRAYS, WEIGHT, safetensors_of

ROOT = Path(__file__).parents[1]
PARTS = 'embedding.weight', 'hidden.weight', 'output.weight'
MIB = 2**20


def model(value=1.0):
    """Three arrays of 24 bytes."""
    return {name: np.full((2, 3), value, 'float32') for name in PARTS}


@pytest.fixture
def index(tmp_path):
    """The index of a model, each array of which has a shard of its own."""
    path = tmp_path / 'model.safetensors'
    return Path(save_shards(path, model(), shard_nbytes=24))


def shards_of(index):
    """The paths of the shards of an index, by the names of arrays."""
    weight_map = json.loads(index.read_bytes())['weight_map']
    return {name: index.parent / file for name, file in weight_map.items()}


def foreign(folder, *shards, metadata=None, order=None):
    """Write a model as Hugging Face's packages do; return its index."""
    weight_map, count = {}, len(shards)
    for place, arrays in enumerate(shards, 1):
        file = f'model-{place:05d}-of-{count:05d}.safetensors'
        weight_map.update(dict.fromkeys(arrays, file))
        data = safetensors_of(arrays, format='pt')
        (folder / file).write_bytes(data)
    index = folder / 'model.safetensors.index.json'
    content = {'metadata': metadata or {}, 'weight_map': weight_map}
    index.write_text(json.dumps(content))
    return index


# Round trips


@pytest.mark.parametrize('mmap', [True, False])
@pytest.mark.parametrize('shard_nbytes', [1, 24, 25, 10**9])
@pytest.mark.parametrize(
    'arrays',
    [
        model(),
        ARRAYS,
        {'step': np.array(7)},
        {'big-endian': np.arange(3, dtype='>i4').astype('<i4')},
        {},
    ],
    ids=['model', 'of many kinds', 'zero-dimensional', 'integers', 'none'],
)
def test_arrays_come_back(arrays, shard_nbytes, mmap, tmp_path):
    path = tmp_path / 'model.safetensors'
    index = save_shards(path, arrays, shard_nbytes=shard_nbytes)
    assert index == f'{path}.index.json'
    found = load(index, mmap=mmap)
    assert isinstance(found, LazyArrays if mmap else dict)
    assert sorted(found) == sorted(arrays)
    assert all(same(found[name], arrays[name]) for name in arrays)
    writable = {found[name].flags.writeable for name in arrays}
    assert writable <= {not mmap}


@pytest.mark.parametrize(
    'array',
    [np.arange(3, dtype='>f8'), np.arange(6).reshape(2, 3).T],
    ids=['big-endian', 'Fortran order'],
)
def test_array_of_another_layout_keeps_its_values(array, tmp_path):
    index = save_shards(tmp_path / 'model.safetensors', {'w': array})
    found = load(index)['w']
    assert found.dtype == array.dtype.newbyteorder('<')
    np.testing.assert_array_equal(found, array)


def test_specs_are_in_the_order_of_the_index_and_name_the_shard(index):
    specs = scan(index)
    assert [spec.name for spec in specs] == list(load(index)) == [*PARTS]
    for spec in specs:
        shard = shards_of(index)[spec.name]
        assert spec.file == shard.name
        data = shard.read_bytes()[spec.offset : spec.offset + spec.nbytes]
        assert data == model()[spec.name].tobytes()


def test_names_are_known_before_a_shard_is_opened(index):
    for shard in shards_of(index).values():
        shard.unlink()
    found = load(index)
    assert list(found) == [*PARTS]
    assert 'bias' not in found
    with pytest.raises(KeyError, match='bias'):
        found['bias']


# Bounds


@pytest.mark.parametrize(
    ('sizes', 'bound', 'expected'),
    [
        ([6, 6, 2, 6, 2, 2], 10, ['0', '12', '345']),
        ([5, 5, 5], 10, ['01', '2']),
        ([2, 20, 2], 10, ['1', '02']),
        ([20, 2, 20], 10, ['0', '2', '1']),
        ([0, 0], 1, ['01']),
        ([], 1, []),
    ],
    ids=['as their docs have it', 'exactly', 'large', 'two', 'empty', 'none'],
)
def test_arrays_are_split_in_their_order(sizes, bound, expected, tmp_path):
    arrays = {str(i): np.zeros(n, 'uint8') for i, n in enumerate(sizes)}
    index = save_shards(
        tmp_path / 'm.safetensors', arrays, shard_nbytes=bound
    )
    found = {}
    for spec in scan(index):
        found[spec.file] = found.get(spec.file, '') + spec.name
    # In one shard the format itself orders arrays by name.
    assert list(found.values()) == expected
    assert split(scan(index), 10**9) == (
        [list(''.join(expected))] * bool(sizes)
    )


@pytest.mark.parametrize(
    ('shard_nbytes', 'error'),
    [(0, ValueError), (-1, ValueError), (1.5, TypeError)],
)
def test_bound_that_is_no_size_is_refused(shard_nbytes, error, tmp_path):
    with pytest.raises(error, match=r'at least 1 byte|float'):
        save_shards(
            tmp_path / 'm.safetensors', model(), shard_nbytes=shard_nbytes
        )
    assert not os.listdir(tmp_path)


def test_index_and_shards_are_those_of_hugging_face_with_an_id(index):
    content = json.loads(index.read_bytes())
    save = content['metadata'].pop(SAVE)
    names = [f'model-{save}-0000{n}-of-00003.safetensors' for n in (1, 2, 3)]
    assert content == {
        'metadata': {'total_size': 72},
        'weight_map': dict(zip(PARTS, names)),
    }
    for shard in shards_of(index).values():
        metadata = f'{{"__metadata__":{{"format":"pt","{SAVE}":"{save}"}}'
        assert shard.read_bytes()[8:].startswith(metadata.encode())


# What cannot be written


@pytest.mark.parametrize(
    ('arrays', 'message'),
    [
        ({'w': CSR_INT32}, "array 'w': expected a dense array, got CSR"),
        ({'w': None}, "array 'w': expected a dense array, got NoneType"),
        ({'w': np.array(['a'])}, "array 'w': dtype: none like str"),
        ({'w': WEIGHT, '__metadata__': WEIGHT}, 'another name for an array'),
        ({1: WEIGHT}, 'name: expected a string, got 1'),
        ([WEIGHT], 'arrays: expected arrays by name, got list'),
        ({'a': WEIGHT, '\ud800': WEIGHT}, 'surrogates not allowed'),
    ],
    ids=[
        'sparse',
        'none',
        'dtype',
        'reserved',
        'number',
        'list',
        'half a character',
    ],
)
def test_what_no_shard_can_hold_is_refused_and_nothing_is_left(
    arrays, message, index
):
    before = sorted(os.listdir(index.parent))
    path = index.parent / 'model.safetensors'
    with pytest.raises((TypeError, ValueError), match=message):
        save_shards(path, arrays, shard_nbytes=1)
    assert sorted(os.listdir(index.parent)) == before
    assert load(index)[PARTS[0]][0, 0] == 1


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('model.params', r'expected a name that ends in \.safetensors'),
        ('model.safetensors.index.json', 'expected a name that ends in'),
        ('a:b.safetensors', 'shard: expected the name of a file beside'),
    ],
)
def test_name_that_could_not_be_read_again_is_refused(
    name, message, tmp_path
):
    with pytest.raises(ValueError, match=message):
        save_shards(tmp_path / name, model())
    assert not os.listdir(tmp_path)


# Only the shard that is needed


@pytest.mark.parametrize('harm', [Path.unlink, lambda p: p.write_bytes(b'')])
@pytest.mark.parametrize('name', PARTS)
def test_array_needs_its_own_shard_alone(name, harm, index):
    shards = shards_of(index)
    for other in {*PARTS} - {name}:
        harm(shards[other])
    found = load(index)
    assert same(found[name], model()[name])
    other = next(iter({*PARTS} - {name}))
    with pytest.raises(FormatError, match=shards[other].name):
        found[other]


def test_model_may_have_more_shards_than_a_process_may_open_files(tmp_path):
    arrays = {f'w{place:03d}': f32(place) for place in range(2 * OPEN)}
    index = save_shards(
        tmp_path / 'model.safetensors', arrays, shard_nbytes=1, sync=False
    )
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(index, 'rb') as last:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (last.fileno() + OPEN + 20, limits[1])
        )
        try:
            found = load(index)
            assert all(same(found[name], arrays[name]) for name in arrays)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_memory_does_not_grow_with_the_model(tmp_path):
    made = LazyArrays(
        [f'w{place}' for place in range(32)],
        lambda name: np.full(MIB, int(name[1:]), 'uint8'),
    )
    tracemalloc.start()
    try:
        index = save_shards(
            tmp_path / 'a.safetensors', made, shard_nbytes=8 * MIB, sync=False
        )
        convert(index, tmp_path / 'b.safetensors', sync=False)
        convert(
            tmp_path / 'b.safetensors',
            tmp_path / 'c.safetensors',
            shard_nbytes=8 * MIB,
            sync=False,
        )
        found = load(tmp_path / 'c.safetensors.index.json')
        assert all(found[name][-1] == int(name[1:]) for name in made)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * MIB


# Hostile and damaged indexes


def mapped(**weight_map):
    return json.dumps({'weight_map': weight_map})


HOSTILE = {
    'a folder above': (
        mapped(w='../secret.safetensors'),
        "w: shard: expected the name of a file beside the index, got '../sec",
    ),
    'a folder below': (mapped(w='a/b.safetensors'), 'w: shard: expected the'),
    'an absolute path': (
        mapped(w='/a.safetensors'),
        'w: shard: expected the',
    ),
    'a folder of Windows': (
        mapped(w='..\\a.safetensors'),
        'w: shard: expected the',
    ),
    'a drive': (mapped(w='c:a.safetensors'), 'w: shard: expected the name'),
    'an address': (mapped(w='s3://a.safetensors'), 'w: shard: expected the'),
    'a zero byte': (mapped(w='a\0.safetensors'), 'w: shard: expected the'),
    'half a character': (
        mapped(w='\ud800.safetensors'),
        'w: shard: expected the name',
    ),
    'a pickle': (
        mapped(w='pytorch_model-00001-of-00002.bin'),
        r"shard: expected a name that ends in \.safetensors, got 'pytorch",
    ),
    'itself': (
        mapped(w='model.safetensors.index.json'),
        r'shard: expected a name that ends in \.safetensors',
    ),
    'no name': (mapped(w=''), r'shard: expected a name that ends in'),
    'a number for a shard': (mapped(w=1), 'w: shard: expected the name'),
    'an array for a shard': (mapped(w=['a']), 'w: shard: expected the name'),
    'a list': (
        '{"weight_map": ["a"]}',
        'weight_map: expected an object of s',
    ),
    'no map': ('{"metadata": {}}', 'index: expected an object with a weight'),
    'no object': ('[]', 'index: expected an object with a weight_map'),
    'metadata that are no object': (
        '{"metadata": 1, "weight_map": {}}',
        'metadata: expected an object, got 1',
    ),
    'an id that is no string': (
        '{"metadata": {"d2l_rw_save": 1}, "weight_map": {}}',
        'd2l_rw_save: expected a string, got 1',
    ),
    'a name twice': (
        '{"weight_map": {"w": "a.safetensors", "w": "b.safetensors"}}',
        "JSON: expected each name once, got 'w'",
    ),
    'not a number': ('{"metadata": {"a": NaN}}', 'expected a finite number'),
    'cut': ('{"weight_map": {"w": "a.safe', r'JSON: .* \(at byte 21\)'),
    'no UTF-8': (b'{"\xff"}', 'JSON: expected UTF-8'),
    'nothing': ('', r'JSON: expected a value, got .* \(at byte 0\)'),
    'deep': ('[' * 100_000, 'JSON: expected flat values, got deep ones'),
    'another file': (safetensors_of({'w': WEIGHT}), 'JSON: expected'),
}


@pytest.mark.parametrize('case', HOSTILE)
@pytest.mark.parametrize('read', [load, scan])
def test_hostile_index_is_refused_by_name(read, case, tmp_path):
    folder = tmp_path / 'models'
    folder.mkdir()
    secret = safetensors_of({'w': WEIGHT})
    (tmp_path / 'secret.safetensors').write_bytes(secret)
    index, (data, message) = (
        folder / 'm.safetensors.index.json',
        HOSTILE[case],
    )
    index.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(FormatError, match=rf'm\.safet.*\.json: .*{message}'):
        read(index)


def test_any_bit_of_an_index_may_flip(index):
    whole, refused = index.read_bytes(), 0
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        index.write_bytes(data)
        try:
            assert same_arrays(load(index, mmap=False), model())
        except FormatError:
            refused += 1
    assert 0 < refused < 8 * len(whole)


def test_index_of_gigabytes_is_refused_before_it_is_read(tmp_path):
    index = tmp_path / 'model.safetensors.index.json'
    with open(index, 'wb') as file:
        file.truncate(2**34)
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match='size of the index: expected'):
            load(index)
        assert tracemalloc.get_traced_memory()[1] < 2 * LARGEST_INDEX
    finally:
        tracemalloc.stop()


def test_json_of_another_name_is_no_file_of_arrays(index):
    other = index.rename(index.parent / 'index.txt')
    with pytest.raises(FormatError, match=r'got JSON: .* \.index\.json'):
        load(other)


# Missing and swapped shards


@pytest.mark.parametrize('mmap', [True, False])
@pytest.mark.parametrize('name', PARTS)
def test_missing_shard_is_refused_by_name(name, mmap, index):
    shard = shards_of(index)[name]
    shard.unlink()
    message = rf'index\.json: {name}: shard: expected {shard.name}, got no s'
    with pytest.raises(FormatError, match=message):
        load(index, mmap=mmap)[name]
    with pytest.raises(FormatError, match=message):
        scan(index)


def test_shard_of_another_save_is_refused_by_its_id(index, tmp_path):
    (tmp_path / 'other').mkdir()
    path = tmp_path / 'other' / 'model.safetensors'
    other = Path(save_shards(path, model(2), shard_nbytes=24))
    name = PARTS[1]
    shard = shards_of(index)[name]
    shutil.copy(shards_of(other)[name], shard)
    ids = [
        json.loads(i.read_bytes())['metadata'][SAVE] for i in (index, other)
    ]
    message = (
        rf'{shard.name}: {SAVE}: expected {ids[0]} as in model\.safe.*json, '
        rf'got {ids[1]}: swapped'
    )
    for read in (scan, lambda index: load(index)[name]):
        with pytest.raises(FormatError, match=message):
            read(index)


@pytest.mark.parametrize('read', [scan, lambda index: load(index)['a']])
def test_shards_without_an_id_are_told_by_their_arrays(read, tmp_path):
    index = foreign(tmp_path, {'a': WEIGHT}, {'b': WEIGHT})
    first, second = sorted(tmp_path.glob('*.safetensors'))
    first.rename(tmp_path / 'other')
    second.rename(first)
    (tmp_path / 'other').rename(second)
    with pytest.raises(
        FormatError, match=rf'{first.name}: a: array: expected'
    ):
        read(index)


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (safetensors_of({'a': WEIGHT}), 'b: array: expected one, as .*, got'),
        (
            safetensors_of({'a': WEIGHT, 'b': WEIGHT, 'c': WEIGHT}),
            'c: array: expected none, as model.*json says, got one',
        ),
        (
            safetensors_of({'a': WEIGHT, 'b': WEIGHT})[:-1],
            'b: data: expected',
        ),
        (b'PK\5\6' + bytes(18), 'shard: expected safetensors, got other byt'),
        (b'', 'file: expected arrays, got an empty file'),
        (b'{"weight_map": {}}', r'file: expected arrays, got JSON'),
    ],
    ids=['one less', 'one more', 'cut', 'npz', 'empty', 'an index'],
)
def test_damaged_shard_is_refused_by_name(data, message, tmp_path):
    index = foreign(tmp_path, {'a': WEIGHT, 'b': WEIGHT}, {'d': WEIGHT})
    shard = tmp_path / 'model-00001-of-00002.safetensors'
    shard.write_bytes(data)
    for read in (scan, lambda index: load(index)['a']):
        with pytest.raises(FormatError, match=rf'{shard.name}: {message}'):
            read(index)
    assert same(load(index)['d'], WEIGHT)


def test_total_size_of_our_own_must_be_that_of_the_arrays(index):
    text = index.read_text().replace('size": 72', 'size": 73')
    index.write_text(text)
    message = 'total_size: expected 72, as its arrays have, got 73'
    with pytest.raises(FormatError, match=message):
        scan(index)


@pytest.mark.parametrize('total', [0, 1e9, '48', None])
def test_total_size_of_others_may_count_what_it_likes(total, tmp_path):
    index = foreign(
        tmp_path, {'a': WEIGHT}, {'b': WEIGHT}, metadata={'total_size': total}
    )
    assert [spec.name for spec in scan(index)] == ['a', 'b']


# Saving over what is there


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_new_save_leaves_nothing_of_the_old_one(index):
    old = shards_of(index).values()
    path = index.parent / 'model.safetensors'
    save_shards(path, model(2), shard_nbytes=48)
    assert not any(shard.exists() for shard in old)
    assert len(files_in(index.parent)) == 3
    found = load(index)
    assert {float(found[name][0, 0]) for name in PARTS} == {2}


def test_model_may_be_saved_over_itself_while_it_is_read(index):
    found = load(index)
    path = index.parent / 'model.safetensors'
    save_shards(path, found, shard_nbytes=48)
    assert same_arrays(load(index, mmap=False), model())
    assert len(files_in(index.parent)) == 3


def test_reader_of_an_old_index_gets_no_new_arrays(index):
    found = load(index)
    before = found[PARTS[0]]
    save_shards(index.parent / 'model.safetensors', model(2), shard_nbytes=24)
    assert before[0, 0] == found[PARTS[0]][0, 0] == 1
    with pytest.raises(FormatError, match=r'shard: expected .*, got no such'):
        found[PARTS[1]]


def test_nothing_of_others_is_deleted(tmp_path):
    foreign(tmp_path, {'a': WEIGHT}, {'b': WEIGHT})
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    index = save_shards(tmp_path / 'model.safetensors', model())
    assert sorted(load(index)) == [*PARTS]
    del before[Path(index)]
    assert before == {path: path.read_bytes() for path in before}


@pytest.mark.parametrize(
    'shard',
    [
        'precious.safetensors',
        'model-00001-of-00001.safetensors',
        'model-bbbbbbbbbbbbbbbb-00001-of-00001.safetensors',
        'other-aaaaaaaaaaaaaaaa-00001-of-00001.safetensors',
        'model-aaaaaaaaaaaaaaaa-precious.safetensors',
    ],
)
def test_index_cannot_have_other_files_deleted(shard, tmp_path):
    index = tmp_path / 'model.safetensors.index.json'
    content = {'metadata': {SAVE: 'a' * 16}, 'weight_map': {'w': shard}}
    index.write_text(json.dumps(content))
    (tmp_path / shard).write_bytes(b'precious')
    save_shards(tmp_path / 'model.safetensors', model())
    assert (tmp_path / shard).read_bytes() == b'precious'


def fault(name, folder):
    done = subprocess.run(
        [sys.executable, '-m', 'tests.faulty_shards', name, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_killed_save_leaves_the_old_arrays_or_the_new_ones(tmp_path):
    counts = fault('killed', tmp_path)
    assert counts['old'] + counts['new'] == counts['points'] >= 150
    assert counts['old'] > 100
    assert counts['new'] > 0
    assert counts['last'] == -1


def test_save_on_a_full_disk_leaves_the_old_arrays_and_no_file(tmp_path):
    counts = fault('limited', tmp_path)
    assert counts['refused'] > 5
    assert counts['saved'] > 5


# Conversion and the command line


@pytest.mark.parametrize('suffix', ['.params', '.npz', '.safetensors'])
def test_index_is_converted_into_one_file_and_back(suffix, index, tmp_path):
    (tmp_path / 'one').mkdir()
    one = tmp_path / 'one' / f'model{suffix}'
    done = convert(index, one)
    assert done[:2] == (3, 72)
    assert same_arrays(load(one, mmap=False), model())
    back = tmp_path / 'one' / 'back.safetensors'
    assert convert(one, back, shard_nbytes=48)[:2] == (3, 72)
    assert not back.exists()
    shards = f'{back}.index.json'
    assert same_arrays(load(shards, mmap=False), model())
    assert len({spec.file for spec in scan(shards)}) == 2


def test_metadata_stay_when_files_are_split_and_joined(tmp_path):
    source, target = tmp_path / 'a.safetensors', tmp_path / 'b.safetensors'
    metadata = {'output': 'w', 'licence': 'MIT', 'format': 'pt'}
    source.write_bytes(safetensors_of({'w': WEIGHT}, **metadata))
    convert(source, target, shard_nbytes=1)
    convert(f'{target}.index.json', source)
    header = source.read_bytes()[8:].split(b'},')[0].split(b':', 1)[1] + b'}'
    assert json.loads(header) == metadata
    convert(f'{target}.index.json', source, expand_shared=True)
    assert sorted(load(source)) == ['output', 'w']


def test_file_beside_the_index_is_told(tmp_path):
    path = tmp_path / 'model.safetensors'
    path.write_bytes(safetensors_of({'w': WEIGHT}))
    done = convert(path, path, shard_nbytes=1)
    assert done.notes == (f'some prefer it to the index: {path}',)


def test_progress_adds_up_over_the_shards(index, tmp_path):
    told = []
    target = tmp_path / 'b.safetensors'
    convert(index, target, shard_nbytes=24, advance=told.append)
    assert 0 < sum(told) - 2 * 72 < 1500


@pytest.mark.parametrize('option', ['1', '48', '1kB', '1KB', '2 MiB', '5GB'])
def test_command_converts_into_shards(option, index, tmp_path, capsys):
    target = str(tmp_path / 'new.safetensors')
    arguments = ['convert', str(index), target, '--shard-bytes', option]
    if option == '1kB':
        with pytest.raises(SystemExit, match='2'):
            main(arguments)
        assert (
            "like 5GB, 500MiB or 1000, got '1kB'" in capsys.readouterr().err
        )
        return
    assert main(arguments) == 0
    told = '3 arrays, 72 bytes of data, verified'
    assert capsys.readouterr().out == f'{target}.index.json: {told}\n'


def test_shards_of_another_format_are_refused(index, tmp_path, capsys):
    target = str(tmp_path / 'new.npz')
    assert main(['convert', str(index), target, '--shard-bytes', '9']) == 1
    error = capsys.readouterr().err
    assert error.endswith('expected a name that ends in .safetensors\n')


@pytest.fixture(params=['index', 'folder'])
def place(request, index):
    """A model as the command line takes it: its index, or its folder."""
    return str(index if request.param == 'index' else index.parent)


def test_list_names_the_shards(place, index, capsys):
    assert main(['list', place]) == 0
    printed = capsys.readouterr().out
    for name, shard in shards_of(index).items():
        line = next(li for li in printed.splitlines() if li.startswith(name))
        assert line.split()[-1] == shard.name
    assert '3 arrays, 72 bytes of data' in printed


def test_show_and_diff_read_shards(place, tmp_path, capsys):
    assert main(['show', place, PARTS[1]]) == 0
    assert 'float32 (2, 3), 24 bytes' in capsys.readouterr().out
    other = tmp_path / 'other.params'
    save(other, model(2))
    assert main(['diff', place, str(other)]) == 1
    assert main(['convert', place, str(other)]) == 0
    assert main(['diff', place, str(other)]) == 0


def test_check_tells_what_a_killed_save_left(place, index, capsys):
    (index.parent / 'model-1.safetensors').write_bytes(b'of others')
    stray = index.parent / f'model-{"0" * 16}-00001-of-00003.safetensors'
    stray.write_bytes(b'half')
    assert main(['check', place]) == 0
    printed = capsys.readouterr()
    assert printed.out == f'{place}: sound\n'
    assert printed.err.startswith(f'{stray}: no index names it')
    assert len(printed.err.splitlines()) == 1


def test_check_reads_every_byte_of_every_shard(place, index, capsys):
    assert main(['check', place]) == 0
    assert capsys.readouterr().out == f'{place}: sound\n'
    shard = shards_of(index)[PARTS[2]]
    data = shard.read_bytes()
    shard.write_bytes(data[:-4] + f32(np.nan).tobytes())
    assert main(['check', place]) == 1
    found = f'{index}: {PARTS[2]}: 1 values are not finite\n'
    assert capsys.readouterr().out == found
    shard.write_bytes(data[:-1])
    assert main(['check', place]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f'd2l-rw: {shard}: {PARTS[2]}: data: expected')
