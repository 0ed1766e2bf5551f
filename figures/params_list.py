"""Draw the parts of a file of many arrays, and the way through them."""

import drawsvg

from figures.params_bytes import KINDS
from figures.style import INK, canvas, text

DESC = (
    'The file begins with the number of arrays. The records 0 to N - 1 '
    'follow, each a header and its data. Arrows lead from every header to '
    'the next one, and from the last to the number of names, which stands '
    'after all records. The names 0 to N - 1 follow it, in the order of the '
    'records.'
)
COLUMNS = {'0': 80, '1': 176, 'N - 1': 336}
GAP = 303  # the middle of what is left out
WIDTH, HEIGHT, HEADER = 92, 48, 24
RECORDS, NAMES = 72, 164


def svg():
    """Return the figure: the records above their names."""
    drawing = canvas(436, 236, title='The parts of a file', desc=DESC)
    text(drawing, 'a header tells where the next one begins', 218, 20)
    part(drawing, 'start', 2, RECORDS, 74, ['number', 'of arrays'])
    part(drawing, 'names', 2, NAMES, 74, ['number', 'of names'])
    for place, x in COLUMNS.items():
        data, width = x + HEADER, WIDTH - HEADER
        part(drawing, 'header', x, RECORDS, HEADER, [])
        part(drawing, 'data', data, RECORDS, width, ['record', place])
        part(drawing, 'names', x, NAMES, WIDTH, ['name', place])
    for y in (RECORDS, NAMES):
        text(drawing, '…', GAP, y + 29)
    hops(drawing)
    turn(drawing)
    text(drawing, 'names follow in the order of the records', 218, 230)
    return drawing.as_svg()


def part(drawing, kind, x, y, width, lines):
    """Draw a part of the file with its name in two lines, or none."""
    fill, line = KINDS[kind]
    drawing.append(
        drawsvg.Rectangle(
            x, y, width, HEIGHT, fill=fill, stroke=line, stroke_width=1.5
        )
    )
    for i, words in enumerate(lines):
        text(drawing, words, x + width / 2, y + 20 + 18 * i)


def hops(drawing):
    """Draw an arc from each header to the next."""
    stops = [39, *[x + HEADER / 2 for x in COLUMNS.values()]]
    stops.insert(-1, GAP)
    for start, end in zip(stops, stops[1:]):
        hop(drawing, start, end)


def hop(drawing, start, end):
    start, end, y = start + 3, end - 3, RECORDS - 4
    arc = drawsvg.Path(fill='none', stroke=INK, stroke_width=1.5)
    arc.M(start, y).Q((start + end) / 2, y - 40, end, y - 6)
    drawing.append(arc)
    head(drawing, end, y)


def turn(drawing):
    """Draw the way from the last record to the number of names."""
    middle = (RECORDS + HEIGHT + NAMES) / 2
    way = drawsvg.Path(fill='none', stroke=INK, stroke_width=1.5)
    way.M(382, RECORDS + HEIGHT + 4).L(382, middle)
    way.L(39, middle).L(39, NAMES - 8)
    drawing.append(way)
    head(drawing, 39, NAMES - 2)


def head(drawing, x, y):
    """Draw the head of an arrow that points down to (x, y)."""
    drawing.append(
        drawsvg.Lines(*(x, y), *(x - 4, y - 8), *(x + 4, y - 8), fill=INK)
    )
