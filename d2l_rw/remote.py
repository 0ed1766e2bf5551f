"""Files far away, by their addresses: read in ranges, replaced whole.

The work is fsspec's, an extra, as is a package for each protocol.  They are
set up in their own ways.  For S3, for instance, AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY hold the credentials, and FSSPEC_S3_ENDPOINT_URL names
another server than Amazon's; see fsspec's documentation, "Configuration".
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from d2l_rw import files
from d2l_rw.errors import FormatError

# Bytes fetched after a jump.  A request takes 20 ms and more, these 1 ms at
# 50 MB/s: as long as any smaller block, and small files whole
# (`benchmarks/remote.md`).
BLOCK = 2**16
GAP = 2**20  # bytes that take as long as a request
LONGEST = 2**23  # bytes fetched ahead, at most
KEPT = 2**25  # bytes kept, at most
PATIENCE = 60  # seconds without a byte
PIECE = 2**20  # bytes written at once
# Their uploads are seen when they are complete, and not before.
STORES = {'s3', 'gs', 'abfs'}
# By what an object is told from another one under its name.
MARKS = 'ETag', 'etag', 'md5Hash', 'generation', 'size', 'ino'
TIMES = 'mtime', 'created', 'LastModified', 'last_modified', 'Last-Modified'

CHANGED = errno.ESTALE, 'it changed while it was read: read it again'
MISSING = errno.ENOENT, 'no such file: check the address'
DENIED = errno.EACCES, 'access denied: set the credentials: {}'
BROKEN = errno.ECONNABORTED, 'the connection failed: try again: {}'
FAILED = errno.EBUSY, 'the server failed: try again: {}'
REFUSED = errno.EPROTO, 'the server refused: {}'
NO_RANGES = (
    errno.EOPNOTSUPP,
    'the server sends no ranges: load with mmap=False, which downloads all',
)
# By the status of HTTP, or the name of an exception's class: the packages
# that define these need not be there.
REASONS = {
    401: DENIED,
    403: DENIED,
    404: MISSING,
    410: MISSING,
    412: CHANGED,
    500: FAILED,
    502: FAILED,
    503: FAILED,
    504: FAILED,
    'FileExpired': CHANGED,
    'FileNotFoundError': MISSING,
    'NoCredentialsError': DENIED,
    'PartialCredentialsError': DENIED,
    'PermissionError': DENIED,
    'ClientConnectionError': BROKEN,
    'ClientPayloadError': BROKEN,
    'ClientResponseError': REFUSED,
    'ConnectionError': BROKEN,
    'HTTPClientError': BROKEN,
    'TimeoutError': BROKEN,
}
_transactions = Lock()  # fsspec has one of a file system at a time


class Ranges:
    """What `Cursor` and `zipfile` read of a file far away.

    Whoever jumps is given a block.  Whoever goes on from there, or nearly
    so, is given what lies between, since a request would take as long, and
    more ahead: each time twice as much.  What was fetched is kept for a
    while, so that an array that was passed over is there when asked for.

    Slices may be asked for by several threads; `seek` and `read` by one.

    Args:
        address: the file's, for errors.
        file: what fsspec opened, without a cache; None if it is empty.
        size: its size in bytes.
    """

    def __init__(self, address: str, file, size: int) -> None:
        self._address, self._file, self._size = address, file, size
        self._position = 0
        # Where each begins, and its bytes; the oldest first.
        self._runs: list[tuple[int, bytes]] = [(0, b'')]
        self._ahead = BLOCK // 2
        self._lock = Lock()

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        begin, run = self._runs[-1]
        if begin <= start and stop <= begin + len(run):
            return run[start - begin : stop - begin]
        with self._lock:
            found = self._kept(start, stop)
            return self._missing(start, stop) if found is None else found

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        position = offset + (0, self._position, self._size)[whence]
        if not 0 <= position <= self._size:
            raise ValueError('seek out of range')  # as a mapping does
        self._position = position
        return position

    def tell(self) -> int:
        return self._position

    def read(self, nbytes: int = -1) -> bytes:
        start = self._position
        stop = self._size if nbytes < 0 else start + nbytes
        data = self[start:stop]
        self._position += len(data)
        return data

    def _kept(self, start: int, stop: int) -> bytes | None:
        """Return bytes of the runs, of which each may go on from the last."""
        pieces = []
        for begin, run in self._runs:
            if begin <= start < begin + len(run):
                pieces.append(run[start - begin : stop - begin])
                start += len(pieces[-1])
        return b''.join(pieces) if start >= stop else None

    def _missing(self, start: int, stop: int) -> bytes:
        """Fetch bytes, with others that are likely to be asked for next."""
        begin, run = self._runs[-1]
        first = begin + len(run)
        if begin <= start <= first + GAP:
            self._ahead = min(2 * self._ahead, LONGEST)
            last = stop + self._ahead
        else:
            self._ahead = BLOCK
            # The end of a zip is read backwards.
            first = max(0, min(start, self._size - BLOCK))
            last = max(stop, first + BLOCK)
        run = self._fetch(first, min(last, self._size))
        self._runs.append((first, run))
        data = self._kept(start, stop)
        if len(run) > KEPT:
            # A large array: whoever asked for it has it.
            self._runs[-1] = stop, run[stop - first :]
        while sum(len(run) for _, run in self._runs) > KEPT:
            del self._runs[0]
        return data

    def _fetch(self, start: int, stop: int) -> bytes:
        with explaining(self._address):
            self._file.seek(start)
            try:
                data = self._file.read(stop - start)
            except ValueError:  # of fsspec's HTTP alone
                raise OSError(*NO_RANGES) from None
        if len(data) != stop - start:
            raise OSError(*CHANGED, self._address)
        return data


def open_ranges(address: str) -> Ranges:
    """Open a file far away, as data of which slices are fetched.

    A file that changes meanwhile is an error, not a mixture: S3 and HTTP are
    asked for the object that was opened, by its ETag or, where that is weak
    or missing, by its time.  A server of HTTP that passes over `If-Match`
    gives parts of two files; the checks of the format may see it or not.

    Raises:
        OSError: if it cannot be opened, or later, if it cannot be read.
        ImportError: if a package for its protocol is missing.

    >>> import fsspec
    >>> fsspec.filesystem('memory').pipe('/doc/digits', b'0123456789')
    >>> data = open_ranges('memory://doc/digits')
    >>> len(data), data[3:5]
    (10, b'34')
    """
    fs, path = _filesystem(address)
    with explaining(address):
        if _speaks(fs, 'http'):
            return _open_http(address, fs, path)
        file = fs.open(path, 'rb', cache_type='none')
        return Ranges(address, file, file.seek(0, os.SEEK_END))


@contextmanager
def download(address: str) -> Iterator[str]:
    """Give the path of a temporary file, to which one far away is copied.

    An error within that names it is given the address instead.

    Raises:
        OSError: if it could not be downloaded, or changed meanwhile.
        ImportError: if a package for its protocol is missing.
    """
    fs, path = _filesystem(address)
    with _temporary() as local:
        with explaining(address):
            if _speaks(fs, 'http'):  # in one response, which is of one file
                fs.get_file(path, local)
            else:
                _get_unchanged(fs, path, local)
        try:
            yield local
        except FormatError as error:
            error.file = address if error.file == local else error.file
            raise


@contextmanager
def upload(address: str) -> Iterator[str]:
    """Give the path of a temporary file, which is then brought to a place.

    There it is seen whole or, after any error, not at all, and what was
    there before stays.  HTTP's PUT leaves that to the server.  Parts that
    reached S3 before the process was killed are not seen, but stored; a rule
    of the bucket can remove them.

    Raises:
        OSError: if it could not be uploaded.
        ImportError: if a package for its protocol is missing.
    """
    fs, path = _filesystem(address)
    with _temporary() as local:
        yield local
        with explaining(address):
            _publish(fs, local, path)


def remove(address: str) -> None:
    """Delete a file far away.

    Raises:
        OSError: if it cannot be deleted.
        ImportError: if a package for its protocol is missing.
    """
    fs, path = _filesystem(address)
    with explaining(address):
        fs.rm_file(path)


def find(address: str) -> dict[str, str]:
    """Find all files below a prefix, or in a folder.

    Returns:
        By the name of each, relative to the prefix, what identifies its
        contents: it changes when the file does.  (HTTP has no prefixes: it
        is what the links of a page lead to.)

    Raises:
        OSError: if it cannot be listed, or is empty.
        ImportError: if a package for its protocol is missing.

    >>> import fsspec
    >>> fsspec.filesystem('memory').pipe('/doc/find/a/b', b'c')
    >>> list(find('memory://doc/find'))
    ['a/b']
    """
    fs, path = _filesystem(address)
    with explaining(address):
        found = fs.find(path, detail=True)
        if _speaks(fs, 'http'):
            found = {name: fs.info(name) for name in found}
    if not found:
        raise OSError(*MISSING, address)
    size = len(path.rstrip('/')) + 1
    return {name[size:]: _identity(info) for name, info in found.items()}


def identity(address: str) -> str:
    """Return what identifies the contents of a file, as `find` does.

    Raises:
        OSError: if there is no such file, or it cannot be asked for.
        ImportError: if a package for its protocol is missing.
    """
    fs, path = _filesystem(address)
    with explaining(address):
        return _identity(fs.info(path))


def join(address: str, name: str) -> str:
    """Return the address of a name that `find` gave.

    >>> join('s3://bucket/models/', 'a/mlp.params')
    's3://bucket/models/a/mlp.params'
    """
    return f'{address.rstrip("/")}/{name}'


@contextmanager
def explaining(address: str) -> Iterator[None]:
    """Raise one kind of error for all that fsspec and its protocols raise.

    Raises:
        OSError: with the address in place of a file's name.
        ImportError: if a package is missing.
    """
    try:
        yield
    except ImportError as error:
        raise ImportError(f'{address}: {error}') from None
    except Exception as error:
        raise OSError(*_reason(error), address) from error


def _reason(error: Exception) -> tuple[int, str]:
    """Return the number of an error, and what to tell and to do."""
    causes = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    # The last first: fsspec's HTTP raises FileNotFoundError for all of them.
    for cause in reversed(causes):
        names = [kind.__name__ for kind in type(cause).__mro__]
        for known in (getattr(cause, 'status', None), *names):
            if known in REASONS:
                number, text = REASONS[known]
                return number, text.replace('{}', _text(cause))
    number, text = getattr(error, 'errno', None), _text(error)
    return (errno.EIO, text) if number is None else (number, error.strerror)


def _text(error: Exception) -> str:
    return str(error) or type(error).__name__


def _filesystem(address: str):
    """Return fsspec's file system for an address, and the path in it."""
    try:
        from fsspec.core import url_to_fs

        http = address.startswith(('http://', 'https://'))
        options = {'timeout': _timeout()} if http else {}
    except ImportError as error:
        needed = f'this needs {error.name}: pip install d2l-rw[remote]'
        raise ImportError(f'{address}: {needed}') from None
    with explaining(address):
        fs, path = url_to_fs(address, **options)
    fs.invalidate_cache()  # a listing from before hides what has changed
    return fs, path


