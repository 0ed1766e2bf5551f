"""Compare `d2l_rw` with others: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from tqdm import tqdm

from benchmarks import files, machine, report, run

RESULTS = Path(__file__).parent / 'results.json'
TABLE = Path(__file__).parent / 'results.md'
# Files, rounds at most, interpreters: of everything, and of `--quick`.
ALL = files.LAYOUTS, 9, 21
QUICK = files.LAYOUTS[:2], 2, 3


def main(arguments: list[str] | None = None) -> None:
    """Measure, store the results, print them as a table in Markdown."""
    options = parser().parse_args(arguments)
    folder = Path(options.folder or tempfile.gettempdir())
    results = {
        'machine': machine.machine(folder),
        'versions': machine.versions(),
        **measurements(options.quick, options.folder),
    }
    table = report.markdown(results)
    if not options.quick:
        RESULTS.write_text(json.dumps(results, indent=1) + '\n', 'utf-8')
        TABLE.write_text(table + '\n', 'utf-8')
    print(table)


def parser() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    made = argparse.ArgumentParser(
        prog='python -m benchmarks', description=__doc__.partition(':')[0]
    )
    made.add_argument(
        '--quick', action='store_true', help='small files; store nothing'
    )
    made.add_argument('--folder', help='where files are made, then deleted')
    return made


def measurements(quick: bool, folder: str | None) -> dict[str, object]:
    """Measure everything, or a little of it."""
    layouts, most, starts = QUICK if quick else ALL
    steps = len(run.IMPORTS) * starts + sum(
        run.rounds_of(layout, most) * len(run.cases_of(layout))
        for layout in layouts
    )
    # On a terminal only.
    with tqdm(total=steps, disable=None, leave=False) as bar:
        return {
            'starts': starts,
            'start': run.start_times(starts, bar.update),
            'rows': run.run(
                layouts, most=most, folder=folder, advance=bar.update
            ),
        }


if __name__ == '__main__':
    main()
