"""S3 by real s3fs, from moto's server: the one that s3fs is tested with.

It runs in this process, speaks the protocol on loopback and keeps objects
itself.
"""

import logging
import os
import subprocess
import sys
import threading
from collections import Counter
from urllib.request import Request, urlopen

import boto3
import fsspec
import numpy as np
import pytest
from moto.server import ThreadedMotoServer

import d2l_rw
from d2l_rw import FormatError, remote
from d2l_rw.cli import main
from tests.cases import CASES, CSR_INT32, READ, ROWS, f32, same_arrays
from tests.remote_files import (
    MIB,
    everything,
    sparse_params,
    sparse_safetensors,
)
from tests.servers import serving

KEYS = 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'
BUCKET = 's3://models'
READABLE = [case for case in CASES if READ in case.directions]
ARRAYS = {
    'weight': f32([1, 2, 3], [4, 5, 6]),
    'rows': ROWS,
    'matrix': CSR_INT32,
    'nothing': None,
}


class Counted:
    """The server's WSGI application, with an account of its requests.

    Attributes:
        requests: method and query of each.
        nbytes: how many bytes it has sent for GET.
        refused: a part of the queries that it answers with an error.
        breaks: how many answers to come are cut.
    """

    def __init__(self, app) -> None:
        self.app, self.lock = app, threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.requests, self.nbytes = [], 0
        self.refused, self.breaks = None, 0

    def __call__(self, environ, start_response):
        method, query = environ['REQUEST_METHOD'], environ['QUERY_STRING']
        if self.refused and self.refused in query:
            start_response('400 Bad Request', [('Content-Length', '0')])
            return []
        body = b''.join(self.app(environ, start_response))
        with self.lock:
            self.requests.append((method, query))
            self.nbytes += len(body) if method == 'GET' else 0
            if method == 'GET' and self.breaks:
                self.breaks -= 1
                body = body[:-10]
        return [body]


@pytest.fixture(scope='module')
def server():
    """A server, and its address."""
    logging.getLogger('werkzeug').setLevel(logging.CRITICAL)
    server = ThreadedMotoServer('127.0.0.1', 0, verbose=False)
    server.start()
    counted = server._server.app = Counted(server._server.app)
    yield counted, 'http://{}:{}'.format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def s3(server, monkeypatch):
    """The server with an empty bucket, which fsspec is told of."""
    counted, address = server
    urlopen(Request(f'{address}/moto-api/reset', method='POST')).close()
    for name in KEYS:
        monkeypatch.setenv(name, 'any')
    monkeypatch.setenv('AWS_ENDPOINT_URL', address)
    monkeypatch.setenv('AWS_DEFAULT_REGION', 'us-east-1')
    # Credentials come from here alone.
    monkeypatch.setenv('AWS_EC2_METADATA_DISABLED', 'true')
    monkeypatch.setenv('AWS_SHARED_CREDENTIALS_FILE', os.devnull)
    monkeypatch.setenv('AWS_CONFIG_FILE', os.devnull)
    counted.client = boto3.client('s3')
    counted.client.create_bucket(Bucket='models')
    counted.forget()
    yield counted
    fsspec.get_filesystem_class('s3').clear_instance_cache()


def put(client, name, data):
    client.put_object(Bucket='models', Key=name, Body=data)
    return f'{BUCKET}/{name}'


def get(client, name):
    return client.get_object(Bucket='models', Key=name)['Body'].read()


def names(client):
    found = client.list_objects_v2(Bucket='models').get('Contents', [])
    return [entry['Key'] for entry in found]


@pytest.mark.parametrize('mmap', [True, False])
def test_objects_give_the_arrays_of_the_files(mmap, s3):
    for place, case in enumerate(READABLE):
        address = put(s3.client, f'{place}.params', case.data)
        assert same_arrays(everything(address, mmap=mmap), case.arrays)


@pytest.mark.parametrize('suffix', ['params', 'npz', 'safetensors'])
def test_formats_are_converted_and_scanned(suffix, s3, tmp_path):
    d2l_rw.save(f'{BUCKET}/a.params', {'w': np.arange(6)})
    d2l_rw.convert(f'{BUCKET}/a.params', f'{BUCKET}/b.{suffix}')
    path = tmp_path / f'b.{suffix}'
    path.write_bytes(get(s3.client, path.name))
    assert d2l_rw.scan(f'{BUCKET}/{path.name}') == d2l_rw.scan(path)
    assert d2l_rw.load(path)['w'].tolist() == list(range(6))


