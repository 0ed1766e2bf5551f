"""The commands for whole trees: `convert` and `check --recursive`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from d2l_rw import bulk
from d2l_rw.errors import printable
from d2l_rw.tables import table

COLUMNS = 'failed', 'reason'
DONE, FAILED = 0, 1
Advance = Callable[[int, int], object]


def convert(options: argparse.Namespace, advance: Advance) -> int:
    """Convert the files of a folder; return the exit code."""
    found = bulk.convert_tree(
        options.source,
        options.target,
        suffix=options.to or bulk.SUFFIX,
        workers=options.workers,
        scheduler=options.scheduler,
        report=options.report,
        dense=options.dense,
        expand_shared=options.expand_shared,
        np_shape=options.np_shape,
        sync=not options.no_sync,
        advance=advance,
    )
    return _told(found, options.target, 'converted and verified')


def check(options: argparse.Namespace, advance: Advance) -> int:
    """Check the files of a folder; return the exit code."""
    if len(options.files) > 1:
        options.usage('--recursive takes one folder')
    (source,) = options.files
    found = bulk.check_tree(
        source,
        workers=options.workers,
        scheduler=options.scheduler,
        report=options.report,
        advance=advance,
    )
    return _told(found, source, 'sound')


def _told(found: bulk.Summary, folder: str, what: str) -> int:
    for note in found.notes:
        print(printable(note), file=sys.stderr)
    if found.failed:
        print(table(found.failed.items(), COLUMNS))
    parts = [f'{found.done:,} files {what}']
    if found.skipped:
        parts.append(f'{found.skipped:,} done before')
    if found.failed:
        parts.append(f'{len(found.failed):,} failed')
    if found.others:
        parts.append(f'{found.others:,} of other kinds left')
    size, time = f'{found.nbytes:,} bytes', f'{found.seconds:.1f} s'
    print(printable(f'{folder}: {", ".join(parts)}; {size}, {time}'))
    return FAILED if found.failed else DONE
