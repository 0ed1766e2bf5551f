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
BAR = 190  # pixels of 4 GiB


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
    desc = (
        f'{title}, for files of three sizes. {told(rows, cases, time_told)}'
    )
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
                if (case, size, kind) in rows:
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
    title = 'Memory that a process holds after loading'
    desc = f'{title}. {told(rows, cases, size_told)}'
    figure = canvas(436, height, title=title, desc=desc)
    for place, kind in enumerate(KINDS):
        top = place * panel_height
        heading(figure, f'2 GiB in {KINDS[kind]}', top + 18)
        for line, (case, label) in enumerate(cases.items()):
            y = top + 28 + ROW * line + ROW / 2
            text(figure, label, LEFT - 10, y + 5, anchor='end')
            if (case, '2 GiB', kind) in rows:
                bar(figure, rows[case, '2 GiB', kind], y)
            else:
                soft(figure, 'not measured', LEFT + 8, y + 5)
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


def told(rows, cases, say):
    """Return in words what was measured with files of 2 GiB."""
    sentences = []
    for kind in KINDS:
        known = [case for case in cases if (case, '2 GiB', kind) in rows]
        words = [f'{cases[c]} {say(rows[c, "2 GiB", kind])}' for c in known]
        sentences.append(f'2 GiB in {KINDS[kind]}: {", ".join(words)}.')
    return ' '.join(sentences)


def time_told(row):
    """Return a time with two digits and its unit."""
    units = {'s': 1, 'ms': 1e-3, 'µs': 1e-6}
    name = next(name for name in units if row['seconds'] >= units[name])
    value = row['seconds'] / units[name]
    return f'{value:.1f} {name}' if value < 10 else f'{value:.0f} {name}'


def size_told(row):
    """Return a size in MiB."""
    size = row['anonymous'] / MIB
    return 'below 1 MiB' if size < 1 else f'{size:,.0f} MiB'


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


def bar(figure, row, y):
    """Draw a bar on an axis that begins at 0, and its value."""
    fill, line = COLOURS['values']
    width = max(1, BAR * row['anonymous'] / (4096 * MIB))
    figure.append(
        drawsvg.Rectangle(
            LEFT, y - 8, width, 16, fill=fill, stroke=line, stroke_width=1.5
        )
    )
    text(figure, size_told(row), LEFT + width + 8, y + 5, anchor='start')


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
        soft(figure, line, 8, y + 18 * place)


def soft(figure, words, x, y):
    text(figure, words, x, y, anchor='start', fill=SOFT)