def test_saved_object_has_the_bytes_of_a_file(s3):
    d2l_rw.save(f'{BUCKET}/a/b.params', ARRAYS)
    assert get(s3.client, 'a/b.params') == d2l_rw.dumps(ARRAYS)
    assert [method for method, _ in s3.requests].count('PUT') == 1


@pytest.mark.parametrize('mmap', [True, False])
def test_cut_object_gives_the_error_of_a_file(mmap, s3, tmp_path):
    path, data = tmp_path / 'cut', d2l_rw.dumps(ARRAYS)[:-9]
    path.write_bytes(data)
    address = put(s3.client, 'cut', data)
    with pytest.raises(FormatError) as local:
        d2l_rw.load(path)
    with pytest.raises(FormatError) as distant:
        d2l_rw.load(address, mmap=mmap)
    expected = str(local.value).replace(str(path), address)
    assert str(distant.value) == expected


# moto reads an object whole for each range.  The requests are those of arrays
# that are twenty times as large: jumps over more than a megabyte.
@pytest.mark.parametrize('protocol', ['s3', 'http'])
@pytest.mark.parametrize('place', [0, 3, 7])
@pytest.mark.parametrize(
    ('write', 'most'), [(sparse_params, 10), (sparse_safetensors, 3)]
)
def test_one_array_costs_few_requests(
    write, most, place, protocol, s3, tmp_path
):
    sizes = [7 * MIB] * 7
    sizes.insert(place, MIB)
    write(tmp_path / 'a', sizes)
    put(s3.client, 'a', (tmp_path / 'a').read_bytes())
    s3.forget()
    with serving(tmp_path) as http:
        server = {'s3': s3, 'http': http}[protocol]
        place_of = {'s3': BUCKET, 'http': http.address}[protocol]
        array = d2l_rw.load(f'{place_of}/a')[f'layer{place}']
        assert array.shape == (MIB,)
        assert 0 < len(server.requests) <= most
        assert MIB <= server.nbytes <= 3 * MIB


def test_find_tells_every_object_below_and_when_it_changes(s3):
    for name in ('a/one', 'a/b/two', 'b/three'):
        put(s3.client, name, b'1')
    found = remote.find(f'{BUCKET}/a')
    assert sorted(found) == ['b/two', 'one']
    put(s3.client, 'a/one', b'2')
    again = remote.find(f'{BUCKET}/a/')
    assert {name for name in found if found[name] != again[name]} == {'one'}


def test_commands_take_addresses(s3, capsys):
    address, other = f'{BUCKET}/a.params', f'{BUCKET}/b.safetensors'
    d2l_rw.save(address, {'w': np.arange(3)})
    assert main(['list', address]) == 0
    assert main(['show', address, 'w']) == 0
    assert main(['check', address]) == 0
    assert main(['convert', address, other]) == 0
    assert main(['diff', address, other]) == 0
    assert capsys.readouterr().err == ''


def test_conversion_of_a_file_of_a_tree_costs_five_requests(s3, tmp_path):
    counts = []
    for files in (1, 3):
        source, target = f'{BUCKET}/from{files}', f'{BUCKET}/to{files}'
        for number in range(files):
            d2l_rw.save(f'{source}/{number}.params', {'w': np.ones(3)})
        s3.requests.clear()
        report = tmp_path / str(files)
        d2l_rw.convert_tree(source, target, workers=1, report=report)
        counts.append(Counter(method for method, _ in s3.requests))
    assert counts[1] - counts[0] == {'HEAD': 6, 'GET': 2, 'PUT': 2}


@pytest.mark.parametrize(
    'name', ['AWS_ENDPOINT_URL', 'FSSPEC_S3_ENDPOINT_URL']
)
def test_endpoint_is_named_by_a_variable(name, s3, monkeypatch):
    address = put(s3.client, 'a.params', d2l_rw.dumps({'w': np.ones(3)}))
    endpoint = os.environ['AWS_ENDPOINT_URL']
    monkeypatch.delenv('AWS_ENDPOINT_URL')
    monkeypatch.setenv(name, endpoint)
    done = subprocess.run(
        [sys.executable, '-m', 'd2l_rw', 'show', address, 'w'],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, '')
    assert 'float64 (3,), 24 bytes' in done.stdout


