"""Files: mapped or copied when read, replaced whole when written."""

import errno
import mmap as mapping
import os
import stat
import subprocess
import sys

import numpy as np
import pytest

from d2l_rw import CSR, FormatError, RowSparse, dumps, load, save, scan
from tests.cases import CASES, CSR_INT32, READ, ROWS, f32, same_arrays

POSIX = pytest.mark.skipif(os.name != 'posix', reason='a matter of POSIX')
READABLE = [case for case in CASES if READ in case.directions]
# One byte first, so that what follows is not aligned.
ARRAYS = {
    'odd': np.array([7], 'int8'),
    'weight': np.arange(12.0).reshape(3, 4),
    'rows': ROWS,
    'matrix': CSR_INT32,
    'nothing': None,
    'empty': np.zeros((0, 2), 'float32'),
}


@pytest.fixture
def path(tmp_path):
    """A file of arrays, alone in its folder."""
    path = tmp_path / 'net.params'
    path.write_bytes(dumps(ARRAYS))
    return path


@pytest.fixture
def umask():
    """Set the mask of new files' permissions; it is reset afterwards."""
    old = os.umask(0o027)
    yield os.umask
    os.umask(old)


def dense_parts(arrays):
    """Every NumPy array of a result, those of sparse arrays too."""
    values = arrays.values() if isinstance(arrays, dict) else arrays
    for value in values:
        if isinstance(value, (CSR, RowSparse)):
            yield from [
                part
                for part in vars(value).values()
                if isinstance(part, np.ndarray)
            ]
        elif value is not None:
            yield value


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


def only_file(path):
    """Whether a file is alone in its folder: nothing temporary stays."""
    return os.listdir(path.parent) == [path.name]


# Reading


@pytest.mark.parametrize('mmap', [True, False])
@pytest.mark.parametrize(
    'case', READABLE, ids=[case.name for case in READABLE]
)
def test_file_is_loaded_as_its_arrays(case, mmap, tmp_path):
    path = tmp_path / 'net.params'
    path.write_bytes(case.data)
    assert same_arrays(load(path, mmap=mmap), case.arrays)


@pytest.mark.parametrize(
    'kind', [str, lambda path: path], ids=['text', 'object']
)
def test_path_may_be_text_or_an_object(kind, tmp_path):
    path = kind(tmp_path / 'na\u00efve.params')
    save(path, [f32(1)])
    assert load(path)[0] == 1
    assert scan(path)[0].shape == (1,)


def test_mapped_arrays_are_read_only(path):
    for part in dense_parts(load(path)):
        assert not part.flags.writeable
        with pytest.raises(ValueError, match='read-only'):
            part[...] = 0
        with pytest.raises(ValueError, match='WRITEABLE'):
            part.flags.writeable = True


def test_mapped_array_outlives_the_others(path):
    weight = load(path)['weight']
    assert weight.sum() == 66


def test_mapping_cannot_be_closed_under_an_array(path):
    array = owner = load(path)['weight']
    while not isinstance(owner, mapping.mmap):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    with pytest.raises(BufferError, match='exported pointers'):
        owner.close()
    assert array.sum() == 66


def test_copied_arrays_are_writable_and_aligned(path):
    for part in dense_parts(load(path, mmap=False)):
        assert part.flags.writeable
        assert part.flags.aligned
        assert part.flags.c_contiguous
        part[...] = 0


def test_copied_arrays_share_nothing(path):
    before = path.read_bytes()
    arrays = load(path, mmap=False)
    parts = list(dense_parts(arrays))
    for place, part in enumerate(parts):
        part[...] = place
    for place, part in enumerate(parts):
        assert (part == place).all()
    assert path.read_bytes() == before


def test_copied_arrays_survive_a_shortened_file(path):
    arrays = load(path, mmap=False)
    os.truncate(path, 0)
    assert same_arrays(arrays, ARRAYS)


def test_loading_leaves_no_file_open(path):
    if not os.path.isdir('/proc/self/fd'):
        pytest.skip('no list of open files on this system')
    arrays = load(path)
    copies = load(path, mmap=False)
    scan(path)
    opened = [f'/proc/self/fd/{fd}' for fd in os.listdir('/proc/self/fd')]
    names = {os.readlink(name) for name in opened if os.path.islink(name)}
    del arrays, copies
    # Some versions of Python keep a descriptor with a mapping.
    assert len([name for name in names if name == str(path)]) <= 1


