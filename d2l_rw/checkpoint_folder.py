"""Folders of checkpoints, each of which is complete or not there.

    checkpoints/
      .lock                      held by the process that writes
      .checkpoint-5f….tmp/       incomplete: being written, or left by a crash
      checkpoint-000001/
        parameters.params        as `Block.save_parameters` writes it
        state.params             all other arrays, in the same format
        state.json               the rest
        manifest.json            sizes and checksums of these three

The checksums find damage, not malice: who changes a file can change its
manifest.  They are XXH3-128 of the xxhash package, which takes a tenth of the
time of SHA-256 and a quarter of that of CRC-32 (`benchmarks/checkpoints.md`).
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping

from d2l_rw import files, strict_json
from d2l_rw.errors import expect, naming

try:
    from xxhash import xxh3_128
except ImportError:
    raise ImportError(
        'checkpoints need xxhash, which computes their checksums: '
        'pip install xxhash (d2l_rw.load reads their files without it)'
    ) from None

PARAMETERS, ARRAYS, STATE = CONTENTS = (
    'parameters.params',
    'state.params',
    'state.json',
)
MANIFEST = 'manifest.json'
FORMAT = 'd2l-rw checkpoint 1'
NAME = re.compile(r'checkpoint-([0-9]{6,18})')
INCOMPLETE = re.compile(r'\.checkpoint-[0-9a-f]{16}\.tmp')
BLOCK = 2**20  # bytes hashed at once
LONGEST_MANIFEST = 2**16  # bytes


def path_of(folder: str | os.PathLike, number: int) -> str:
    """Return the path of a checkpoint."""
    return os.path.join(os.fsdecode(folder), f'checkpoint-{number:06}')


def numbers(folder: str | os.PathLike) -> list[int]:
    """Return the numbers of the checkpoints in a folder, ascending."""
    names = map(NAME.fullmatch, os.listdir(os.fsdecode(folder)))
    return sorted(int(name[1]) for name in names if name)


def incomplete(folder: str | os.PathLike) -> list[str]:
    """Return the paths of what is being written, or was left by a crash."""
    folder = os.fsdecode(folder)
    names = sorted(filter(INCOMPLETE.fullmatch, os.listdir(folder)))
    return [os.path.join(folder, name) for name in names]


def lock(folder: str | os.PathLike):
    """Hold the right to write to a folder, which is made if need be."""
    os.makedirs(folder, exist_ok=True)
    return files.locked(os.path.join(os.fsdecode(folder), '.lock'))


def write(
    folder: str | os.PathLike,
    contents: Mapping[str, Iterable],
    *,
    sync: bool,
) -> int:
    """Write a checkpoint while holding the lock; return its number.

    What a crash left incomplete is deleted first: nobody else writes now.

    Args:
        folder: the folder of checkpoints.
        contents: the pieces of bytes of each file.
        sync: wait until the checkpoint is on the disk.

    Raises:
        OSError: if writing fails; nothing is left of it then.
    """
    for path in incomplete(folder):
        shutil.rmtree(path, ignore_errors=True)
    number = max(numbers(folder), default=0) + 1
    target, temporary = path_of(folder, number), _temporary(folder)
    os.mkdir(temporary)
    try:
        manifest = {'format': FORMAT, 'files': {}}
        for name, pieces in contents.items():
            entry = manifest['files'][name] = {}
            _write(temporary, target, name, _hashed(pieces, entry), sync)
        text = strict_json.dumps(manifest)
        _write(temporary, target, MANIFEST, [text], sync)
        if sync:
            files.sync_folder(temporary)
        os.rename(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    if sync:
        files.sync_folder(os.fsdecode(folder))
    return number


def delete(folder: str | os.PathLike, number: int) -> None:
    """Delete a checkpoint while holding the lock, whole or not at all."""
    temporary = _temporary(folder)
    os.rename(path_of(folder, number), temporary)
    shutil.rmtree(temporary, ignore_errors=True)


def verify(path: str, names: Iterable[str] = CONTENTS) -> None:
    """Compare the files of a checkpoint with its manifest.

    Args:
        path: the checkpoint.
        names: the files whose contents are read; of all, the sizes are
            compared.

    Raises:
        FormatError: naming the first file that differs, and the difference.
        FileNotFoundError: if there is no such checkpoint.
        OSError: if a file cannot be read.
    """
    if not os.path.isdir(path):
        missing = 'expected a checkpoint, got none'
        raise FileNotFoundError(errno.ENOENT, missing, path)
    known = _manifest(path)
    for name, entry in known.items():
        file = os.path.join(path, name)
        with naming(file=file):
            nbytes = _size(file)
            got = 'no file' if nbytes is None else f'{nbytes} bytes'
            expected = entry['nbytes']
            expect(nbytes == expected, 'size', f'{expected} bytes', got)
    for name in names:
        file = os.path.join(path, name)
        with naming(file=file):
            digest, expected = _digest(file), known[name]['xxh3_128']
            expect(digest == expected, 'XXH3-128', expected, digest)


def _manifest(path: str) -> dict[str, dict]:
    """Return the size and the digest of each file."""
    file = os.path.join(path, MANIFEST)
    with naming(file=file):
        expect(os.path.isfile(file), 'file', 'a manifest', 'none')
        with open(file, 'rb') as stream:
            manifest = strict_json.loads(stream.read(LONGEST_MANIFEST))
        fields = {name: list(entry) for name, entry in _entries(manifest)}
        expected = {name: ['nbytes', 'xxh3_128'] for name in CONTENTS}
        expect(fields == expected, 'files', expected, fields)
    return manifest['files']


def _entries(manifest) -> Iterator[tuple[str, dict]]:
    """Yield what a manifest lists; refuse what is no manifest."""
    known = isinstance(manifest, dict) and manifest.get('format') == FORMAT
    expect(known, 'format', repr(FORMAT), manifest)
    listed = manifest.get('files')
    expect(isinstance(listed, dict), 'files', 'an object', listed)
    for name, entry in listed.items():
        expect(isinstance(entry, dict), name, 'an object', entry)
        yield name, entry


def _write(temporary, target, name: str, pieces, sync: bool) -> None:
    with files.naming(os.path.join(target, name)):
        path = os.path.join(temporary, name)
        with files.creating(path, sync=sync) as file:
            file.writelines(pieces)


def _hashed(pieces: Iterable, entry: dict) -> Iterator:
    """Yield pieces of bytes; enter their size and digest at the end."""
    digest, nbytes = xxh3_128(), 0
    for piece in pieces:
        digest.update(piece)
        nbytes += memoryview(piece).nbytes
        yield piece
    entry.update(nbytes=nbytes, xxh3_128=digest.hexdigest())


def _size(file: str) -> int | None:
    """Return a file's size in bytes, or None if there is no file."""
    try:
        return os.stat(file).st_size
    except FileNotFoundError:
        return None


def _digest(file: str) -> str:
    """Read a file, not a mapping: a failing disk is then an error."""
    digest, buffer = xxh3_128(), memoryview(bytearray(BLOCK))
    with open(file, 'rb', buffering=0) as stream:
        while count := stream.readinto(buffer):
            digest.update(buffer[:count])
    return digest.hexdigest()


def _temporary(folder: str | os.PathLike) -> str:
    name = f'.checkpoint-{os.urandom(8).hex()}.tmp'
    return os.path.join(os.fsdecode(folder), name)
