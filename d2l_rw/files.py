"""Files: mapped to be read, replaced whole when written."""

from __future__ import annotations

import errno
import io
import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

BUFFER = 2**18  # bytes: many small arrays go to the system at once
INTERVAL = 0.1  # seconds


def is_address(path: str | os.PathLike) -> bool:
    """Tell whether a path is the address of a file far away.

    >>> is_address('s3://bucket/mlp.params'), is_address('mlp.params')
    (True, False)
    """
    return isinstance(path, str) and '://' in path


def open_data(path: str | os.PathLike):
    """Map a file; of an address, return data that is read in ranges.

    Raises:
        OSError: if it cannot be opened.
        ImportError: of an address, if a package for its protocol is missing.
    """
    return _remote().open_ranges(path) if is_address(path) else map_file(path)


def to_read(path: str | os.PathLike):
    """Give, as a context, a path itself; of an address, a downloaded file."""
    return _remote().download(path) if is_address(path) else nullcontext(path)


def to_write(path: str | os.PathLike):
    """Give, as a context, a path itself; of an address, what is uploaded."""
    return _remote().upload(path) if is_address(path) else nullcontext(path)


def _remote():
    # Imported here, since few need it, and it needs an extra.
    from d2l_rw import remote

    return remote


def map_file(path: str | os.PathLike) -> mmap.mmap | bytes:
    """Map a file read-only; an empty file, which cannot be, is b''.

    If another process shortens the file while the mapping lives, touching
    what is gone ends this process with SIGBUS.  Writers that replace files,
    as `replacing` does, are harmless: the mapping keeps the old file.
    """
    with open(path, 'rb') as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b''
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


@contextmanager
def replacing(
    path: str | os.PathLike, *, sync: bool
) -> Iterator[io.BufferedWriter]:
    """Give a new file that takes over a path when all of it is written.

    The bytes go to a temporary file in the same folder, `file.name`, which
    then takes the name over.  A symbolic link is followed: its target is
    replaced.  An existing file passes its permissions on.

    Args:
        path: the file's path.
        sync: wait until the bytes, and then the name, are on the disk.

    Raises:
        OSError: if writing fails; the old file, if any, is untouched.  (Only
            if the last step fails, syncing the folder, the new one is there.)
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f'.d2l-rw-{os.urandom(8).hex()}.tmp')
    mode = _mode(target)
    with naming(target), creating(temporary, sync=sync, mode=mode) as file:
        yield file
    try:
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    if sync:
        sync_folder(folder)


@contextmanager
def creating(
    path: str | os.PathLike, *, sync: bool, mode: int | None = None
) -> Iterator[io.BufferedWriter]:
    """Give a new file; on failure leave none.

    Its permissions are those of a plain `open`, where `tempfile` would give
    them to the owner only.

    Args:
        path: the file's path, where nothing may be yet.
        sync: wait until the bytes are on the disk.
        mode: other permissions.

    Raises:
        OSError: if writing fails.
    """
    new = open(path, 'xb', buffering=BUFFER)  # noqa: SIM115
    try:
        with new as file:
            if mode is not None:
                os.chmod(path, mode)
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(path)
        raise


@contextmanager
def syncing(file: io.BufferedWriter) -> Iterator[None]:
    """Bring a file to the disk while it is written and read.

    So the disk works while the processor does; the rest is left to `fsync`.

    Raises:
        OSError: at the end, if the disk failed.
    """
    # Imported here, since few need them.
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event

    done = Event()

    def sync() -> None:
        while not done.wait(INTERVAL):
            os.fsync(file.fileno())

    with ThreadPoolExecutor(1) as pool:
        behind = pool.submit(sync)
        try:
            yield
        finally:
            done.set()
        behind.result()


@contextmanager
def naming(path: str | os.PathLike) -> Iterator[None]:
    """Name a file in the system's errors that name none: a full disk's."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = os.fsdecode(path)
        raise


@contextmanager
def locked(path: str | os.PathLike) -> Iterator[None]:
    """Hold the lock of a file, which is made if need be, on a POSIX system.

    The system gives it up when the process ends, however that ends.
    """
    import fcntl

    with open(path, 'ab') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _mode(path: str) -> int | None:
    """Return a file's permissions, or None if there is no file."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, 'expected a regular file', path)
    return stat.S_IMODE(mode)


def sync_folder(folder: str) -> None:
    """Wait until a folder's entries are on the disk, where that exists."""
    if os.name != 'posix':
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
