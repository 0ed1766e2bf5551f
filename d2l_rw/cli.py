"""The command line: `d2l-rw list`, `show`, `check`.

Tables and progress are drawn by rich, an extra.  Arguments are read by
argparse: three commands need no more.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

import numpy as np

from d2l_rw.arrays import ArraySpec
from d2l_rw.errors import FormatError, printable
from d2l_rw.serialization import load, scan
from d2l_rw.sparse import CSR, RowSparse

EXAMPLES = """examples:
  d2l-rw list mlp.params
  d2l-rw show mlp.params hidden.weight
  d2l-rw check checkpoints/*.params
"""
DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
SHOWN = 8  # values of `show`
BINS = 10
BAR_WIDTH = 40  # characters
PATIENCE = 2  # seconds before a progress bar appears
PIPE_WIDTH = 10_000  # columns: nothing is cut in a pipe


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit code: 0 done, 1 failed, 2 usage."""
    options = _parser().parse_args(arguments)
    try:
        code = options.run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader has left; keep the interpreter's own flush silent.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except (FormatError, OSError, LookupError, ImportError) as error:
        return _fail(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='d2l-rw',
        description='Look into files of arrays: MXNet, npz, safetensors.',
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar='COMMAND')

    command = commands.add_parser('list', help='list the arrays of a file')
    command.add_argument('file')
    command.add_argument('--json', action='store_true', help='print JSON')
    command.set_defaults(run=_list)

    command = commands.add_parser('show', help='show one array of a file')
    command.add_argument('file')
    command.add_argument('name', help='its name, or its place in a list')
    command.set_defaults(run=_show)

    command = commands.add_parser('check', help='read every byte of files')
    command.add_argument('files', nargs='+', metavar='file')
    command.set_defaults(run=_check)
    return parser


def _fail(error: Exception) -> int:
    message = ' '.join(str(error).split())
    if isinstance(error, OSError) and error.filename is not None:
        message = f'{error.filename}: {error.strerror}'
    if isinstance(error, KeyError):
        message = error.args[0]
    print(f'd2l-rw: {printable(message)}', file=sys.stderr)
    return FAILED


def _list(options: argparse.Namespace) -> int:
    specs = scan(options.file)
    if options.json:
        print(json.dumps([spec._asdict() for spec in specs], indent=2))
        return DONE
    console, table = _table('name', 'dtype', 'shape', 'bytes', 'storage')
    from rich.markup import escape

    for place, spec in enumerate(specs):
        table.add_row(
            escape(printable(_name(spec, place))),
            spec.dtype,
            str(spec.shape),
            f'{spec.nbytes:,}',
            spec.storage,
        )
    # rich would end the program when the reader of a pipe has left.
    with console.capture() as drawn:
        console.print(table)
    print(drawn.get(), end='')
    print(_totals(specs))
    return DONE


def _name(spec: ArraySpec, place: int) -> str:
    return str(place) if spec.name is None else spec.name


def _totals(specs: list[ArraySpec]) -> str:
    nbytes = sum(p.nbytes for spec in specs for p in spec.parts or (spec,))
    versions = sorted(
        {f'V{s.version}' for s in specs if s.version is not None}
    )
    contexts = sorted({s.context for s in specs if s.context is not None})
    found = [f'{len(specs):,} arrays', f'{nbytes:,} bytes of data']
    return ', '.join([*found, *versions, *contexts])


def _show(options: argparse.Namespace) -> int:
    array = _find(load(options.file), options)
    if array is None:
        print('no array')
        return DONE
    if isinstance(array, (CSR, RowSparse)):
        print(
            f'{type(array).__name__} of shape {array.shape}; stored values:'
        )
        array = array.data
    print(f'{array.dtype} {array.shape}, {array.nbytes:,} bytes')
    values = array.reshape(-1)
    print('first:', ' '.join(f'{value:.6g}' for value in values[:SHOWN]))
    if array.size:
        _statistics(values.astype(np.float64))
    return DONE


def _find(arrays: list | dict, options: argparse.Namespace):
    """Return the array of a name, or of a place in a list."""
    if isinstance(arrays, dict):
        if options.name in arrays:
            return arrays[options.name]
        known = ', '.join(list(arrays)[:SHOWN])
    else:
        if options.name.isdecimal() and int(options.name) < len(arrays):
            return arrays[int(options.name)]
        known = f'0 to {len(arrays) - 1}' if arrays else 'no arrays'
    raise KeyError(
        f'{options.file}: no array {options.name!r}; there are: {known}'
    )


def _statistics(values: np.ndarray) -> None:
    finite = values[np.isfinite(values)]
    print(f'not finite: {values.size - finite.size:,}')
    print(f'zero: {np.count_nonzero(values == 0):,}')
    if not finite.size:
        return
    print(f'minimum: {finite.min():.6g}, maximum: {finite.max():.6g}')
    print(f'mean: {finite.mean():.6g}, deviation: {finite.std():.6g}')
    if not sys.stdout.isatty():
        return
    counts, edges = np.histogram(finite, BINS)
    for count, edge in zip(counts, edges):
        bar = '█' * round(BAR_WIDTH * count / counts.max())
        print(f'{edge:>12.4g} {bar} {count:,}')


def _check(options: argparse.Namespace) -> int:
    """Read every array of every file; report damage and odd values."""
    code = DONE
    for file in _with_progress(options.files):
        try:
            odd = _not_finite(load(file))
        except (FormatError, OSError) as error:
            code = _fail(error)
            continue
        for name, count in odd.items():
            where = printable(f'{file}: {name}')
            print(f'{where}: {count:,} values are not finite')
            code = FAILED
        if not odd:
            print(f'{printable(file)}: sound')
    return code


def _not_finite(arrays: list | dict) -> dict[str, int]:
    """Return how many values of each array are not finite, if any are."""
    items = arrays.items() if isinstance(arrays, dict) else enumerate(arrays)
    odd = {}
    for name, array in items:
        values = getattr(array, 'data', array)
        if isinstance(array, np.ndarray):
            values = array
        if values is None:
            continue
        count = values.size - int(np.count_nonzero(np.isfinite(values)))
        if count:
            odd[str(name)] = count
    return odd


def _with_progress(files: list[str]):
    """Yield the files; on a terminal, show a bar when it takes a while."""
    if not sys.stderr.isatty():
        yield from files
        return
    from rich.console import Console
    from rich.progress import Progress

    started, progress = time.monotonic(), None
    for done, file in enumerate(files):
        yield file
        if progress is None and time.monotonic() - started > PATIENCE:
            progress = Progress(console=Console(stderr=True), transient=True)
            progress.start()
            task = progress.add_task('checking', total=len(files))
        if progress is not None:
            progress.update(task, completed=done + 1)
    if progress is not None:
        progress.stop()


def _table(*columns: str):
    """Return a console, which does not cut lines in a pipe, and a table."""
    try:
        from rich import box
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        raise ImportError(
            'tables need rich: pip install d2l-rw[cli], or use --json'
        ) from None
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        justify = 'right' if column == 'bytes' else 'left'
        table.add_column(column, justify=justify)
    return Console(width=width, highlight=False), table
