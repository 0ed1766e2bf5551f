"""Plot how long a thousand files take, by the number of processes."""

import json
from statistics import median

import drawsvg

from benchmarks import bulk
from figures.style import COLOURS, SOFT, canvas, text

LEFT, RIGHT, TOP, BOTTOM = 56, 420, 46, 230  # pixels
STEP = 0.5  # seconds between two lines


def svg():
    """Return the figure: what was measured as marks, a line predicted."""
    results = json.loads(bulk.RESULTS.read_text('utf-8'))
    (row,) = (row for row in results['rows'] if row['kind'] == 'memory')
    line = {
        count: bulk.predicted(results, row, count) for count in bulk.PROCESSES
    }
    processes = {
        count: median(row['seconds'][name])
        for count, name in bulk.PROCESSES.items()
    }
    cluster = median(row['seconds'][bulk.CLUSTER])
    lines = 2 + int(max(*line.values(), *processes.values(), cluster) / STEP)
    title = 'Time by the number of processes'
    desc = told(line, processes, cluster)
    drawing = canvas(436, BOTTOM + 92, title=title, desc=desc)
    axes(drawing, lines)
    corners = [
        number
        for count, seconds in line.items()
        for number in (x_of(count), y_of(seconds, lines))
    ]
    style = {'fill': 'none', 'stroke': SOFT, 'stroke_width': 2}
    drawing.append(drawsvg.Lines(*corners, stroke_dasharray='6 4', **style))
    for count, seconds in processes.items():
        mark(drawing, 'values', x_of(count), y_of(seconds, lines))
    mark(drawing, 'waiting', x_of(2), y_of(cluster, lines))
    legend(drawing)
    conditions(drawing, results)
    return drawing.as_svg()


def told(line, processes, cluster):
    """Return in words what the plot shows."""
    pairs = [
        f'{count}: {processes[count]:.1f} s measured, {line[count]:.1f} s '
        'predicted'
        for count in line
    ]
    return (
        'Seconds to convert 1,000 files of 1 MiB, by the number of '
        f'processes. {"; ".join(pairs)}. A cluster of two workers: '
        f'{cluster:.1f} s.'
    )


def axes(drawing, lines):
    for place in range(lines):
        y = y_of(place * STEP, lines)
        drawing.append(drawsvg.Line(LEFT, y, RIGHT, y, stroke='#d3dae3'))
        label = f'{place * STEP:.1f}'
        text(drawing, label, LEFT - 10, y + 5, anchor='end', fill=SOFT)
    text(drawing, 's', LEFT - 10, TOP - 14, anchor='end', fill=SOFT)
    for count in bulk.PROCESSES:
        text(drawing, str(count), x_of(count), BOTTOM + 20, fill=SOFT)
    middle = (LEFT + RIGHT) / 2
    text(drawing, 'processes', middle, BOTTOM + 40, fill=SOFT)


def mark(drawing, kind, x, y):
    """Draw a circle for processes, a square for the cluster."""
    fill, line = COLOURS[kind]
    style = {'fill': fill, 'stroke': line, 'stroke_width': 2}
    if kind == 'values':
        drawing.append(drawsvg.Circle(x, y, 6, **style))
    else:
        drawing.append(drawsvg.Rectangle(x - 5, y - 5, 10, 10, **style))


def legend(drawing):
    mark(drawing, 'values', 67, 13)
    text(drawing, 'processes', 80, 18, anchor='start')
    mark(drawing, 'waiting', 177, 13)
    text(drawing, 'a cluster', 190, 18, anchor='start')
    drawing.append(
        drawsvg.Line(
            *(275, 13, 307, 13), stroke=SOFT, stroke_width=2,
            stroke_dasharray='6 4',
        )
    )  # fmt: skip
    text(drawing, 'predicted', 316, 18, anchor='start')


def conditions(drawing, results):
    """Say on what kind of machine was measured."""
    machine = results['machine']
    kernel = '.'.join(machine['kernel'].split('.')[:2])
    words = [
        f'{machine["cpu"]}, {machine["cores"]} cores, virtual;',
        f'{machine["system"]} {kernel}, files in memory',
    ]
    for place, line in enumerate(words):
        y = BOTTOM + 66 + 18 * place
        text(drawing, line, 8, y, anchor='start', fill=SOFT)


def x_of(count):
    return LEFT + 40 + (RIGHT - LEFT - 80) * (count - 1) / 3


def y_of(seconds, lines):
    return BOTTOM - (BOTTOM - TOP) * seconds / (STEP * (lines - 1))