# Errors

CALLS = [
    d2l_rw.load,
    d2l_rw.scan,
    lambda address: d2l_rw.load(address, mmap=False),
    lambda address: d2l_rw.save(address, [np.ones(3)]),
]
READING = CALLS[:3]


@pytest.mark.parametrize('call', CALLS)
def test_missing_credentials_are_told(call, s3, monkeypatch):
    for name in KEYS:
        monkeypatch.delenv(name)
    address = f'{BUCKET}/a.params'
    with pytest.raises(PermissionError, match='set the cred') as caught:
        call(address)
    assert caught.value.filename == address


@pytest.mark.parametrize('call', CALLS)
def test_missing_bucket_is_told(call, s3):
    address = 's3://nowhere/a.params'
    with pytest.raises(FileNotFoundError, match='check the add') as caught:
        call(address)
    assert caught.value.filename == address


@pytest.mark.parametrize('call', READING)
def test_missing_object_is_told(call, s3):
    address = f'{BUCKET}/a.params'
    with pytest.raises(FileNotFoundError, match='check the add') as caught:
        call(address)
    assert caught.value.filename == address


def test_server_that_is_not_there_is_told(s3, monkeypatch):
    monkeypatch.setenv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9')
    monkeypatch.setenv('AWS_MAX_ATTEMPTS', '1')
    with pytest.raises(ConnectionError, match='try again'):
        d2l_rw.load(f'{BUCKET}/a.params')


def test_object_that_changes_is_told(s3, capsys):
    arrays = [np.zeros(MIB), np.zeros(MIB)]
    address = put(s3.client, 'a', d2l_rw.dumps(arrays))
    found = d2l_rw.load(address)
    assert found[1].shape == (MIB,)
    put(s3.client, 'a', d2l_rw.dumps([np.ones(MIB), np.ones(MIB)]))
    with pytest.raises(OSError, match='changed while it was read') as caught:
        found[0]
    assert caught.value.filename == address


@pytest.mark.parametrize('mmap', [True, False])
def test_connection_that_breaks_once_is_no_error(mmap, s3):
    array = np.arange(float(MIB))
    address = put(s3.client, 'a', d2l_rw.dumps([array]))
    s3.breaks = 1
    assert same_arrays(everything(address, mmap=mmap), [array])
    assert s3.breaks == 0


def test_upload_that_breaks_leaves_what_was_there(s3):
    address = put(s3.client, 'a.params', b'old')
    s3.refused = 'partNumber=2'
    with pytest.raises(OSError, match='Bad Request'):
        d2l_rw.save(address, [np.zeros(15 * MIB)])
    assert get(s3.client, 'a.params') == b'old'
    assert names(s3.client) == ['a.params']
    uploads = s3.client.list_multipart_uploads(Bucket='models')
    assert uploads.get('Uploads', []) == []
    s3.refused = None
    d2l_rw.save(address, [np.zeros(15 * MIB)])
    assert d2l_rw.scan(address)[0].shape == (15 * MIB,)


@pytest.mark.parametrize(
    ('arguments', 'place'),
    [
        (['list', f'{BUCKET}/none'], 1),
        (['show', f'{BUCKET}/none', 'w'], 1),
        (['check', f'{BUCKET}/none'], 1),
        (['convert', f'{BUCKET}/none', 'a.npz'], 1),
        (['convert', f'{BUCKET}/a.params', 's3://nowhere/a.npz'], 2),
        (['list', BUCKET], 1),
        (['check', BUCKET], 1),
        (['check', f'{BUCKET}/'], 1),
    ],
)
def test_command_that_fails_prints_one_line(arguments, place, s3, capsys):
    put(s3.client, 'a.params', d2l_rw.dumps([np.ones(3)]))
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ''
    assert printed.err.startswith(f'd2l-rw: {arguments[place]}: ')
    assert len(printed.err.splitlines()) == 1
