"""Addresses: the same arrays and errors as files, and few requests."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

import d2l_rw
from d2l_rw import FormatError, remote
from d2l_rw.checking import check
from d2l_rw.cli import main
from tests.cases import CASES, CSR_INT32, READ, ROWS, f32, same_arrays
from tests.remote_files import (
    MIB,
    everything,
    sparse_params,
    sparse_safetensors,
)
from tests.servers import serving, serving_without_ranges
from tests.test_formats import MXNET_2, ZIP_LIES

READABLE = [case for case in CASES if READ in case.directions]
KINDS = 'memory', 'file', 'http'
ARRAYS = {
    'weight': f32([1, 2, 3], [4, 5, 6]),
    'rows': ROWS,
    'matrix': CSR_INT32,
    'nothing': None,
}


@pytest.fixture
def server(tmp_path):
    """A server of the folder `served`."""
    folder = tmp_path / 'served'
    folder.mkdir()
    with serving(folder) as server:
        yield server


@pytest.fixture
def place(request, tmp_path):
    """The address of an empty folder of a kind, KINDS by default."""
    kind = request.param
    if kind == 'http':
        yield request.getfixturevalue('server').address
    elif kind == 'file':
        yield tmp_path.as_uri()
    else:
        yield f'memory://{tmp_path.name}'
        fs = fsspec.filesystem('memory')
        if fs.exists(tmp_path.name):
            fs.rm(tmp_path.name, recursive=True)


everywhere = pytest.mark.parametrize('place', KINDS, indirect=True)


def put(place, name, data, tmp_path):
    """Bring bytes to a place; return their address."""
    if place.startswith('http'):
        (tmp_path / 'served' / name).write_bytes(data)
    else:
        with fsspec.open(f'{place}/{name}', 'wb') as file:
            file.write(data)
    return f'{place}/{name}'


def get(address):
    """Return the bytes of a file, by fsspec alone."""
    with fsspec.open(address) as file:
        return file.read()


def names(place, tmp_path):
    """Return the names of the files of a place."""
    folder = tmp_path / 'served' if place.startswith('http') else tmp_path
    if place.startswith('memory'):
        found = fsspec.filesystem('memory').find(tmp_path.name)
        return sorted(os.path.basename(name) for name in found)
    return sorted(path.name for path in folder.iterdir())


# Reading


@everywhere
@pytest.mark.parametrize('mmap', [True, False])
@pytest.mark.parametrize('case', READABLE, ids=[c.name for c in READABLE])
def test_address_gives_the_arrays_of_the_file(case, mmap, place, tmp_path):
    address = put(place, 'net.params', case.data, tmp_path)
    assert same_arrays(everything(address, mmap=mmap), case.arrays)


@everywhere
@pytest.mark.parametrize('mmap', [True, False])
def test_zip_of_sparse_arrays_is_read(mmap, place, tmp_path):
    address = put(place, 'net.npz', MXNET_2, tmp_path)
    expected = d2l_rw.loads(MXNET_2)
    assert same_arrays(everything(address, mmap=mmap), expected)


@everywhere
@pytest.mark.parametrize('suffix', ['params', 'npz', 'safetensors'])
def test_scan_tells_what_it_tells_of_the_file(suffix, place, tmp_path):
    d2l_rw.save(tmp_path / 'a.params', {'w': np.arange(6)})
    path = tmp_path / f'b.{suffix}'
    d2l_rw.convert(tmp_path / 'a.params', path)
    address = put(place, path.name, path.read_bytes(), tmp_path)
    assert d2l_rw.scan(address) == d2l_rw.scan(path)


@everywhere
def test_only_downloaded_arrays_are_writable(place, tmp_path):
    address = put(place, 'a', d2l_rw.dumps({'w': np.ones(3)}), tmp_path)
    assert not d2l_rw.load(address)['w'].flags.writeable
    whole = d2l_rw.load(address, mmap=False)
    assert type(whole) is dict
    assert whole['w'].flags.writeable


def test_array_is_refused_by_its_name_when_there_is_none(server):
    d2l_rw.save(server.folder / 'a', {'w': np.ones(3)})
    with pytest.raises(KeyError, match='v'):
        d2l_rw.load(f'{server.address}/a')['v']


def test_places_of_a_list_are_fetched_one_by_one(server):
    d2l_rw.save(server.folder / 'a', [np.ones(2 * MIB)] * 2 + [np.zeros(1)])
    arrays = d2l_rw.load(f'{server.address}/a')
    before = server.nbytes
    assert arrays[-1].tolist() == [0]
    assert server.nbytes - before <= remote.BLOCK


# Damage


def error_of(path):
    """Return what is told of a damaged file, with FILE for its name."""
    with pytest.raises(FormatError) as caught:
        everything(path)
    assert caught.value.file == str(path)
    return str(caught.value).replace(str(path), 'FILE')


@pytest.mark.parametrize('place', ['http', 'memory'], indirect=True)
@pytest.mark.parametrize('part', [0, 0.1, 0.4, 0.7, 0.99])
@pytest.mark.parametrize('case', READABLE, ids=[c.name for c in READABLE])
def test_cut_file_gives_the_error_of_a_local_one(case, part, place, tmp_path):
    data = case.data[: int(part * len(case.data))]
    (tmp_path / 'cut').write_bytes(data)
    address = put(place, 'cut', data, tmp_path)
    assert error_of(address) == error_of(tmp_path / 'cut')


@pytest.mark.parametrize('place', ['http', 'memory'], indirect=True)
@pytest.mark.parametrize(
    'data', [lie[1] for lie in ZIP_LIES], ids=[lie[0] for lie in ZIP_LIES]
)
def test_lie_in_a_zip_gives_the_error_of_a_local_one(data, place, tmp_path):
    (tmp_path / 'lie').write_bytes(data)
    address = put(place, 'lie', data, tmp_path)
    assert error_of(address) == error_of(tmp_path / 'lie')


@pytest.mark.parametrize('mmap', [True, False])
def test_wrong_index_of_a_sparse_array_is_refused(mmap, server):
    data = bytearray(d2l_rw.dumps({'a': ROWS}))
    (spec,) = d2l_rw.serialization._specs('MXNet', data)[0]
    data[spec.parts[1].offset] = 9
    (server.folder / 'a').write_bytes(data)
    address = f'{server.address}/a'
    with pytest.raises(FormatError, match=f'{address}: a: indices: .*byte'):
        everything(address, mmap=mmap)


# How much travels


@pytest.fixture(params=['params', 'safetensors'])
def write(request):
    """Return a function that writes a file, and its suffix."""
    written = {
        'params': sparse_params,
        'safetensors': sparse_safetensors,
    }
    return request.param, written[request.param]


@pytest.mark.parametrize('place', [0, 3, 7])
def test_one_array_of_eight_costs_few_requests(place, write, server):
    suffix, write = write
    sizes = [146 * MIB] * 7
    sizes.insert(place, MIB)
    write(server.folder / 'a', sizes)
    array = d2l_rw.load(f'{server.address}/a')[f'layer{place}']
    assert array.shape == (MIB,)
    assert len(server.requests) <= {'params': 10, 'safetensors': 3}[suffix]
    assert server.nbytes <= MIB + 2 * MIB


@pytest.mark.parametrize('count', [10, 1_000])
def test_what_was_passed_over_is_not_fetched_again(count, server):
    sparse_params(server.folder / 'a', [10_000] * count)
    dict(d2l_rw.load(f'{server.address}/a'))
    size = (server.folder / 'a').stat().st_size
    assert server.nbytes == size


def test_many_arrays_are_read_in_long_ranges(server):
    sparse_params(server.folder / 'a', [100_000] * 1_000)
    assert len(d2l_rw.scan(f'{server.address}/a')) == 1_000
    assert len(server.requests) <= 25


def test_little_is_kept(server):
    sparse_params(server.folder / 'a', [64 * MIB, 100])
    data = remote.open_ranges(f'{server.address}/a')
    for start in range(0, len(data), 4 * MIB):
        assert len(data[start : start + 100]) == 100
    assert sum(len(run) for _, run in data._runs) <= remote.KEPT
    assert len(data[64 : 64 + 60 * MIB]) == 60 * MIB
    assert sum(len(run) for _, run in data._runs) <= remote.KEPT
    assert len(data[61 * MIB : 62 * MIB]) == MIB


def test_jump_fetches_one_block_whatever_was_read_before(server):
    sparse_params(server.folder / 'a', [64 * MIB])
    data = remote.open_ranges(f'{server.address}/a')
    for start in range(0, 32 * MIB, MIB):
        assert len(data[start : start + MIB]) == MIB
    for start in (60 * MIB, 45 * MIB, 55 * MIB):
        before = server.nbytes
        assert len(data[start : start + 10]) == 10
        assert server.nbytes - before == remote.BLOCK
        before = server.nbytes
        assert len(data[start + MIB : start + MIB + 10]) == 10
        assert server.nbytes - before <= MIB + 2 * remote.BLOCK


@pytest.fixture
def small(monkeypatch):
    """Let all sizes be small, so that little is read and much is fetched."""
    for name in ('BLOCK', 'GAP', 'LONGEST', 'KEPT'):
        size = getattr(remote, name) // 1024
        monkeypatch.setattr(remote, name, size)


@pytest.mark.parametrize('seed', range(5))
def test_any_slices_are_those_of_the_file(seed, server, small):
    generator = np.random.default_rng(seed)
    whole = generator.bytes(100_000)
    (server.folder / 'a').write_bytes(whole)
    data = remote.open_ranges(f'{server.address}/a')
    for _ in range(300):
        start = int(generator.integers(len(whole)))
        stop = start + int(generator.exponential(500))
        assert data[start:stop] == whole[start:stop]


@pytest.fixture
def switches():
    """Let threads take turns as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_read_slices_of_their_own(server, small, switches):
    whole = np.random.default_rng(1).bytes(MIB)
    (server.folder / 'a').write_bytes(whole)
    data = remote.open_ranges(f'{server.address}/a')
    starts = np.random.default_rng(2).integers(len(whole), size=500).tolist()
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda start: data[start : start + 5000], starts)
    assert list(found) == [whole[start : start + 5000] for start in starts]


