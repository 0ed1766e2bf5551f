"""Draw where four lies stand in a file, and what two readers made of them.

The chapter asserts each of the answers that stand here.
"""

import drawsvg

from figures.style import COLOURS, INK, SOFT, box, canvas, text

SIZE = 162
LEFT, WIDTH = 13, 410
# Kind of box, first byte, and what stands there; the last ends the file.
PARTS = [
    ('code', 0, 'start'),
    ('code', 24, 'header'),
    ('values', 64, 'data'),
    ('code', 88, 'header'),
    ('values', 120, ''),
    ('code', 128, 'names'),
]
# The byte of the lie, the lie, and (kind of box, answer) of both readers.
LIES = [
    (
        80,
        ('cut after', '80 bytes'),
        ('file', 'error'),
        ('file', 'refused,', 'byte 64'),
    ),
    (
        16,
        ('count:', '2,097,152'),
        ('waiting', 'over 400 MiB,', 'then an error'),
        ('file', 'refused,', 'byte 16'),
    ),
    (
        32,
        ('ndim:', '\N{MINUS SIGN}1'),
        ('danger', 'crash'),
        ('file', 'refused,', 'byte 32'),
    ),
    (
        67,
        ('one bit', 'flipped'),
        ('empty', 'accepted'),
        ('empty', 'accepted'),
    ),
]
DESC = (
    'A strip of 162 bytes, the file, with four marked places, and a row for '
    'each. Cut after 80 bytes: MXNet gives an error, d2l_rw refuses and '
    'names byte 64. A count of 2,097,152 at byte 16: MXNet gives an error '
    'after filling over 400 MiB, d2l_rw refuses and names byte 16. An ndim '
    'of -1 at byte 32: MXNet crashes, d2l_rw refuses and names byte 32. One '
    'flipped bit of the data, in byte 67: both accept.'
)


def svg():
    """Return the figure: the file above, the answers below it."""
    drawing = canvas(436, 382, title='Four lies, two readers', desc=DESC)
    strip(drawing, 12)
    text(drawing, 'the lie', 40, 120, anchor='start', fill=SOFT)
    text(drawing, 'MXNet', 222, 120, fill=SOFT)
    text(drawing, 'd2l_rw', 361, 120, fill=SOFT)
    for row, (_, lie, *answers) in enumerate(LIES):
        y = 132 + 62 * row
        mark(drawing, row, 21, y + 26)
        lines(drawing, lie, 40, y, anchor='start')
        for x, (kind, *words) in zip((156, 296), answers):
            box(drawing, kind, x, y, 130, 52)
            lines(drawing, words, x + 65, y)
    return drawing.as_svg()


def strip(drawing, y):
    """Draw the file, its parts to scale, with a mark at each lie."""
    ends = [start for _, start, _ in PARTS[1:]] + [SIZE]
    for (kind, start, words), end in zip(PARTS, ends):
        box(drawing, kind, place(start), y, place(end) - place(start), 40)
        text(drawing, words, place((start + end) / 2), y + 25)
    for row, (at, *_) in enumerate(LIES):
        line(drawing, place(at + 0.5), y + 40, y + 62)
        mark(drawing, row, place(at + 0.5), y + 66)


def place(at):
    """Return where a byte of the file is drawn."""
    return LEFT + WIDTH * at / SIZE


def line(drawing, x, start, end):
    drawing.append(drawsvg.Line(x, start, x, end, stroke=INK, stroke_width=2))


def mark(drawing, row, x, y):
    """Draw the number of a lie in a circle."""
    fill, edge = COLOURS['empty']
    drawing.append(
        drawsvg.Circle(x, y, 11, fill=fill, stroke=edge, stroke_width=1.5)
    )
    text(drawing, str(row + 1), x, y + 5)


def lines(drawing, words, x, y, **style):
    """Write one or two lines, in the middle of a box at y."""
    for i, line in enumerate(words):
        baseline = y + 40 - 9 * len(words) + 19 * i
        text(drawing, line, x, baseline, **style)
