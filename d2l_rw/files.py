"""Files: mapped to be read, replaced whole when written."""

from __future__ import annotations

import errno
import mmap
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

BUFFER = 2**18  # bytes: many small arrays go to the system at once


def map_file(path: str | os.PathLike) -> mmap.mmap | bytes:
    """Map a file read-only; an empty file, which cannot be, is b''.

    If another process shortens the file while the mapping lives, touching
    what is gone ends this process with SIGBUS.  Writers that replace files,
    as `replace_file` does, are harmless: the mapping keeps the old file.
    """
    with open(path, 'rb') as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b''
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def replace_file(
    path: str | os.PathLike, pieces: Iterable, *, sync: bool
) -> None:
    """Write pieces of bytes to a file that appears whole or not at all.

    The bytes go to a temporary file in the same folder, which then takes the
    name over.  A symbolic link is followed: its target is replaced.  An
    existing file passes its permissions on.

    Args:
        path: the file's path.
        pieces: bytes-like objects.
        sync: wait until the bytes, and then the name, are on the disk.

    Raises:
        OSError: if writing fails; the old file, if any, is untouched.  (Only
            if the last step fails, syncing the folder, the new one is there.)
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f'.d2l-rw-{os.urandom(8).hex()}.tmp')
    with naming(target):
        write_file(temporary, pieces, sync=sync, mode=_mode(target))
    try:
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    if sync:
        sync_folder(folder)


def write_file(
    path: str | os.PathLike,
    pieces: Iterable,
    *,
    sync: bool,
    mode: int | None = None,
) -> None:
    """Write pieces of bytes to a new file; on failure leave none.

    Its permissions are those of a plain `open`, where `tempfile` would give
    them to the owner only.

    Args:
        path: the file's path, where nothing may be yet.
        pieces: bytes-like objects.
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
            file.writelines(pieces)
            file.flush()
            if sync:
                os.fsync(file.fileno())
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(path)
        raise


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
