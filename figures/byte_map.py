"""Draw a file byte by byte, and what `d2l_rw` says when one changes.

The file and its colours are computed, by trying all 255 changes of each byte.
"""

import drawsvg
import numpy as np

from d2l_rw import FormatError, dumps, loads
from figures.style import COLOURS, SOFT, canvas, text

WEIGHT = np.array([[1, 2, 3], [4, 5, 6]], 'float32')
BIAS = np.array([7, 8], 'float32')
WIDE, HIGH = 25, 19
LEFT, TOP = 36, 70
# What stands in the eight bytes of each row.
ROWS = [
    'magic number',
    'reserved',
    'count',
    'magic number, storage',
    'ndim, dimension',
    'dimension',
    'dimension, device',
    'device, dtype',
    'data of the weight',
    '',
    '',
    'magic number, storage',
    'ndim, dimension',
    'dimension, device',
    'device, dtype',
    'data of the bias',
    'count of names',
    'length of the name',
    'name, length',
    'length, name',
    'name',
]
LEGEND = [
    ('values', 'every change of the byte is refused'),
    ('waiting', 'some changes are accepted'),
    ('danger', 'every change is accepted'),
]
DESC = (
    'The 162 bytes of a file in rows of eight, each coloured by what d2l_rw '
    'says to the 255 other values of that byte. Every change is accepted in '
    'the data and the devices of both arrays, 48 bytes. Some changes are '
    'accepted in the letters of the names, in the first byte of each magic '
    'number of a record, and in the first byte of each dtype. In all other '
    'bytes every change is refused.'
)


def svg():
    """Return the figure: a legend, and a row for each eight bytes."""
    data = dumps({'weight': WEIGHT, 'bias': BIAS})
    height = TOP + HIGH * len(ROWS) + 8
    drawing = canvas(436, height, title='The bytes that matter', desc=DESC)
    for row, (kind, words) in enumerate(LEGEND):
        cell(drawing, kind, '00', LEFT, 4 + 20 * row)
        text(drawing, words, LEFT + 34, 18 + 20 * row, anchor='start')
    for at, byte in enumerate(data):
        x, y = LEFT + WIDE * (at % 8), TOP + HIGH * (at // 8)
        cell(drawing, kind_of(data, at), f'{byte:02x}', x, y)
    for row, words in enumerate(ROWS):
        y = TOP + HIGH * row + 14
        text(drawing, str(8 * row), LEFT - 6, y, anchor='end', fill=SOFT)
        text(drawing, words, LEFT + 8 * WIDE + 8, y, anchor='start')
    return drawing.as_svg()


def kind_of(data, at):
    """Return the kind of box that stands for a byte's changes."""
    count = sum(
        is_loaded(data[:at] + bytes([new]) + data[at + 1 :])
        for new in set(range(256)) - {data[at]}
    )
    return {0: 'values', 255: 'danger'}.get(count, 'waiting')


def is_loaded(data):
    try:
        loads(data)
    except FormatError:
        return False
    return True


def cell(drawing, kind, words, x, y):
    """Draw a byte; what is always accepted is bold, not only red."""
    fill, line = COLOURS[kind]
    drawing.append(
        drawsvg.Rectangle(
            x, y, WIDE, HIGH, fill=fill, stroke=line, stroke_width=1
        )
    )
    weight = 'bold' if kind == 'danger' else 'normal'
    text(drawing, words, x + WIDE / 2, y + 14, mono=True, font_weight=weight)