# Writing


@everywhere
@pytest.mark.parametrize('data', [ARRAYS, [], [np.ones(3)]])
def test_saved_bytes_are_those_of_a_file(data, place, tmp_path):
    d2l_rw.save(f'{place}/a.params', data)
    assert get(f'{place}/a.params') == d2l_rw.dumps(data)
    assert names(place, tmp_path).count('a.params') == 1


@everywhere
@pytest.mark.parametrize('suffix', ['params', 'npz', 'safetensors'])
def test_convert_between_addresses(suffix, place, tmp_path):
    d2l_rw.save(f'{place}/a.params', {'w': np.arange(6)})
    d2l_rw.convert(f'{place}/a.params', f'{place}/b.{suffix}')
    d2l_rw.convert(f'{place}/b.{suffix}', tmp_path / 'c.params')
    expected = d2l_rw.dumps({'w': np.arange(6)})
    assert (tmp_path / 'c.params').read_bytes() == expected


@everywhere
def test_failed_save_leaves_what_was_there(place, tmp_path):
    d2l_rw.save(f'{place}/a.params', [np.ones(3)])
    before = names(place, tmp_path)
    with pytest.raises(TypeError):
        d2l_rw.save(f'{place}/a.params', {'w': np.array(['text'])})
    with pytest.raises(ValueError, match='expected a name that ends in'):
        d2l_rw.convert(f'{place}/a.params', f'{place}/b.pt')
    assert get(f'{place}/a.params') == d2l_rw.dumps([np.ones(3)])
    assert names(place, tmp_path) == before


