"""A journal: what was done to which file, as lines of JSON."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
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

    def __init__(self, file=None) -> None:
        self.cut, self._file, self._done = False, file, {}

    def add(self, lines: list[dict]) -> None:
        """Write lines, and hand them to the system.

        Raises:
            OSError: if they cannot be written.
        """
        for line in lines:
            self.learn(line)
        if self._file is not None:
            with files.naming(self._file.name):
                self._file.writelines(map(strict_json.dumps, lines))
                self._file.flush()

    def holds(self, line: dict) -> bool:
        """Whether a file is done, and all of `KEPT` as it was."""
        return self._done.get(_key(line)) == _kept(line)

    def learn(self, line: dict) -> None:
        """Take a line that is written down already."""
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
        journal = Journal(file)
        with naming(file=os.fsdecode(path)):
            cut = _read(path, journal)
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


def _read(path: str | os.PathLike, journal: Journal) -> int:
    """Learn the lines, and return how many bytes of a last one are cut."""
    with open(path, 'rb') as file:
        for number, text in enumerate(file, 1):
            if not text.endswith(b'\n') and _begins(text):
                return len(text)
            journal.learn(_line(text, number))
    return 0


def _begins(text: bytes) -> bool:
    return text.startswith(START) or START.startswith(text)


def _line(text: bytes, number: int) -> dict:
    """Return a line's value, of which `learn` needs some names."""
    what = f'line {number}'
    try:
        line = strict_json.loads(text)
    except FormatError as error:
        raise FormatError(what, 'that of a report', error) from None
    names = {'name', 'target', 'status', *KEPT}
    known = isinstance(line, dict) and names <= line.keys()
    if not known or not isinstance(line['name'], str):
        raise FormatError(what, 'that of a report', text[:40])
    return line


def _key(line: dict) -> tuple[str, str]:
    return line['name'], str(line['target'])


def _kept(line: dict) -> tuple:
    return tuple(map(str, (line[name] for name in KEPT)))