def test_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'net\.params'):
        load(tmp_path / 'net.params')


@POSIX
def test_folder_is_an_error_of_the_system(tmp_path):
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        load(tmp_path)


@pytest.mark.parametrize('read', [load, scan])
def test_damaged_file_is_named_in_the_error(read, path):
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FormatError, match=r'net\.params: .*: exp') as caught:
        read(path)
    assert caught.value.file == str(path)
    assert str(caught.value).startswith(f'{path}: ')


def test_array_is_named_in_the_error(path):
    data = dumps([f32(1, 2)])
    path.write_bytes(data[:52] + b'\x63' + data[53:])
    with pytest.raises(FormatError, match='array 0: dtype: exp') as caught:
        load(path)
    error = caught.value
    assert (error.array, error.offset) == ('array 0', 52)


# Writing


@pytest.mark.parametrize('sync', [True, False])
def test_saved_file_holds_the_bytes_of_dumps_and_nothing_else(sync, tmp_path):
    path = tmp_path / 'net.params'
    save(path, ARRAYS, sync=sync)
    assert path.read_bytes() == dumps(ARRAYS)
    assert only_file(path)


@pytest.mark.parametrize('sync', [True, False])
def test_existing_file_is_replaced(sync, path):
    save(path, [f32(1)], sync=sync)
    assert load(path)[0] == 1
    assert only_file(path)


def test_file_may_be_saved_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save('net.params', [f32(1)])
    assert load('net.params')[0] == 1


def test_more_arrays_than_the_system_takes_at_once_are_written(tmp_path):
    path = tmp_path / 'net.params'
    arrays = [np.full(3, i, 'int32') for i in range(3000)]
    save(path, arrays, sync=False)
    assert same_arrays(load(path), arrays)


def test_scalar_is_saved_by_keyword(tmp_path):
    path = tmp_path / 'net.params'
    save(path, {'step': np.array(7)}, np_shape=True)
    assert load(path)['step'] == 7
    with pytest.raises(ValueError, match='np_shape=True'):
        save(path, {'step': np.array(8)})
    assert load(path)['step'] == 7


class Unwilling(dict):
    """A mapping that fails when its last value is asked for."""

    def __init__(self, error):
        super().__init__(first=np.ones(10**6), last=None)
        self.error = error

    def __getitem__(self, name):
        if name == 'last':
            raise self.error
        return super().__getitem__(name)

    def values(self):
        return map(self.__getitem__, self)

    def items(self):
        return ((name, self[name]) for name in self)


FAILURES = [
    ({'a': np.ones(10**6), 'b': np.zeros(2, 'c8')}, TypeError, 'complex64'),
    ({'a': np.ones(10**6), 'b': np.array([{}])}, TypeError, 'object'),
    ([*[np.ones(100)] * 3000, 'text'], TypeError, 'array 3000: .*str'),
    ({'a': np.ones(10**6), '\ud800': f32(1)}, ValueError, 'UTF-8'),
    (
        [np.ones(10**6), RowSparse(f32([1]), np.array([9]), (2, 1))],
        ValueError,
        'array 1: indices: expected 0 to 1',
    ),
    (Unwilling(KeyError('gone')), KeyError, 'gone'),
    (Unwilling(KeyboardInterrupt('now')), KeyboardInterrupt, 'now'),
]


@pytest.mark.parametrize(('data', 'error', 'match'), FAILURES)
def test_old_file_survives_data_that_cannot_be_saved(
    data, error, match, path
):
    old = path.read_bytes()
    with pytest.raises(error, match=match):
        save(path, data)
    assert path.read_bytes() == old
    assert only_file(path)


@pytest.mark.parametrize(('data', 'error', 'match'), FAILURES)
def test_data_that_cannot_be_saved_leave_no_new_file(
    data, error, match, tmp_path
):
    with pytest.raises(error, match=match):
        save(tmp_path / 'net.params', data)
    assert os.listdir(tmp_path) == []


FULL_DISK = """
import resource, sys
import numpy as np
from d2l_rw import save
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    save(sys.argv[1], [np.ones(size) for size in {sizes}])
except OSError as error:
    print(error.errno)
"""