class FullFile(MemoryFile):
    def write(self, data):
        super().write(data[:1])
        raise OSError(28, 'No space left on device')


class FullFileSystem(MemoryFileSystem):
    """A disk far away on which nothing fits."""

    protocol = 'full'

    def _open(self, path, mode='rb', **options):
        if mode == 'rb':
            return super()._open(path, mode, **options)
        file = FullFile(self, self._strip_protocol(path))
        if not self._intrans:
            file.commit()
        return file

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.replace('full://', 'memory://'))


def test_broken_upload_is_not_seen(tmp_path):
    fsspec.register_implementation('full', FullFileSystem, clobber=True)
    address = f'full://{tmp_path.name}/a.params'
    with pytest.raises(OSError, match='No space left') as caught:
        d2l_rw.save(address, [np.ones(3)])
    assert caught.value.filename == address
    assert not fsspec.filesystem('memory').exists(f'{tmp_path.name}/a.params')


def test_upload_that_a_server_refuses_is_one_error(server):
    address = f'{server.address}/no/a.params'
    with pytest.raises(OSError, match='the server refused: 409') as caught:
        d2l_rw.save(address, [np.ones(3)])
    assert caught.value.filename == address
    assert list(server.folder.iterdir()) == []


@everywhere
@pytest.mark.parametrize('command', ['save', 'convert', 'load', 'check'])
def test_no_temporary_file_stays(
    command, place, tmp_path, tmp_path_factory, monkeypatch
):
    temporary = tmp_path_factory.mktemp('temporary')
    monkeypatch.setattr('tempfile.tempdir', str(temporary))
    address = f'{place}/a.params'
    d2l_rw.save(address, [np.ones(3)])
    call = {
        'save': lambda: d2l_rw.save(address, [np.ones(3)]),
        'convert': lambda: d2l_rw.convert(address, f'{place}/b.npz'),
        'load': lambda: d2l_rw.load(address, mmap=False),
        'check': lambda: main(['check', address]),
    }[command]
    call()
    assert list(temporary.iterdir()) == []
    with pytest.raises((OSError, SystemExit)):
        sys.exit(main(['check', f'{place}/none']))
    assert list(temporary.iterdir()) == []


