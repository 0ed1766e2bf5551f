"""Plot the losses of a run that went on and of one that was resumed.

The losses are what the chapter printed when its outputs were stored.
"""

import json
from pathlib import Path

import drawsvg

from figures.style import COLOURS, SOFT, canvas, text

ROOT = Path(__file__).parent.parent
OUTPUTS = ROOT / 'tests' / 'references' / 'checkpoints.ipynb'
LEFT, RIGHT, TOP, BOTTOM = 56, 420, 46, 230  # pixels
HIGHEST = 0.8  # loss at the top
EPOCHS = 16
SERIES = {
    'before': ('file', 'before the stop'),
    'after': ('values', 'went on'),
    'resumed': ('danger', 'resumed'),
}


def svg():
    """Return the figure: three curves, the loss by epoch."""
    losses = printed()
    height = BOTTOM + 52
    title = 'The loss leaves its curve'
    drawing = canvas(436, height, title=title, desc=told(losses))
    axes(drawing)
    stop = x_of(8.5)
    drawing.append(
        drawsvg.Line(
            *(stop, TOP, stop, BOTTOM), stroke=SOFT, stroke_dasharray='4 4'
        )
    )
    text(drawing, 'stopped', stop, TOP - 8, fill=SOFT)
    before = losses['before']
    curve(drawing, 'resumed', 8, [before[-1], *losses['resumed']])
    curve(drawing, 'after', 8, [before[-1], *losses['after']])
    curve(drawing, 'before', 1, before)
    legend(drawing)
    return drawing.as_svg()


def printed():
    """Return the losses that the chapter printed first under each name."""
    found = {}
    for cell in json.loads(OUTPUTS.read_text('utf-8'))['cells']:
        for output in cell.get('outputs', []):
            for line in ''.join(output.get('text', [])).splitlines():
                name, _, numbers = line.partition(': ')
                if name in SERIES and name not in found:
                    found[name] = [float(n) for n in numbers.split()]
    return found


def told(losses):
    """Return in words what the curves show."""
    before, after, resumed = (losses[name] for name in SERIES)
    return (
        f'Loss by epoch. In the first eight epochs it falls from '
        f'{before[0]:.2f} to {before[-1]:.2f}. The run that went on falls '
        f'from {after[0]:.2f} to {after[-1]:.2f}. The one that was resumed '
        f'with the parameters alone jumps to {resumed[0]:.2f} and ends at '
        f'{resumed[-1]:.2f}.'
    )


def axes(drawing):
    for tenth in range(0, 9, 2):
        y = y_of(tenth / 10)
        drawing.append(drawsvg.Line(LEFT, y, RIGHT, y, stroke='#d3dae3'))
        label = f'{tenth / 10:.1f}'
        text(drawing, label, LEFT - 10, y + 5, anchor='end', fill=SOFT)
    text(drawing, 'loss', LEFT - 10, TOP - 14, anchor='end', fill=SOFT)
    for epoch in 1, 4, 8, 12, 16:
        text(drawing, str(epoch), x_of(epoch), BOTTOM + 20, fill=SOFT)
    middle = (LEFT + RIGHT) / 2
    text(drawing, 'epoch', middle, BOTTOM + 42, fill=SOFT)


def curve(drawing, name, first, losses):
    """Draw a line from epoch to epoch, and a mark at each."""
    colour = COLOURS[SERIES[name][0]][1]
    points = [
        (x_of(epoch), y_of(loss)) for epoch, loss in enumerate(losses, first)
    ]
    corners = [number for point in points for number in point]
    line = {'fill': 'none', 'stroke': colour, 'stroke_width': 2.5}
    drawing.append(drawsvg.Lines(*corners, **line))
    for x, y in points[0 if name == 'before' else 1 :]:
        mark(drawing, name, x, y)


def mark(drawing, name, x, y):
    """Draw a square for what was resumed, a circle for the others."""
    fill, line = COLOURS[SERIES[name][0]]
    style = {'fill': fill, 'stroke': line, 'stroke_width': 2}
    if name == 'resumed':
        drawing.append(drawsvg.Rectangle(x - 4.5, y - 4.5, 9, 9, **style))
    else:
        drawing.append(drawsvg.Circle(x, y, 4.5, **style))


def legend(drawing):
    x = 96
    for name, (_, words) in SERIES.items():
        mark(drawing, name, x, 13)
        text(drawing, words, x + 12, 18, anchor='start')
        x += 146 if name == 'before' else 100


def x_of(epoch):
    return LEFT + 12 + (RIGHT - LEFT - 20) * (epoch - 1) / (EPOCHS - 1)


def y_of(loss):
    return BOTTOM - (BOTTOM - TOP) * loss / HIGHEST
