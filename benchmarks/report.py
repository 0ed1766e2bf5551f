"""Write results as tables in Markdown."""

from __future__ import annotations

from benchmarks import targets

MIB = 2**20
TITLES = {
    'load': 'All arrays, every page touched',
    'one': 'One array out of the file',
    'scan': 'The headers alone',
    'save': 'Saving',
}


def markdown(results: dict) -> str:
    """Return everything that was measured, and the targets."""
    lines = [*conditions(results), '', *bounds(results)]
    for group, title in TITLES.items():
        lines += ['', f'## {title}', '', *times(results, group)]
    return '\n'.join(lines)


def conditions(results: dict) -> list[str]:
    """Say on what kind of machine, with which versions, was measured."""
    rounds = {row['rounds'] for row in results['rows']}
    return [
        '# Benchmarks',
        '',
        *setting(results['machine'], results['versions']),
        f'Medians of {min(rounds)} to {max(rounds)} processes for each case, '
        'which take turns; each file was read from the disk once before.',
    ]


def setting(machine: dict, versions: dict) -> list[str]:
    """Describe a machine, and name the versions."""
    return [
        f'{machine["cpu"]}, {machine["cores"]} cores, '
        f'{machine["memory_gib"]} GiB of memory; {machine["system"]} '
        f'{machine["kernel"]}, {machine["file_system"]}.',
        ', '.join(f'{name} {found}' for name, found in versions.items())
        + '.',
    ]


def bounds(results: dict) -> list[str]:
    """Return a table of the targets: bound, measured, reached or not."""
    lines = table_head('target', 'file', 'at most', 'measured', 'reached')
    for target, size, value in targets.found(results):
        against = f' / {target.against}' if target.against else ''
        figure = '' if target.figure == 'seconds' else f', {target.figure}'
        what = f'{target.group}: {target.name}{against}{figure}'
        lines.append(
            bound_row(
                what,
                f'{size}, {target.kind}',
                target.bound,
                value,
                target.unit,
            )
        )
    start = results['start']
    added = 1e3 * (start['d2l_rw'] - start['numpy'])
    what = 'start: import d2l_rw after import numpy'
    return [*lines, bound_row(what, '', 1e3 * targets.START, added, 'ms')]


def bound_row(
    what: str, file: str, bound: float, value: float, unit: str
) -> str:
    """Return a row of the table of targets."""
    reached = 'yes' if value <= bound else '**no**'
    return table_row(
        what, file, f'{bound:.3g} {unit}', f'{value:.3g} {unit}', reached
    )


def times(results: dict, group: str) -> list[str]:
    """Return a table of times and memory of one group of cases."""
    lines = table_head(
        'file',
        'who',
        'ms',
        'from',
        'to',
        'again, ms',
        'anonymous, MiB',
        'peak, MiB',
        'faults',
    )
    for row in results['rows']:
        if row['group'] != group:
            continue
        first, *again = row['calls']
        lines.append(
            table_row(
                f'{row["size"]}, {row["kind"]}',
                row['name'],
                *(
                    ms(first[key])
                    for key in ('seconds', 'fastest', 'slowest')
                ),
                ms(again[0]['seconds']) if again else '',
                f'{first["anonymous"] / MIB:.1f}',
                f'{first["peak"] / MIB:.1f}',
                f'{first["faults"]:,.0f}',
            )
        )
    return lines


def ms(seconds: float) -> str:
    """Return a time in milliseconds, with three digits."""
    return f'{1e3 * seconds:,.3g}' if seconds < 1 else f'{1e3 * seconds:,.0f}'


def table_head(*titles: str) -> list[str]:
    """Return the first two lines of a table."""
    return [table_row(*titles), table_row(*['---'] * len(titles))]


def table_row(*cells: str) -> str:
    """Return a line of a table."""
    return f'| {" | ".join(cells)} |'
