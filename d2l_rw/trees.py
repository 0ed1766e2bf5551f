"""Trees of files: listed with what tells that a file has changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import NamedTuple

from d2l_rw import files


class Found(NamedTuple):
    """A file of a tree.

    Attributes:
        identity: text that is another one when the file was written again.
        nbytes: its size, in bytes.
    """

    identity: str
    nbytes: int


def find(
    root: str,
    *,
    leave: str | None = None,
    failed: Callable[[OSError], object] | None = None,
) -> dict[str, Found]:
    """Return all regular files below a folder, by relative name, sorted.

    Symbolic links to folders are not followed, since they may form a loop.
    A link to a file is that file.

    Args:
        root: the folder.
        leave: a folder that is left out.
        failed: called with the errors of folders that cannot be read, and of
            links that lead nowhere.  Without it they are raised.

    Raises:
        OSError: if the folder cannot be read.
    """
    os.scandir(root).close()  # this error is always raised
    failed = failed or _raise
    found = {}
    for folder, folders, names in os.walk(root, onerror=failed):
        if leave is not None and inside(folder, leave):
            folders.clear()
            continue
        for name in names:
            path = os.path.join(folder, name)
            try:
                status = os.stat(path)
            except OSError as error:
                failed(error)
                continue
            if stat.S_ISREG(status.st_mode):
                found[_relative(path, root)] = _found(status)
    return dict(sorted(found.items()))


def identity(path: str) -> str:
    """Return the text that is another one when a file is written again."""
    return _found(os.stat(path)).identity


def join(root: str, name: str) -> str:
    """Return the path of a file of a tree."""
    return os.path.join(root, *name.split('/'))


def prepare(path: str) -> None:
    """Make the folders that a file is to be in."""
    os.makedirs(os.path.dirname(path), exist_ok=True)


def inside(path: str, root: str) -> bool:
    """Whether a path is a folder, or in it."""
    path, root = os.path.realpath(path), os.path.realpath(root)
    return os.path.join(path, '').startswith(os.path.join(root, ''))


def clean(root: str) -> None:
    """Remove the temporary files of processes that were killed."""
    for folder, _, names in os.walk(root):
        for name in names:
            files.remove_abandoned(os.path.join(folder, name))


def _relative(path: str, root: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, '/')


def _found(status: os.stat_result) -> Found:
    identity = f'{status.st_size} bytes, {status.st_mtime_ns} ns'
    return Found(identity, status.st_size)


def _raise(error: OSError) -> None:
    raise error
