"""A journal: what was done to which file, as lines of JSON."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from d2l_rw import files, strict_json
from d2l_rw.errors import FormatError, naming

IN_USE = 'another run is at work with this report: wait for its end'
START = b'{"name": '
# What must be as it was, for a file not to be done again.
KEPT = 'options', 'source', 'written'
DONE, FAILED = 'done', 'failed'


class Journal:
    """What was done to which file; `add` writes it down.

    Attributes:
        cut: whether a last line was cut, as by a crash, and left out.
    """

    def __init__(self, file=None, lines: Iterable[dict] = ()) -> None:
        self.cut, self._file, self._done = False, file, {}
        for line in lines:
            self._learn(line)

    def add(self, lines: Iterable[dict]) -> None:
        """Write lines, and hand them to the system.

        Raises:
            OSError: if they cannot be written.
        """
        for line in lines:
            self._learn(line)
        if self._file is not None:
            with files.naming(self._file.name):
                self._file.writelines(map(strict_json.dumps, lines))
                self._file.flush()

    def holds(self, line: dict) -> bool:
        """Whether a file is done, and all of `KEPT` as it was."""
        return self._done.get(_key(line)) == _kept(line)

    def _learn(self, line: dict) -> None:
        if line['status'] == DONE:
            self._done[_key(line)] = _kept(line)
        else:
            self._done.pop(_key(line), None)


@contextmanager
def opened(path: str | os.PathLike | None) -> Iterator[Journal]:
    """Give the journal of a file, which is made if need be, and lock it.

    A last line without its end, which a crash may leave, is removed.

    Args:
        path: the file; None is a journal that is not kept.

    Raises:
        FormatError: if the file is something else.
        BlockingIOError: if another run holds it.
        OSError: if it cannot be read or written.
    """
    if path is None:
        yield Journal()
        return
    files.permissions(path)
    with _locked(path) as file:
        with naming(file=os.fsdecode(path)):
            lines, cut = _read(path)
        journal = Journal(file, lines)
        journal.cut = bool(cut)
        if cut:
            file.truncate(os.path.getsize(path) - cut)
        yield journal


@contextmanager
def _locked(path: str | os.PathLike) -> Iterator[io.BufferedWriter]:
    with ExitStack() as stack:
        try:
            file = stack.enter_context(files.locked(path, wait=False))
        except BlockingIOError as error:
            error.strerror = IN_USE
            raise
        yield file


def _read(path: str | os.PathLike) -> tuple[list[dict], int]:
    """Return the lines, and how many bytes of a last one are cut."""
    lines: list[dict] = []
    with open(path, 'rb') as file:
        for number, text in enumerate(file, 1):
            if not text.endswith(b'\n') and _begins(text):
                return lines, len(text)
            lines.append(_line(text, number))
    return lines, 0


def _begins(text: bytes) -> bool:
    return text.startswith(START) or START.startswith(text)


def _line(text: bytes, number: int) -> dict:
    """Return a line's value, of which `_learn` needs some names."""
    what = f'line {number}'
    try:
        line = strict_json.loads(text)
    except FormatError as error:
        raise FormatError(what, 'that of a report', error) from None
    known = isinstance(line, dict) and {
        'name', 'target', 'status', *KEPT
    }.issubset(line)  # fmt: skip
    if not known:
        raise FormatError(what, 'that of a report', text[:40])
    return line


def _key(line: dict) -> tuple:
    return line['name'], line['target']


def _kept(line: dict) -> tuple:
    return tuple(map(str, (line[name] for name in KEPT)))
