"""Trees of files, near or far: listed with what tells that one has changed.

A tree is a folder, or what is below the prefix of an address.
"""

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
        nbytes: its size, in bytes; None of one far away.
    """

    identity: str
    nbytes: int | None


def expect(root: str) -> None:
    """Raise an OSError if a folder cannot be read."""
    if not files.is_address(root):
        os.scandir(root).close()


def find(
    root: str,
    *,
    leave: str | None = None,
    failed: Callable[[OSError], object] | None = None,
) -> dict[str, Found]:
    """Return all regular files of a tree, by relative name, sorted.

    Symbolic links to folders are not followed, since they may form a loop.
    A link to a file is that file.

    Args:
        root: the tree.
        leave: a tree in it that is left out.
        failed: called with the errors of folders that cannot be read, and of
            links that lead nowhere.  Without it they are raised.

    Raises:
        OSError: if the tree cannot be read.
    """
    if files.is_address(root):
        return _find_far(root, leave)
    expect(root)  # this error is always raised
    failed = failed or _raise
    found, start = {}, len(os.path.join(root, ''))
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
                name = path[start:].replace(os.sep, '/')
                found[name] = _found(status)
    return dict(sorted(found.items()))


def _find_far(root: str, leave: str | None) -> dict[str, Found]:
    from d2l_rw import remote

    return {
        name: Found(identity, None)
        for name, identity in sorted(remote.find(root).items())
        if leave is None or not inside(remote.join(root, name), leave)
    }


def identity(path: str) -> str:
    """Return the text that is another one when a file is written again."""
    if files.is_address(path):
        from d2l_rw import remote

        return remote.identity(path)
    return _found(os.stat(path)).identity


def join(root: str, name: str) -> str:
    """Return the path, or the address, of a file of a tree.

    Raises:
        ValueError: if it would not be in the tree: an object far away may
            have any name.
    """
    if '..' in name.split('/'):
        raise ValueError(f'{name}: expected a name without ..')
    if files.is_address(root):
        from d2l_rw import remote

        return remote.join(root, name)
    return os.path.join(root, *name.split('/'))


def prepare(path: str) -> None:
    """Make the folders that a file is to be in, if it needs any."""
    if not files.is_address(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)


def inside(path: str, root: str) -> bool:
    """Whether a path is a tree, or in it."""
    if not (files.is_address(path) or files.is_address(root)):
        path, root = os.path.realpath(path), os.path.realpath(root)
    return f'{path.rstrip("/")}/'.startswith(f'{root.rstrip("/")}/')


def clean(root: str) -> None:
    """Remove the temporary files of processes that were killed.

    Far away there are none.
    """
    for folder, _, names in os.walk(root):
        for name in names:
            files.remove_abandoned(os.path.join(folder, name))


def _found(status: os.stat_result) -> Found:
    identity = f'{status.st_size} bytes, {status.st_mtime_ns} ns'
    return Found(identity, status.st_size)


def _raise(error: OSError) -> None:
    raise error
