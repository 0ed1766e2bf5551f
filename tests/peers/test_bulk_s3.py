"""A tree on S3, by real s3fs, from moto's server, is converted once."""

import json
import logging

import boto3
import fsspec
import numpy as np
import pytest
from moto.server import ThreadedMotoServer

from d2l_rw import check_tree, convert_tree, load, save
from d2l_rw.cli import main

FILES = 6
SOURCE, TARGET = 's3://models/source', 's3://models/target'


@pytest.fixture(scope='module')
def server():
    """A server, and its address."""
    logging.getLogger('werkzeug').setLevel(logging.CRITICAL)
    server = ThreadedMotoServer('127.0.0.1', 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f'http://{host}:{port}'
    server.stop()


@pytest.fixture
def bucket(server, monkeypatch, tmp_path):
    """An empty bucket, `models`, of a server that s3fs asks."""
    monkeypatch.setenv('AWS_ACCESS_KEY_ID', 'testing')
    monkeypatch.setenv('AWS_SECRET_ACCESS_KEY', 'testing')
    monkeypatch.setenv('AWS_DEFAULT_REGION', 'us-east-1')
    monkeypatch.setenv('AWS_ENDPOINT_URL', server)
    monkeypatch.setenv('AWS_CONFIG_FILE', str(tmp_path / 'none'))
    fsspec.filesystem('s3').clear_instance_cache()
    bucket = boto3.resource('s3').create_bucket(Bucket='models')
    yield bucket
    bucket.objects.all().delete()
    bucket.delete()
    fsspec.filesystem('s3').clear_instance_cache()


def arrays_of(number):
    return {'weight': np.full((3, 4), number, 'float32')}


@pytest.fixture
def tree(bucket, tmp_path):
    """Small files below a prefix, and others beside it."""
    for number in range(FILES):
        path = tmp_path / 'a.params'
        save(path, arrays_of(number), sync=False)
        bucket.upload_file(path, f'source/part{number % 2}/{number}.params')
    bucket.put_object(Key='source/notes.txt', Body=b'no arrays')
    bucket.put_object(Key='source2/other.params', Body=b'of another prefix')
    return bucket


def converted(tmp_path, source=SOURCE, target=TARGET):
    report = tmp_path / 'report'
    return convert_tree(source, target, workers=1, report=report)


def assert_converted(target):
    for number in range(FILES):
        name = f'{target}/part{number % 2}/{number}.safetensors'
        np.testing.assert_array_equal(
            load(name)['weight'], arrays_of(number)['weight']
        )


def test_prefix_is_converted_into_another_once(tree, tmp_path):
    found = converted(tmp_path)
    assert (found.done, found.failed, found.others) == (FILES, {}, 1)
    assert_converted(TARGET)
    again = converted(tmp_path)
    assert (again.done, again.skipped) == (0, FILES)


def test_object_that_was_written_again_is_done_again(tree, tmp_path):
    converted(tmp_path)
    path = tmp_path / 'a.params'
    save(path, arrays_of(33), sync=False)
    tree.upload_file(path, 'source/part1/3.params')
    tree.delete_objects(
        Delete={'Objects': [{'Key': 'target/part0/2.safetensors'}]}
    )
    again = converted(tmp_path)
    assert (again.done, again.skipped) == (2, FILES - 2)
    found = load(f'{TARGET}/part1/3.safetensors')['weight']
    assert (found == 33).all()


def test_prefix_is_converted_into_a_folder_and_back(tree, tmp_path):
    folder = tmp_path / 'folder'
    here = convert_tree(SOURCE, folder, workers=1, sync=False)
    assert (here.done, here.failed) == (FILES, {})
    assert_converted(folder)
    there = converted(tmp_path, folder, 's3://models/back')
    assert (there.done, there.others) == (FILES, 1)
    assert_converted('s3://models/back')


def test_damaged_object_is_told_by_its_address(tree, tmp_path):
    tree.put_object(Key='source/bad.params', Body=b'')
    found = converted(tmp_path)
    assert found.done == FILES
    expected = f'{SOURCE}/bad.params: file: expected arrays, got an empty'
    assert found.failed['bad.params'].startswith(expected)
    checked = check_tree(SOURCE, workers=1)
    assert (checked.done, list(checked.failed)) == (FILES, ['bad.params'])


def test_name_that_leads_out_of_the_target_is_refused(tree, tmp_path):
    save(tmp_path / 'a.params', arrays_of(1), sync=False)
    tree.upload_file(tmp_path / 'a.params', 'source/../up.params')
    found = convert_tree(SOURCE, tmp_path / 'to', workers=1, sync=False)
    assert found.done == FILES
    expected = '../up.params: expected a name without ..'
    assert found.failed == {'../up.params': expected}


def test_target_far_away_needs_a_report_here(tree):
    with pytest.raises(ValueError, match=r'a file here .*--report'):
        convert_tree(SOURCE, TARGET)


def test_target_in_its_source_is_left_out(tree, tmp_path):
    inner = f'{SOURCE}/converted'
    assert converted(tmp_path, target=inner).done == FILES
    again = converted(tmp_path, target=inner)
    assert (again.done, again.skipped, again.others) == (0, FILES, 1)


def test_empty_prefix_is_told(tree, tmp_path):
    with pytest.raises(FileNotFoundError, match='s3://models/nowhere'):
        converted(tmp_path, source='s3://models/nowhere')


def test_command_takes_addresses(tree, tmp_path, capsys):
    report = tmp_path / 'report'
    options = ['--recursive', '--workers', '1', '--report', str(report)]
    assert main(['convert', *options, SOURCE, TARGET]) == 0
    assert capsys.readouterr().out.startswith(f'{TARGET}: 6 files converted')
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert {line['status'] for line in lines} == {'done'}
    assert main(['check', '--recursive', '--workers', '1', TARGET]) == 0