@POSIX
@pytest.mark.parametrize('sizes', [[10**6], [100] * 3000])
def test_old_file_survives_a_full_disk(sizes, path):
    old = path.read_bytes()
    result = subprocess.run(
        [sys.executable, '-c', FULL_DISK.format(sizes=sizes), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.stdout, result.stderr) == (f'{errno.EFBIG}\n', '')
    assert path.read_bytes() == old
    assert only_file(path)


@POSIX
def test_old_file_survives_a_folder_that_is_read_only(path):
    if os.geteuid() == 0:
        pytest.skip('root may write in any folder')
    old = path.read_bytes()
    path.parent.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match=r'net\.params'):
            save(path, [f32(1)])
    finally:
        path.parent.chmod(0o700)
    assert path.read_bytes() == old
    assert only_file(path)


def test_missing_folder_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError, match='missing'):
        save(tmp_path / 'missing' / 'net.params', [f32(1)])


def test_folder_is_not_replaced(tmp_path):
    folder = tmp_path / 'net.params'
    folder.mkdir()
    with pytest.raises(OSError, match=r'net\.params'):
        save(folder, [f32(1)])
    assert folder.is_dir()
    assert only_file(folder)


def test_file_may_have_the_longest_name(tmp_path):
    path = tmp_path / ('n' * 248 + '.params')
    path.write_bytes(b'old')
    save(path, [f32(1)])
    assert load(path)[0] == 1
    assert only_file(path)


# Permissions, links


@POSIX
@pytest.mark.parametrize('mask', [0o022, 0o027, 0o077, 0o002])
def test_new_file_has_the_permissions_of_a_plain_open(mask, tmp_path, umask):
    umask(mask)
    save(tmp_path / 'net.params', [f32(1)])
    (tmp_path / 'plain').write_bytes(b'')
    found = permissions(tmp_path / 'net.params')
    assert found == permissions(tmp_path / 'plain') == 0o666 & ~mask
    assert umask(mask) == mask


@POSIX
@pytest.mark.parametrize('mode', [0o600, 0o640, 0o664, 0o444])
def test_replaced_file_keeps_its_permissions(mode, path):
    path.chmod(mode)
    save(path, [f32(1)])
    assert permissions(path) == mode


@POSIX
@pytest.mark.parametrize('relative', [True, False])
def test_target_of_a_link_is_replaced_and_the_link_stays(relative, tmp_path):
    (tmp_path / 'target').mkdir()
    target = tmp_path / 'target' / 'epoch-3.params'
    target.write_bytes(b'old')
    link = tmp_path / 'latest.params'
    link.symlink_to('target/epoch-3.params' if relative else target)
    save(link, [f32(1)])
    assert link.is_symlink()
    assert not target.is_symlink()
    assert load(target)[0] == 1
    assert only_file(target)


@POSIX
def test_link_to_nothing_gets_its_target(tmp_path):
    link = tmp_path / 'latest.params'
    link.symlink_to('epoch-3.params')
    save(link, [f32(1)])
    assert link.is_symlink()
    assert load(tmp_path / 'epoch-3.params')[0] == 1


# Mapping and saving the same file


@POSIX
@pytest.mark.parametrize('sync', [True, False])
def test_view_keeps_the_old_data_when_its_file_is_replaced(sync, path):
    old = load(path)
    save(path, {'weight': np.zeros((3, 4))}, sync=sync)
    assert same_arrays(old, ARRAYS)
    assert not load(path)['weight'].any()


@POSIX
def test_mapped_arrays_may_be_saved_onto_their_own_file(path):
    before = path.read_bytes()
    save(path, load(path))
    assert path.read_bytes() == before


@POSIX
def test_part_of_mapped_arrays_may_be_saved_onto_their_own_file(path):
    arrays = load(path)
    save(path, {'weight': arrays['weight'][::2], 'rows': arrays['rows']})
    found = load(path)
    assert list(found) == ['weight', 'rows']
    assert found['weight'].tolist() == ARRAYS['weight'][::2].tolist()


def test_headers_alone_are_read_of_a_large_file(tmp_path):
    path = tmp_path / 'net.params'
    size = 16 * 2**30
    header = dumps([np.zeros((0,), 'uint8')])[:-8]
    header = header[:36] + size.to_bytes(8, 'little') + header[44:]
    with open(path, 'wb') as file:
        file.write(header)
        file.truncate(len(header) + size + 8)
    # Nothing but holes: only their first bytes are ever asked for.
    (spec,) = scan(path)
    assert (spec.nbytes, spec.offset) == (size, 56)
    (array,) = load(path)
    assert array.shape == (size,)
    assert array[:: size // 4].tolist() == [0] * 4
    assert isinstance(array.base, (mapping.mmap, memoryview, np.ndarray))
