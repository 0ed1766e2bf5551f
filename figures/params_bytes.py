"""Draw a file of one small array, byte by byte."""

import drawsvg
import numpy as np

from d2l_rw import dumps
from figures.style import COLOURS, SOFT, canvas, text

FILE = dumps({'weight': np.array([[1, 2, 3], [4, 5, 6]], 'float32')})
KINDS = {
    'start': COLOURS['file'],
    'header': COLOURS['waiting'],
    'data': COLOURS['values'],
    'names': COLOURS['code'],
}
# Of each part: kind, title, and (size in bytes, meaning) of its fields.
PARTS = [
    (
        'start',
        'start of the file',
        [
            (8, 'magic number: 0x112'),
            (8, 'reserved: 0'),
            (8, 'number of arrays: 1'),
        ],
    ),
    (
        'header',
        'record of the array: header',
        [
            (4, 'version: V2'),
            (4, 'storage: 0, dense'),
            (4, 'ndim: 2'),
            (8, 'shape[0]: 2'),
            (8, 'shape[1]: 3'),
            (4, 'device: 1, CPU'),
            (4, 'its number: 0'),
            (4, 'dtype: 0, float32'),
        ],
    ),
    (
        'data',
        'record of the array: data',
        [(4, f'{number}.0') for number in range(1, 7)],
    ),
    (
        'names',
        'names of all arrays',
        [
            (8, 'number of names: 1'),
            (8, 'length of the name: 6'),
            *[(1, letter) for letter in 'weight'],
        ],
    ),
]
DESC = (
    'The 110 bytes of the file, eight in a line. Bytes 0 to 23: magic number '
    '0x112, reserved 0, number of arrays 1, of eight bytes each. Bytes 24 to '
    '63, the header of the record: version V2, storage 0, ndim 2, of four '
    'bytes each; shape 2 and 3, of eight bytes each; device 1, its number 0, '
    'dtype 0, of four bytes each. Bytes 64 to 87: the six numbers, of four '
    'bytes each. Bytes 88 to 109: number of names 1 and length of the name '
    '6, of eight bytes each, and the six letters of weight.'
)
LEFT, BYTE, ROW = 44, 48, 38


def svg():
    """Return the figure: a line for every eight bytes."""
    drawing = canvas(436, 660, title='The bytes of a file', desc=DESC)
    offset, y = 0, 0
    for kind, title, fields in PARTS:
        text(drawing, title, LEFT, y + 20, anchor='start', font_weight='bold')
        top = y + 28 - offset // 8 * ROW
        for size, meaning in fields:
            field(drawing, kind, offset, size, meaning, top)
            offset += size
        y = top + -(-offset // 8) * ROW + 4
    assert offset == len(FILE)
    return drawing.as_svg()


def field(drawing, kind, offset, size, meaning, top):
    """Draw a field: a box in each line that it reaches into."""
    start, end = offset, offset + size
    while start < end:
        stop = min(end, start // 8 * 8 + 8)
        x, y = LEFT + start % 8 * BYTE, top + start // 8 * ROW
        cut_left, cut_right = start > offset, stop < end
        cell(drawing, kind, x, y, stop - start, cut_left, cut_right)
        for place in range(start, stop):
            centre = x + (place - start + 0.5) * BYTE
            text(drawing, f'{FILE[place]:02x}', centre, y + 16, mono=True)
        middle = x + (stop - start) * BYTE / 2
        text(drawing, '…' if cut_left else meaning, middle, y + 32)
        if x == LEFT:
            number = str(start)
            text(drawing, number, LEFT - 6, y + 16, anchor='end', fill=SOFT)
        start = stop


def cell(drawing, kind, x, y, size, cut_left, cut_right):
    """Draw a box of some bytes; where its field goes on, it is open."""
    fill, line = KINDS[kind]
    width = size * BYTE
    drawing.append(drawsvg.Rectangle(x, y, width, ROW, fill=fill))
    edges = [(x, y, x + width, y), (x, y + ROW, x + width, y + ROW)]
    if not cut_left:
        edges.append((x, y, x, y + ROW))
    if not cut_right:
        edges.append((x + width, y, x + width, y + ROW))
    for edge in edges:
        drawing.append(drawsvg.Line(*edge, stroke=line, stroke_width=1.5))
