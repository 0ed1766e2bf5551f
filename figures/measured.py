"""Plot what `make bench` has measured: times and memory of loading."""

import json
from math import log10
from pathlib import Path

import drawsvg

from figures.style import COLOURS, SOFT, canvas, text

RESULTS = Path(__file__).parent.parent / 'benchmarks' / 'results.json'
MIB = 2**20
# Each case of the results, and what the plots call it.
LOADS = {
    'd2l_rw, mapped': 'd2l_rw, mapped',
    'd2l_rw, copied': 'd2l_rw, copied',
    'read': 'file.readinto',
    'mxnet': 'nd.load',
    'mxnet, asnumpy': 'nd.load, asnumpy',
    'safetensors': 'safetensors',
    'numpy': 'np.load (npz)',
}
ONES = {
    'd2l_rw': 'd2l_rw, mapped',
    'pread': 'os.pread',
    'mxnet, asnumpy': 'nd.load, asnumpy',
    'safetensors': 'safetensors',
    'numpy': 'np.load (npz)',
}
KINDS = {'few': 'few large arrays', 'many': 'many small arrays'}
SIZES = {'1 MiB': 'waiting', '100 MiB': 'file', '2 GiB': 'values'}
TICKS = {1e-4: '0.1 ms', 1e-2: '10 ms', 1: '1 s', 100: '100 s'}
DECADES = range(-5, 3)  # of seconds
LEFT, RIGHT, ROW = 144, 414, 24  # pixels


def load_times():
    """Return the plot of how long all arrays of a file take."""
    return times('Time to load all arrays', 'load', LOADS)


def one_times():
    """Return the plot of how long one array out of a file takes."""
    return times('Time to load one array', 'one', ONES)


def times(title, group, cases):
    """Return dots on a logarithmic axis, a panel for each kind of file."""
    results, rows = stored(group)
    panel_height = 36 + ROW * len(cases)
    height = 36 + 2 * panel_height + 72
    words = told(rows, cases, 'seconds', time_told)
    desc = f'{title}, for files of three sizes. {words}'
    figure = canvas(436, height, title=title, desc=desc)
    legend(figure)
    for place, kind in enumerate(KINDS):
        top = 36 + place * panel_height
        grid(figure, top + 28, ROW * len(cases))
        heading(figure, KINDS[kind], top + 18)
        for line, (case, label) in enumerate(cases.items()):
            y = top + 28 + ROW * line + ROW / 2
            text(figure, label, LEFT - 10, y + 5, anchor='end')
            for size in SIZES:
                seconds = rows[case, size, kind]['seconds']
                dot(figure, size, x_of(seconds), y)
    axis(figure, height - 66)
    conditions(figure, results, height - 26)
    return figure.as_svg()


def load_memory():
    """Return the plot of how much memory all arrays of 2 GiB take."""
    results, rows = stored('load')
    cases = {case: LOADS[case] for case in LOADS if case != 'read'}
    panel_height = 36 + ROW * len(cases)
    height = 2 * panel_height + 52
    title = 'Memory of their own that arrays of 2 GiB take'
    desc = told(rows, cases, 'anonymous', size_told)
    figure = canvas(436, height, title=title, desc=desc)
    for place, kind in enumerate(KINDS):
        top = place * panel_height
        heading(figure, f'2 GiB in {KINDS[kind]}', top + 18)
        for line, (case, label) in enumerate(cases.items()):
            y = top + 28 + ROW * line + ROW / 2
            text(figure, label, LEFT - 10, y + 5, anchor='end')
            bar(figure, rows[case, '2 GiB', kind]['anonymous'], y)
    conditions(figure, results, height - 26)
    return figure.as_svg()


def stored(group):
    """Return all results, and the first calls of a group's cases."""
    results = json.loads(RESULTS.read_text('utf-8'))
    rows = {
        (row['name'], row['size'], row['kind']): row['calls'][0]
        for row in results['rows']
        if row['group'] == group
    }
    return results, rows


def told(rows, cases, figure, say):
    """Return a figure of the largest files in words."""
    sentences = [
        f'{KINDS[kind].capitalize()} of 2 GiB: '
        + ', '.join(
            f'{label} {say(rows[case, "2 GiB", kind][figure])}'
            for case, label in cases.items()
        )
        for kind in KINDS
    ]
    return '. '.join(sentences) + '.'


def time_told(seconds):
    """Return a time with two digits and its unit."""
    if seconds >= 1:
        return f'{seconds:.1f} s'
    return (
        f'{1e3 * seconds:.2g} ms'
        if seconds < 0.1
        else (f'{1e3 * seconds:.0f} ms')
    )


def size_told(size):
    """Return a size in MiB."""
    return f'{size / MIB:,.0f} MiB' if size >= MIB else 'below 1 MiB'


def x_of(seconds):
    """Return where a time stands on the axis."""
    width = DECADES[-1] - DECADES[0]
    return LEFT + (RIGHT - LEFT) * (log10(seconds) - DECADES[0]) / width


def heading(figure, words, y):
    text(figure, words, 8, y, anchor='start', font_weight='bold')


def legend(figure):
    """Say which dot stands for which size."""
    x = 8
    for size in SIZES:
        dot(figure, size, x + 7, 15)
        text(figure, size, x + 20, 20, anchor='start')
        x += 96


def grid(figure, top, height):
    """Draw a line for every power of ten."""
    for decade in DECADES:
        x = x_of(10**decade)
        figure.append(drawsvg.Line(x, top, x, top + height, stroke='#d3dae3'))


def axis(figure, y):
    for seconds, words in TICKS.items():
        text(figure, words, x_of(seconds), y, fill=SOFT)


def dot(figure, size, x, y):
    """Draw a circle, a square or a diamond: sizes differ in shape too."""
    fill, line = COLOURS[SIZES[size]]
    style = {'fill': fill, 'stroke': line, 'stroke_width': 2}
    if size == '1 MiB':
        figure.append(drawsvg.Circle(x, y, 5.5, **style))
    elif size == '100 MiB':
        figure.append(drawsvg.Rectangle(x - 5, y - 5, 10, 10, **style))
    else:
        corners = x - 7, y, x, y - 7, x + 7, y, x, y + 7
        figure.append(drawsvg.Lines(*corners, close=True, **style))


def bar(figure, size, y):
    """Draw a bar on an axis from 0 to 4.2 GiB, and its value."""
    fill, line = COLOURS['values']
    width = max(1, (RIGHT - LEFT - 84) * size / (4096 * MIB))
    figure.append(
        drawsvg.Rectangle(
            LEFT, y - 8, width, 16, fill=fill, stroke=line, stroke_width=1.5
        )
    )
    text(figure, size_told(size), LEFT + width + 8, y + 5, anchor='start')


def conditions(figure, results, y):
    """Say on what kind of machine was measured."""
    machine, versions = results['machine'], results['versions']
    kernel = '.'.join(machine['kernel'].split('.')[:2])
    words = [
        f'{machine["cpu"]}, {machine["cores"]} cores, virtual; '
        f'{machine["system"]} {kernel}, {machine["file_system"]}',
        f'NumPy {versions["numpy"]}, MXNet {versions["mxnet"]}, '
        f'safetensors {versions["safetensors"]}',
    ]
    for place, line in enumerate(words):
        text(figure, line, 8, y + 18 * place, anchor='start', fill=SOFT)