def _timeout():
    """Return limits for aiohttp, which gives up after minutes by itself."""
    from aiohttp import ClientTimeout

    return ClientTimeout(None, sock_connect=PATIENCE, sock_read=PATIENCE)


def _speaks(fs, protocol: str) -> bool:
    known = fs.protocol
    return protocol in ((known,) if isinstance(known, str) else known)


def _open_http(address: str, fs, path: str) -> Ranges:
    """Open a file of HTTP, of which each range must be of the same object."""
    info = fs.info(path)
    size = info['size']
    if size is None or not info.get('partial', True):
        raise OSError(*NO_RANGES)
    # Of a compressed answer, ranges would be other bytes.
    headers = {'Accept-Encoding': 'identity', **fs.kwargs.get('headers', {})}
    tag, changed = info.get('ETag', ''), info.get('Last-Modified')
    if tag and not tag.startswith('W/'):  # a weak one matches nothing
        headers['If-Match'] = tag
    elif changed:
        headers['If-Unmodified-Since'] = changed
    options = {'cache_type': 'none', 'size': size, 'headers': headers}
    file = fs.open(path, 'rb', **options) if size else None
    return Ranges(address, file, size)


@contextmanager
def _temporary() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix='d2l-rw-') as folder:
        yield os.path.join(folder, 'file')


def _get_unchanged(fs, path: str, local: str) -> None:
    """Download a file, perhaps in several parts, all of the same object."""
    before = _identity(fs.info(path))
    fs.get_file(path, local)
    if _identity(fs.info(path)) != before:
        raise OSError(*CHANGED)


def _publish(fs, local: str, path: str) -> None:
    """Bring a local file to a place, where it appears as a whole."""
    if _speaks(fs, 'http'):
        fs.put_file(local, path, method='put')
    elif any(_speaks(fs, store) for store in STORES):
        fs.put_file(local, path)
    elif _speaks(fs, 'file'):
        # fsspec would copy it from another disk in place.
        with files.replacing(path, sync=True) as target:
            _copy(local, target)
    else:
        with _transactions, fs.transaction, fs.open(path, 'wb') as target:
            _copy(local, target)


def _copy(local: str, target) -> None:
    with open(local, 'rb') as source:
        shutil.copyfileobj(source, target, PIECE)


def _identity(info: dict) -> str:
    return ' '.join(str(info[mark]) for mark in MARKS + TIMES if mark in info)
