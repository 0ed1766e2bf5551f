"""Files: mapped to be read, replaced whole when written."""

from __future__ import annotations

import errno
import io
import mmap
import os
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress

TEMPORARY = '.d2l-rw-', '.tmp'  # how such a name begins and ends
BUFFER = 2**18  # bytes: many small arrays go to the system at once
INTERVAL = 0.1  # seconds
# Bytes written at once: Linux takes twice as long for a write of 64 MiB as
# for 64 of 1 MiB.
BLOCK = 2**20
NEW = 1  # second


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


@contextmanager
def writing(
    path: str | os.PathLike, *, sync: bool
) -> Iterator[io.BufferedWriter]:
    """Give a new file, as `replacing` does; of an address, it is uploaded."""
    remote = is_address(path)
    to = _remote().upload(path) if remote else nullcontext(path)
    with to as place, replacing(place, sync=sync) as file:
        yield file


def remove(path: str | os.PathLike) -> None:
    """Delete a file, or what an address names.

    Raises:
        OSError: if it cannot be deleted.
    """
    _remote().remove(path) if is_address(path) else os.unlink(path)


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
    temporary = os.path.join(folder, os.urandom(8).hex().join(TEMPORARY))
    mode = permissions(target)
    with ExitStack() as named:
        with naming(target), creating(temporary, sync=sync, mode=mode) as new:
            named.enter_context(_held(new))
            yield new
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


def blocks(piece) -> Iterator[memoryview]:
    """Yield the bytes of a piece, some at a time, to be written."""
    data = memoryview(piece)
    if data.nbytes:
        data = data.cast('B')
        for start in range(0, data.nbytes, BLOCK):
            yield data[start : start + BLOCK]


@contextmanager
def _held(file: io.BufferedWriter) -> Iterator[None]:
    """Lock a temporary file, so that `remove_abandoned` leaves it alone.

    A second descriptor keeps the lock when the file is closed, until it has
    its name.  The system gives it up when the process ends, however.
    """
    if os.name != 'posix':
        yield
        return
    import fcntl

    descriptor = os.dup(file.fileno())
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def remove_abandoned(path: str) -> bool:
    """Remove a temporary file if who wrote it has ended; say if it did.

    Raises:
        OSError: if it cannot be removed.
    """
    begin, end = TEMPORARY
    name = os.path.basename(path)
    ours = name.startswith(begin) and name.endswith(end)
    if not ours or os.name != 'posix':
        return False
    import fcntl

    try:
        with open(path, 'rb') as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = os.fstat(file.fileno())
            # One that was made just now may not be locked yet.
            if not found.st_size and time.time() - found.st_mtime < NEW:
                return False
            os.unlink(path)
    except (BlockingIOError, FileNotFoundError):
        return False
    return True


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
def locked(
    path: str | os.PathLike, *, wait: bool = True
) -> Iterator[io.BufferedWriter]:
    """Hold the lock of a file, which is made if need be.

    The system gives it up when the process ends, however that ends.  The file
    is open to append to it.  Other systems than POSIX's lock nothing.

    Raises:
        BlockingIOError: if another process holds it and is not waited for.
    """
    with open(path, 'ab') as file:
        if os.name == 'posix':
            import fcntl

            kind = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
            with naming(path):
                fcntl.flock(file, kind)
        yield file


def permissions(path: str | os.PathLike) -> int | None:
    """Return a file's permissions, or None if there is no file.

    Raises:
        OSError: if it is no regular file.
    """
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
