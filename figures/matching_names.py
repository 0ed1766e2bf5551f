"""Draw which names of a file and of a changed network belong together."""

import drawsvg

from figures.style import COLOURS, INK, SOFT, box, canvas, text

FILE = 'hidden.weight', 'hidden.bias', 'output.weight', 'output.bias'
NETWORK = (
    'hidden.weight',
    'hidden.bias',
    'norm.gamma',
    'norm.beta',
    'norm.running_mean',
    'norm.running_var',
    'head.weight',
    'head.bias',
)
# The row of each name of the file, beside what it belongs to.
ROWS = 0, 1, 6, 7
GUESSED = *FILE[2:], *NETWORK[6:]
MISSING = NETWORK[2:6]
DESC = (
    'Four names in the file net.params stand on the left, eight of the '
    'network Today on the right. Lines join hidden.weight and hidden.bias '
    'with the same names. Dashed lines, marked as a guess, join '
    'output.weight with head.weight and output.bias with head.bias. The four '
    'names of norm have no partner: they are missing, and dashed.'
)
TOP, STEP, HEIGHT = 40, 32, 26
LEFT, LEFT_WIDTH = 2, 136
RIGHT, RIGHT_WIDTH = 272, 162


def svg():
    """Return the figure: two columns of names, and lines between them."""
    drawing = canvas(436, 302, title='Names that match', desc=DESC)
    text(drawing, 'net.params', LEFT + LEFT_WIDTH / 2, 22, fill=SOFT)
    text(drawing, 'Today', RIGHT + RIGHT_WIDTH / 2, 22, fill=SOFT)
    for row, name in zip(ROWS, FILE):
        label(drawing, 'file', name, LEFT, row, LEFT_WIDTH)
        join(drawing, row, guessed=name in GUESSED)
    for row, name in enumerate(NETWORK):
        label(drawing, 'values', name, RIGHT, row, RIGHT_WIDTH)
    middle = (LEFT + LEFT_WIDTH + RIGHT) / 2
    text(drawing, 'extra', LEFT + LEFT_WIDTH / 2, centre(5) + 5)
    text(drawing, 'missing', RIGHT - 12, centre(3.5) + 5, anchor='end')
    text(drawing, 'match', middle, centre(0.5) + 5)
    text(drawing, 'a guess', middle, centre(6.5) + 5)
    return drawing.as_svg()


def centre(row):
    return TOP + STEP * row + HEIGHT / 2


def label(drawing, kind, name, x, row, width):
    if name in GUESSED:
        kind = 'waiting'
    if name in MISSING:
        kind = 'empty'
    box(drawing, kind, x, TOP + STEP * row, width, HEIGHT)
    text(drawing, name, x + width / 2, centre(row) + 5, mono=True)


def join(drawing, row, *, guessed):
    """Draw a line between the columns; a guess has dashes."""
    line = COLOURS['waiting'][1] if guessed else INK
    dashes = {'stroke_dasharray': '5 4'} if guessed else {}
    start, end = LEFT + LEFT_WIDTH + 6, RIGHT - 6
    drawing.append(
        drawsvg.Line(
            start,
            centre(row),
            end,
            centre(row),
            stroke=line,
            stroke_width=2,
            **dashes,
        )
    )