# Finding


@pytest.mark.parametrize('place', ['memory', 'file'], indirect=True)
def test_find_tells_every_file_below_and_when_it_changes(place, tmp_path):
    for name in ('top', 'a/one', 'a/b/two'):
        if place.startswith('file'):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        put(place, name, b'1', tmp_path)
    found = remote.find(place)
    assert sorted(found) == ['a/b/two', 'a/one', 'top']
    put(place, 'a/one', b'22', tmp_path)
    again = remote.find(f'{place}/')
    changed = {name for name in found if found[name] != again[name]}
    assert changed == {'a/one'}
    assert get(remote.join(place, 'a/one')) == b'22'


def test_find_follows_the_links_of_a_page(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'top').write_bytes(b'1')
    (tmp_path / 'a' / 'one').write_bytes(b'1')
    with serving_without_ranges(tmp_path) as address:
        found = remote.find(address)
        assert sorted(found) == ['a/one', 'top']
        (tmp_path / 'top').write_bytes(b'22')
        assert remote.find(address)['top'] != found['top']
        assert remote.find(address)['a/one'] == found['a/one']


@pytest.mark.parametrize('place', ['memory', 'file'], indirect=True)
def test_nothing_found_is_an_error(place):
    with pytest.raises(FileNotFoundError, match='no such file'):
        remote.find(f'{place}/nowhere')


# Errors


@everywhere
@pytest.mark.parametrize(
    'call',
    [
        d2l_rw.load,
        d2l_rw.scan,
        lambda address: d2l_rw.load(address, mmap=False),
        lambda address: d2l_rw.convert(address, 'never.npz'),
    ],
)
def test_missing_file_is_named(call, place):
    address = f'{place}/nowhere.params'
    with pytest.raises(FileNotFoundError, match='check the addr') as caught:
        call(address)
    assert caught.value.filename == address


@pytest.fixture
def without_ranges(tmp_path):
    sparse_params(tmp_path / 'large', [MIB, MIB])
    d2l_rw.save(tmp_path / 'small', {'w': np.ones(3)})
    with serving_without_ranges(tmp_path) as address:
        yield address


def test_server_without_ranges_is_told_with_what_to_do(without_ranges):
    with pytest.raises(OSError, match='no ranges: load with mmap=False'):
        d2l_rw.load(f'{without_ranges}/large')
    arrays = d2l_rw.load(f'{without_ranges}/large', mmap=False)
    assert arrays['layer1'].shape == (MIB,)


