"""Run one comparison as a script: measure, store, print."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import machine

FEW_ROUNDS = 3  # of a quick run


def paths(name: str) -> tuple[Path, Path]:
    """Return where the results of a comparison are kept, and their table."""
    folder = Path(__file__).parent
    return folder / f'{name}.json', folder / f'{name}.md'


def run(
    name: str,
    arguments: list[str] | None,
    *,
    layouts: tuple[dict[str, tuple], dict[str, tuple]],
    rounds: int,
    measured: Callable[..., dict],
    markdown: Callable[[dict], str],
    packages: Iterable[str] = machine.PACKAGES,
) -> None:
    """Measure, store the results, print them as tables in Markdown.

    Args:
        name: of the module, and of the files that it writes.
        arguments: of the command line; `--quick` stores nothing.
        layouts: by kind what `measured` is given; the second, for `--quick`.
        rounds: how often everything is measured.
        measured: returns a row for a kind, its layout and the rounds.
        markdown: returns the table of all results.
        packages: those whose versions are stored.
    """
    made = argparse.ArgumentParser(prog=f'python -m benchmarks.{name}')
    made.add_argument(
        '--quick', action='store_true', help='little data; store nothing'
    )
    quick = made.parse_args(arguments).quick
    rounds = FEW_ROUNDS if quick else rounds
    results = {
        'machine': machine.machine(Path(tempfile.gettempdir())),
        'versions': machine.versions(packages),
        'rounds': rounds,
        'rows': [
            measured(kind, *layout, rounds)
            for kind, layout in layouts[quick].items()
        ],
    }
    table = markdown(results)
    if not quick:
        stored, printed = paths(name)
        stored.write_text(json.dumps(results, indent=1) + '\n', 'utf-8')
        printed.write_text(table + '\n', 'utf-8')
    print(table)
