"""Files: mapped to be read, replaced whole when written."""

from __future__ import annotations

import errno
import mmap
import os
import stat
from collections.abc import Iterable
from contextlib import suppress

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
        OSError: if writing fails; the old file, if any, is untouched.
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    old_mode = _mode(target)
    descriptor, temporary = _create(folder)
    try:
        with open(descriptor, 'wb', buffering=BUFFER) as file:
            file.writelines(pieces)
            file.flush()
            if old_mode is not None:
                os.chmod(temporary, old_mode)
            if sync:
                os.fsync(descriptor)
        os.replace(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if sync:
        _sync_folder(folder)


def _create(folder: str) -> tuple[int, str]:
    """Create a file of a new name, with the permissions of a plain `open`.

    `tempfile` would give permissions to the owner only.
    """
    path = os.path.join(folder, f'.d2l-rw-{os.urandom(8).hex()}.tmp')
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, 'O_BINARY', 0)
    return os.open(path, flags, 0o666), path


def _mode(path: str) -> int | None:
    """Return a file's permissions, or None if there is no file."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, 'expected a regular file', path)
    return stat.S_IMODE(mode)


def _sync_folder(folder: str) -> None:
    """Wait until a folder's entries are on the disk, where that exists."""
    if os.name != 'posix':
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