def test_small_file_needs_no_ranges(without_ranges):
    assert d2l_rw.load(f'{without_ranges}/small')['w'].tolist() == [1] * 3


def test_connection_that_breaks_is_told(server):
    sparse_params(server.folder / 'a', [2 * MIB, 2 * MIB])
    address = f'{server.address}/a'
    arrays = d2l_rw.load(address)
    server.cut = 10
    for call in (
        lambda: arrays['layer0'],
        lambda: d2l_rw.scan(address),
        lambda: d2l_rw.load(address, mmap=False),
    ):
        with pytest.raises(ConnectionError, match='try again') as caught:
            call()
        assert caught.value.filename == address
    server.cut = 0
    assert arrays['layer0'].shape == (2 * MIB,)


def test_server_that_is_not_there_is_told(tmp_path):
    with serving(tmp_path) as server:
        address = f'{server.address}/a'
    with pytest.raises(ConnectionError, match=r'try again.*Connect call'):
        d2l_rw.load(address)


STATUSES = [
    (401, PermissionError, 'set the credentials'),
    (403, PermissionError, 'set the credentials'),
    (404, FileNotFoundError, 'check the address'),
    (429, OSError, 'the server refused: 429'),
    (503, OSError, 'try again: 503'),
]


@pytest.mark.parametrize(('status', 'kind', 'text'), STATUSES)
def test_answers_of_a_server_are_told(status, kind, text, server):
    server.status, address = status, f'{server.address}/a'
    for call in (
        lambda: d2l_rw.load(address),
        lambda: d2l_rw.load(address, mmap=False),
    ):
        with pytest.raises(kind, match=text) as caught:
            call()
        assert caught.value.filename == address


@pytest.mark.parametrize('hidden', [set(), {'ETag'}])
def test_object_that_changes_is_told(hidden, server):
    server.hidden = hidden
    path = server.folder / 'a'
    sparse_params(path, [2 * MIB, 2 * MIB])
    os.utime(path, (1e9, 1e9))
    arrays = d2l_rw.load(f'{server.address}/a')
    assert arrays['layer1'].shape == (2 * MIB,)
    sparse_params(path, [2 * MIB, 2 * MIB])
    with pytest.raises(OSError, match='changed while it was read'):
        arrays['layer0']


@pytest.mark.parametrize('place', ['memory', 'file'], indirect=True)
def test_file_that_is_cut_while_it_is_read_is_told(place, tmp_path):
    data = d2l_rw.dumps([np.ones(MIB), np.ones(MIB)])
    address = put(place, 'a', data, tmp_path)
    arrays = d2l_rw.load(address)
    if place.startswith('file'):
        os.truncate(tmp_path / 'a', 1000)
    else:
        fsspec.filesystem('memory').open(address, 'rb').truncate(1000)
    with pytest.raises(OSError, match='changed while it was read'):
        arrays[0]


def test_unknown_protocol_is_told():
    with pytest.raises(OSError, match='not known') as caught:
        d2l_rw.load('nowhere://a.params')
    assert caught.value.filename == 'nowhere://a.params'


def test_missing_package_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, 's3fs', None)
    with pytest.raises(ImportError, match=r'^s3://b/a: .*s3fs'):
        d2l_rw.load('s3://b/a')


@pytest.mark.parametrize('module', ['fsspec.core', 'aiohttp'])
def test_missing_extra_is_told(module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    hint = r'pip install d2l-rw\[remote\]'
    with pytest.raises(ImportError, match=f'{module}: {hint}'):
        d2l_rw.load('http://localhost/a')


def test_nothing_of_it_is_imported_for_a_file():
    code = "import d2l_rw, sys; print({'fsspec', 'd2l_rw.remote', 'aiohttp'}"
    code += ' & set(sys.modules))'
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, check=True
    )
    assert done.stdout == b'set()\n'


# Networks


