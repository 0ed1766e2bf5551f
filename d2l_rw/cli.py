"""The command line: `d2l-rw list`, `show`, `check`, `convert`, `diff`.

Progress is drawn by tqdm, an extra.  Arguments are read by argparse: five
commands need no more.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from d2l_rw import files
from d2l_rw.arrays import ArraySpec
from d2l_rw.checking import check
from d2l_rw.errors import FormatError, in_one_line, printable
from d2l_rw.recognise import INDEX_SUFFIX, is_index
from d2l_rw.serialization import load, scan
from d2l_rw.sparse import CSR, RowSparse
from d2l_rw.tables import table

EXAMPLES = """examples:
  d2l-rw list mlp.params
  d2l-rw show mlp.params hidden.weight
  d2l-rw check *.params checkpoints/checkpoint-*
  d2l-rw convert mlp.params mlp.safetensors
  d2l-rw convert mlp.params mlp.safetensors --shard-bytes 5GB
  d2l-rw convert --recursive models converted --to safetensors
  d2l-rw diff mlp.params mlp.safetensors
  d2l-rw list s3://bucket/mlp.params
"""
DONE, FAILED, INTERRUPTED = 0, 1, 130
# As `diff` and `cmp` have them: argparse ends with 2 too.
SAME, DIFFERENT, TROUBLE = 0, 1, 2
SHOWN = 8  # values of `show`
BINS = 10
BAR_WIDTH = 40  # characters
PATIENCE = 2  # seconds before a progress bar appears
COLUMNS = 'name', 'dtype', 'shape', 'bytes', 'storage'
OPTIONS_OF_TREES = 'workers', 'scheduler', 'report', 'to'
UNITS = {
    '': 1,
    **{f'{p}B': 1000**n for n, p in enumerate(['', 'K', 'M', 'G', 'T'])},
    **{f'{p}iB': 1024**n for n, p in enumerate('KMGT', 1)},
}
CONVERT_OPTIONS = {
    '--dense': 'write sparse arrays as dense ones',
    '--expand-shared': 'write an array of several names once for each',
    '--np-shape': 'write records of version 3, for NumPy shape semantics',
    '--no-sync': 'do not wait for the disk',
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit code.

    It is 0 if the command did its work, 1 if it failed and 2 if it was wrong
    itself; of `diff`, 0 if the files are the same, 1 if not, 2 for the rest.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors='backslashreplace')
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
    except (
        ValueError,
        TypeError,
        OSError,
        LookupError,
        ImportError,
        MemoryError,
    ) as error:
        _fail(error)
        return options.failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='d2l-rw',
        description='Look into files of arrays: MXNet, npz, safetensors.',
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(failed=FAILED)
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
    command.add_argument(
        'files',
        nargs='+',
        metavar='file',
        help='a file of arrays, an index of shards, or the folder of a '
        'checkpoint',
    )
    _tree_options(command)
    command.set_defaults(run=_check)

    command = commands.add_parser(
        'convert', help='convert a file: .params, .npz, .safetensors'
    )
    command.add_argument('source')
    command.add_argument('target', help='its suffix tells the format')
    for option, text in CONVERT_OPTIONS.items():
        command.add_argument(option, action='store_true', help=text)
    command.add_argument(
        '--shard-bytes',
        type=_parsed_size,
        metavar='SIZE',
        help='write shards of at most so many bytes, such as 5GB or 500MiB, '
        'and their index',
    )
    trees = _tree_options(command)
    trees.add_argument(
        '--to', metavar='SUFFIX', help='that of the targets: safetensors'
    )
    command.set_defaults(run=_convert)

    command = commands.add_parser(
        'diff',
        help='compare two files, of any formats',
        epilog='exit codes: 0 the same, 1 different, 2 trouble',
    )
    command.add_argument('left')
    command.add_argument('right')
    command.set_defaults(run=_diff, failed=TROUBLE)
    return parser


def _tree_options(command: argparse.ArgumentParser):
    """Add the options for whole trees; return their group."""
    command.add_argument(
        '--recursive', action='store_true', help='do all files of a folder'
    )
    command.set_defaults(usage=command.error)
    trees = command.add_argument_group('with --recursive')
    trees.add_argument(
        '--workers', type=int, metavar='N', help='processes: one a core'
    )
    trees.add_argument(
        '--scheduler', metavar='ADDRESS', help='a Dask cluster instead'
    )
    trees.add_argument(
        '--report', metavar='FILE', help='lines of JSON, to go on from'
    )
    return trees


def _parsed_size(text: str) -> int:
    """Return the bytes of a size: 5GB, 500MiB, 1000."""
    match = re.fullmatch(r'([0-9]+) ?([A-Za-z]*)', text)
    if not match or match[2] not in UNITS or not int(match[1]):
        raise argparse.ArgumentTypeError(
            f'expected a size like 5GB, 500MiB or 1000, got {text!r}'
        )
    return int(match[1]) * UNITS[match[2]]


def _fail(error: Exception) -> int:
    print(f'd2l-rw: {printable(in_one_line(error))}', file=sys.stderr)
    return FAILED


def _list(options: argparse.Namespace) -> int:
    specs = scan(_place(options.file))
    if options.json:
        print(json.dumps([spec._asdict() for spec in specs], indent=2))
        return DONE
    sharded = any(spec.file is not None for spec in specs)
    rows = [
        (
            place if spec.name is None else spec.name,
            spec.dtype,
            spec.shape,
            f'{spec.nbytes:,}',
            spec.storage,
            *([spec.file] if sharded else []),
        )
        for place, spec in enumerate(specs)
    ]
    columns = (*COLUMNS, 'file') if sharded else COLUMNS
    print(table(rows, columns, right='bytes'))
    print(_totals(specs))
    return DONE


def _totals(specs: list[ArraySpec]) -> str:
    nbytes = sum(part.nbytes for spec in specs for part in spec.buffers)
    versions = sorted(
        {f'V{s.version}' for s in specs if s.version is not None}
    )
    contexts = sorted({s.context for s in specs if s.context is not None})
    found = [f'{len(specs):,} arrays', f'{nbytes:,} bytes of data']
    return ', '.join([*found, *versions, *contexts])


def _show(options: argparse.Namespace) -> int:
    array = _find(load(_place(options.file)), options)
    if array is None:
        print('no array')
        return DONE
    if isinstance(array, (CSR, RowSparse)):
        print(
            f'{type(array).__name__} of shape {array.shape}; stored values:'
        )
        array = array.data
    print(f'{array.dtype} {array.shape}, {array.nbytes:,} bytes')
    values = array.reshape(-1).astype(np.float64)
    print('first:', ' '.join(f'{value:.6g}' for value in values[:SHOWN]))
    if values.size:
        _statistics(values)
    return DONE


def _find(arrays: Sequence | Mapping, options: argparse.Namespace):
    """Return the array of a name, or of a place in a list."""
    name, known = options.name, f'0 to {len(arrays) - 1}'
    if isinstance(arrays, Mapping):
        if name in arrays:
            return arrays[name]
        known = ', '.join(list(arrays)[:SHOWN])
    elif name.isdecimal() and int(name) < len(arrays):
        return arrays[int(name)]
    known = known if arrays else 'none'
    raise LookupError(
        f'{options.file}: no array {name!r}; there are: {known}'
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
    """Read every byte of every file; report damage and odd values."""
    if options.recursive:
        return _of_tree('check', options)
    _refuse_options_of_trees(options)
    code = DONE
    for path in options.files:
        try:
            odd = {file: _not_finite(file) for file in _array_files(path)}
        except (FormatError, OSError) as error:
            code = _fail(error)
            continue
        for file, counts in odd.items():
            for name, count in counts.items():
                found = f'{file}: {name}: {count:,} values are not finite'
                print(printable(found))
                code = FAILED
        if not any(odd.values()):
            print(f'{printable(path)}: sound')
        for stray in _strays(odd):
            told = 'no index names it: a save writes it, or was killed'
            print(printable(f'{stray}: {told}'), file=sys.stderr)
    return code


def _array_files(path: str) -> list[str]:
    """Return a file itself; of a checkpoint, which is verified, the files."""
    path = _place(path)
    if not os.path.isdir(path):
        return [path]
    # Imported here, since it needs xxhash.
    from d2l_rw import checkpoint_folder

    checkpoint_folder.verify(path)
    names = checkpoint_folder.PARAMETERS, checkpoint_folder.ARRAYS
    return [os.path.join(path, name) for name in names]


def _not_finite(file: str) -> dict[str, int]:
    with _progress(_size(file), times=2) as advance:
        return check(file, advance=advance).not_finite


def _strays(paths: Iterable[str]) -> list[str]:
    """Return the shards beside an index that it does not name."""
    indexes = [path for path in paths if is_index(path)]
    if not indexes:
        return []
    from d2l_rw import shards

    return [stray for index in indexes for stray in shards.strays(index)]


def _place(path: str) -> str:
    """Return a path or, of a folder with one index of shards, that."""
    if os.path.isdir(path):
        found = [name for name in os.listdir(path) if is_index(name)]
        if len(found) == 1:
            return os.path.join(path, found[0])
    return path


def _of_tree(command: str, options: argparse.Namespace) -> int:
    # Imported here, since few commands need it.
    from d2l_rw import tree_commands

    with _progress_of_files() as advance:
        return getattr(tree_commands, command)(options, advance)


def _refuse_options_of_trees(options: argparse.Namespace) -> None:
    """End with a message about an option that needs `--recursive`."""
    for name in OPTIONS_OF_TREES:
        if getattr(options, name, None) is not None:
            options.usage(f'--{name} needs --recursive')


def _convert(options: argparse.Namespace) -> int:
    if options.recursive:
        if options.shard_bytes is not None:
            options.usage('--shard-bytes is for one file, not --recursive')
        return _of_tree('convert', options)
    _refuse_options_of_trees(options)
    # Imported here, since few commands need it.
    from d2l_rw.conversion import convert

    source, target = _place(options.source), options.target
    if os.path.isdir(source):
        hint = '--recursive does all files of a folder'
        raise ValueError(f'{source}: expected a file, got a folder: {hint}')
    with _progress(_size(source), times=2) as advance:
        done = convert(
            source,
            target,
            dense=options.dense,
            expand_shared=options.expand_shared,
            np_shape=options.np_shape,
            shard_nbytes=options.shard_bytes,
            sync=not options.no_sync,
            advance=advance,
        )
    for note in done.notes:
        print(printable(f'{source}: {note}'), file=sys.stderr)
    found = f'{done.arrays:,} arrays, {done.nbytes:,} bytes of data, verified'
    if options.shard_bytes is not None:
        target += INDEX_SUFFIX
    print(printable(f'{target}: {found}'))
    return DONE


def _diff(options: argparse.Namespace) -> int:
    from d2l_rw.differences import diff

    left, right = _place(options.left), _place(options.right)
    with _progress(_size(right)) as advance:
        found = diff(left, right, advance=advance)
    print(found)
    return SAME if found.same else DIFFERENT


def _size(path: str) -> int | None:
    """Return the size of a file, or of all shards; None of one far away."""
    if files.is_address(path):
        return None
    if is_index(path):
        from d2l_rw import shards

        return sum(map(os.path.getsize, shards.paths(path)))
    return os.path.getsize(path)


@contextmanager
def _progress(
    nbytes: int | None, *, times: int = 1
) -> Iterator[Callable[[int], object]]:
    """Give what advances a bar, shown on a terminal only, after a while."""
    if not sys.stderr.isatty():
        yield lambda nbytes: None
        return
    tqdm, shown = _extra('tqdm').tqdm, {'unit': 'B', 'unit_scale': True}
    total = None if nbytes is None else times * nbytes
    with tqdm(total=total, delay=PATIENCE, leave=False, **shown) as bar:
        yield bar.update


@contextmanager
def _progress_of_files() -> Iterator[Callable[[int, int], object]]:
    """Give what sets such a bar to a number of files, and to how many."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    shown = {'unit': ' files', 'delay': PATIENCE, 'leave': False}
    with _extra('tqdm').tqdm(total=0, **shown) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield advance


def _extra(module: str):
    """Import what the core does without."""
    try:
        return importlib.import_module(module)
    except ImportError:
        hint = 'pip install d2l-rw[cli]'
        raise ImportError(f'this needs {module}: {hint}') from None
