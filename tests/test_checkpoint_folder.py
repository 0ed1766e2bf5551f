"""A checkpoint is complete or not there, and refused if it is damaged."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from d2l_rw import (
    FormatError,
    checkpoint_folder,
    dumps,
    list_checkpoints,
    load,
    load_checkpoint,
    strict_json,
)
from d2l_rw.checkpoint_folder import CONTENTS, MANIFEST
from d2l_rw.plain import pack, unpack

FILES = [*CONTENTS, MANIFEST]
PLACE = {'epoch': 3, 'batch': 20, 'metric': 0.5, 'values': {'seed': [1, 2]}}
STATE = {**PLACE, 'training': {'history': [0.25] * 300}}


def contents(seed=0, state=STATE):
    """The files of a checkpoint, as pieces of bytes."""
    weight = np.random.RandomState(seed).uniform(size=(40, 10))
    if not isinstance(state, bytes):
        state = strict_json.dumps(state)
    parameters = dumps({'weight': weight, 'bias': np.zeros(10)})
    return dict(zip(CONTENTS, ([parameters], [dumps([weight])], [state])))


def write(folder, **options):
    """Write a checkpoint; return its path."""
    with checkpoint_folder.lock(folder):
        number = checkpoint_folder.write(
            folder, contents(**options), sync=True
        )
    return Path(checkpoint_folder.path_of(folder, number))


@pytest.fixture
def folder(tmp_path):
    """A folder of one checkpoint."""
    write(tmp_path / 'checkpoints')
    return tmp_path / 'checkpoints'


@pytest.fixture
def path(folder):
    """The only checkpoint of the folder."""
    return folder / 'checkpoint-000001'


def refused(folder, file, match='expected .*, got '):
    """The message that refuses the newest checkpoint, naming a file."""
    with pytest.raises(FormatError, match=match) as caught:
        load_checkpoint(folder)
    assert str(caught.value).startswith(f'{file}: ')
    return str(caught.value)


def test_parameters_come_back_with_the_place(folder, path):
    checkpoint, parameters = load_checkpoint(folder)
    assert checkpoint.number == 1
    assert Path(checkpoint.path) == path
    found = {name: getattr(checkpoint, name) for name in PLACE}
    assert found == PLACE
    expected = np.random.RandomState(0).uniform(size=(40, 10))
    np.testing.assert_array_equal(parameters['weight'], expected)
    assert not parameters['weight'].flags.writeable


def test_manifest_holds_sizes_and_checksums(path):
    manifest = json.loads((path / MANIFEST).read_bytes())
    assert list(manifest['files']) == list(CONTENTS)
    for name, entry in manifest['files'].items():
        data = (path / name).read_bytes()
        digest = xxhash.xxh3_128_hexdigest(data)
        assert entry == {'nbytes': len(data), 'xxh3_128': digest}


@pytest.mark.parametrize('name', FILES)
def test_file_cut_at_every_64th_byte_is_refused(folder, path, name):
    data = (path / name).read_bytes()
    for length in range(0, len(data), 64):
        (path / name).write_bytes(data[:length])
        refused(folder, path / name)


@pytest.mark.parametrize('name', FILES)
def test_bit_flipped_in_every_kilobyte_is_refused(folder, path, name):
    data = (path / name).read_bytes()
    # In the manifest, every bit of every byte.
    bits = (
        range(8 * len(data))
        if name == MANIFEST
        else [
            8 * start + bit
            for start in range(0, len(data), 1000)
            for bit in (start // 1000 % 8,)
        ]
    )
    for bit in bits:
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        (path / name).write_bytes(damaged)
        with pytest.raises(FormatError, match='checkpoint-000001'):
            load_checkpoint(folder)


@pytest.mark.parametrize('name', FILES)
def test_appended_byte_is_refused(folder, path, name):
    with open(path / name, 'ab') as file:
        file.write(b'\0')
    refused(folder, path / name)


@pytest.mark.parametrize('name', FILES)
def test_removed_file_is_refused(folder, path, name):
    (path / name).unlink()
    refused(folder, path / name, match='got none|got no file')


@pytest.mark.parametrize('name', FILES)
def test_file_of_another_checkpoint_is_refused(folder, path, name):
    state = {**STATE, 'epoch': 4}  # of the same size
    other = write(folder, seed=1, state=state)
    shutil.copy(path / name, other / name)
    # A manifest that is another's misfits the first file that it lists.
    file = CONTENTS[0] if name == MANIFEST else name
    refused(folder, other / file, match='XXH3-128: expected')


@pytest.mark.parametrize(
    'manifest',
    [
        b'[]',
        b'{}',
        b'{"format": "d2l-rw checkpoint 2", "files": {}}',
        b'{"format": "d2l-rw checkpoint 1", "files": []}',
        b'{"format": "d2l-rw checkpoint 1", "files": {}}',
        b'{"format": "d2l-rw checkpoint 1", "files": {"state.json": 1}}',
        b'{"format": "d2l-rw checkpoint 1", "files": {"../key": {}}}',
        b'{"format": NaN}',
        b'{"format": 1, "format": 1}',
        b'[' * 10_000,
        b'1' * 10_000,
        b'\xff',
        b'{"format": "' + b' ' * 70_000 + b'"}',
    ],
    ids=lambda manifest: manifest[:60].decode('latin-1'),
)
def test_manifest_of_another_kind_is_refused(folder, path, manifest):
    (path / MANIFEST).write_bytes(manifest)
    refused(folder, path / MANIFEST)


@pytest.mark.parametrize(
    'state',
    [
        b'[]',
        b'',
        {},
        {**STATE, 'epoch': 'three'},
        {**STATE, 'epoch': True},
        {**STATE, 'epoch': -1},
        {**STATE, 'batch': 1.5},
        {**STATE, 'metric': 'low'},
        {**STATE, 'values': []},
        {**STATE, 'training': None},
        {**STATE, 'more': 1},
    ],
    ids=lambda state: None,
)
def test_state_of_another_kind_is_refused(tmp_path, state):
    path = write(tmp_path, state=state)
    refused(tmp_path, path / 'state.json')


def test_newest_checkpoint_is_loaded(folder):
    write(folder, state={**STATE, 'epoch': 9})
    assert load_checkpoint(folder)[0].epoch == 9
    assert load_checkpoint(folder, 1)[0].epoch == 3


def test_numbers_beyond_six_digits_are_the_newest(folder, path):
    path.rename(folder / 'checkpoint-999999')
    write(folder)
    assert load_checkpoint(folder)[0].number == 1_000_000


def test_damage_of_the_newest_names_an_older_one(folder):
    path = write(folder)
    (path / 'state.params').write_bytes(b'')
    message = refused(folder, path / 'state.params', match='size: expected')
    assert message.endswith('number=1')
    assert load_checkpoint(folder, 1)[0].number == 1


def test_incomplete_checkpoint_is_passed_over_by_name(folder, path):
    left = folder / '.checkpoint-0123456789abcdef.tmp'
    shutil.copytree(path, left)
    with pytest.warns(UserWarning, match=f'passed over {left}: incomplete'):
        assert load_checkpoint(folder)[0].number == 1


def test_next_save_deletes_what_a_crash_left(folder, path):
    path.rename(folder / '.checkpoint-0123456789abcdef.tmp')
    assert write(folder) == path
    names = sorted(entry.name for entry in folder.iterdir())
    assert names == ['.lock', 'checkpoint-000001']


@pytest.mark.parametrize('number', [None, 7])
def test_missing_checkpoint_is_said(tmp_path, number):
    with pytest.raises(FileNotFoundError, match='expected a checkpoint'):
        load_checkpoint(tmp_path, number)


def test_other_files_are_left_alone(folder, path):
    (folder / 'checkpoint-1').mkdir()
    (folder / 'notes.txt').touch()
    (path / 'notes.txt').touch()
    assert [found.number for found in list_checkpoints(folder)] == [1]
    write(folder)
    assert (folder / 'notes.txt').exists()


def test_list_leaves_out_what_is_damaged_with_a_warning(folder, path):
    write(folder)
    (path / 'state.json').write_bytes(b'')
    with pytest.warns(UserWarning, match=r'left out: .*000001.*size'):
        found = list_checkpoints(folder)
    assert [checkpoint.number for checkpoint in found] == [2]


def test_deleted_checkpoint_is_gone(folder):
    write(folder)
    checkpoint_folder.delete(folder, 1)
    assert [found.number for found in list_checkpoints(folder)] == [2]
    assert not checkpoint_folder.incomplete(folder)


def test_mapped_parameters_outlive_their_checkpoint(folder):
    _, parameters = load_checkpoint(folder)
    checkpoint_folder.delete(folder, 1)
    assert parameters['weight'].any()


def failing():
    yield b'half'
    raise RuntimeError('the other half')


@pytest.mark.parametrize('name', CONTENTS)
def test_failed_write_leaves_nothing(folder, name):
    parts = {**contents(), name: failing()}
    with (
        checkpoint_folder.lock(folder),
        pytest.raises(RuntimeError, match='the other half'),
    ):
        checkpoint_folder.write(folder, parts, sync=True)
    names = sorted(entry.name for entry in folder.iterdir())
    assert names == ['.lock', 'checkpoint-000001']
    assert load_checkpoint(folder)[0].number == 1


def test_parameters_are_a_file_of_their_own(path):
    assert list(load(path / 'parameters.params')) == ['weight', 'bias']


ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text()
)
KEYS = st.one_of(
    st.integers(), st.text(), st.sampled_from(['float', 'pairs'])
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(derandomize=True, database=None, deadline=None)
@given(VALUES)
def test_packed_values_come_back_exactly(value):
    packed = pack(value, 'value', {}, array_type=np.ndarray)
    text = strict_json.dumps(packed)
    assert repr(unpack(strict_json.loads(text), {})) == repr(value)


def test_packed_arrays_are_called_by_their_place():
    arrays = {}
    value = {'mean': (np.ones(1), np.zeros(2))}
    packed = pack(value, 'state', arrays, array_type=np.ndarray)
    assert list(arrays) == ['state/mean/0', 'state/mean/1']
    assert unpack(packed, arrays)['mean'][1] is value['mean'][1]


@pytest.mark.parametrize(
    'value',
    [{1}, b'', np.float32(1), object(), {(1, 2): 3}, [lambda: None]],
    ids=lambda value: type(value).__name__,
)
def test_value_that_would_not_come_back_is_a_type_error(value):
    with pytest.raises(TypeError, match=r'state.*: expected None, a number'):
        pack({'value': value}, 'state', {}, array_type=np.ndarray)


@pytest.mark.parametrize(
    'packed',
    [
        {'tuple': 1},
        {'tuple': '[]'},
        {'pairs': [[1]]},
        {'pairs': [[[], 1]]},
        {'pairs': {}},
        {'float': '1'},
        {'float': 1.0},
        {'array': 'missing'},
        {'array': ['state']},
        [{'tuple': None}],
    ],
    ids=repr,
)
def test_packed_value_of_another_kind_is_refused(packed):
    with pytest.raises(FormatError, match='expected what it stands for'):
        unpack(packed, {'state': np.ones(1)})


def test_lock_is_free_after_use(folder):
    for _ in range(2):
        with checkpoint_folder.lock(folder), warnings.catch_warnings():
            warnings.simplefilter('error')
            assert list_checkpoints(folder)