def test_network_is_compared_and_loaded_at_an_address(server):
    from mxnet import gluon

    address = f'{server.address}/a'
    weight = np.arange(6, dtype='float32').reshape(2, 3)
    d2l_rw.save(address, {'weight': weight, 'bias': np.ones(2, 'float32')})
    dense = gluon.nn.Dense(2, in_units=3)
    assert d2l_rw.compare(address, dense).fits
    assert d2l_rw.compare(address, address).fits
    d2l_rw.load_parameters(dense, address)
    assert dense.weight.data().asnumpy().tolist() == weight.tolist()


# The command line


@everywhere
def test_commands_take_addresses(place, tmp_path, capsys):
    address, other = f'{place}/a.params', f'{place}/b.safetensors'
    d2l_rw.save(address, {'w': np.arange(3)})
    assert main(['list', address]) == 0
    assert main(['show', address, 'w']) == 0
    assert main(['check', address]) == 0
    assert main(['convert', address, other]) == 0
    assert main(['diff', address, other]) == 0
    printed = capsys.readouterr()
    assert printed.err == ''
    assert 'first: 0 1 2' in printed.out
    assert f'{address}: sound' in printed.out
    assert f'{other}: 1 arrays, 24 bytes of data, verified' in printed.out
    assert f'{address}, {other}: 1 same' in printed.out


@everywhere
@pytest.mark.parametrize(
    'command',
    [['list'], ['show', 'w'], ['check'], ['convert', 'b.npz'], ['diff', '.']],
)
@pytest.mark.parametrize('name', ['none', 'cut'])
def test_command_that_fails_prints_one_line(
    command, name, place, tmp_path, capsys
):
    put(place, 'cut', d2l_rw.dumps([np.ones(3)])[:50], tmp_path)
    address, arguments = f'{place}/{name}', command[1:]
    code = main([command[0], address, *arguments])
    assert code == (2 if command[0] == 'diff' else 1)
    printed = capsys.readouterr()
    assert printed.out == ''
    assert printed.err.startswith(f'd2l-rw: {address}: ')
    assert len(printed.err.splitlines()) == 1


# Models in several files


MODEL = {f'layer{n}': np.full(MIB // 8, n, 'float64') for n in range(4)}


@pytest.mark.parametrize('place', ['memory', 'file'], indirect=True)
def test_shards_are_saved_at_an_address_and_replace_the_old_ones(
    place, tmp_path
):
    for factor in (1, 2):
        arrays = {name: factor * array for name, array in MODEL.items()}
        index = d2l_rw.save_shards(
            f'{place}/model.safetensors', arrays, shard_nbytes=2 * MIB
        )
        assert index == f'{place}/model.safetensors.index.json'
        assert same_arrays(dict(d2l_rw.load(index)), arrays)
        assert same_arrays(d2l_rw.load(index, mmap=False), arrays)
        assert len(names(place, tmp_path)) == 3
    assert [spec.name for spec in d2l_rw.scan(index)] == list(MODEL)


def test_array_of_a_model_far_away_touches_its_shard_alone(server):
    index = d2l_rw.save_shards(
        server.folder / 'model.safetensors', MODEL, shard_nbytes=2 * MIB
    )
    address = f'{server.address}/{os.path.basename(index)}'
    server.requests.clear()
    assert same_arrays(
        {'layer3': d2l_rw.load(address)['layer3']},
        {'layer3': MODEL['layer3']},
    )
    assert server.nbytes < 2.5 * MIB


@pytest.mark.parametrize('place', ['memory'], indirect=True)
def test_shards_far_away_are_converted_checked_and_missed(place, tmp_path):
    d2l_rw.save(tmp_path / 'model.params', MODEL)
    target = f'{place}/model.safetensors'
    options = {'shard_nbytes': 2 * MIB}
    d2l_rw.convert(tmp_path / 'model.params', target, **options)
    index = f'{target}.index.json'
    d2l_rw.convert(index, tmp_path / 'again.params')
    again = d2l_rw.load(tmp_path / 'again.params')
    assert same_arrays(dict(again), MODEL)
    assert check(index).arrays == 4
    shard = d2l_rw.scan(index)[0].file
    fsspec.filesystem('memory').rm(f'{tmp_path.name}/{shard}')
    with pytest.raises(d2l_rw.FormatError, match=f'{shard}.*no such file'):
        d2l_rw.load(index)['layer0']
