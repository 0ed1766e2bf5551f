"""What a check has found, and where."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    """A place in a source, and what its author should do there.

    `line` counts from 1; it is 0 where a file as a whole is meant.
    """

    path: Path
    line: int
    text: str

    def __str__(self):
        place = f'{self.path}:{self.line}' if self.line else str(self.path)
        return f'{place}: {self.text}'


def report(findings):
    """Print findings in order, and return the exit status of a command."""
    for finding in sorted(set(findings)):
        print(finding)
    return 1 if findings else 0
