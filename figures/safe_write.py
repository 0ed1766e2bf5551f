"""Draw the steps of a safe write, and what a crash between them leaves.

The chapter asserts what is found after a crash of the program.
"""

import drawsvg

from figures.style import COLOURS, SOFT, arrow, box, canvas, text

STEPS = [
    'temporary file, flush',
    'fsync of the file',
    'replace the name',
    'fsync of the folder',
]
# What is found under the name: after a crash of the program, of the machine.
OLD, NEW = ('values', 'old'), ('file', 'new')
CRASHES = [
    (OLD, OLD),
    (OLD, OLD),
    (OLD, OLD),
    (NEW, ('waiting', 'old or new')),
    (NEW, NEW),
]
COLUMNS = [('of the program', 198), ('of the machine', 316)]
TOP, STEP, HEIGHT = 52, 84, 34
DESC = (
    'Four steps below each other: write a temporary file and flush it, '
    'fsync of the file, replace the name, fsync of the folder. Before, '
    'between and after them are five places for a crash. After a crash of '
    'the program in the first three places the old file is found, in the '
    'last two the new one. After a crash of the machine it is the same, but '
    'for the place between replace and fsync of the folder, where the old '
    'or the new file may be found.'
)


def svg():
    """Return the figure: steps on the left, what is found on the right."""
    drawing = canvas(436, 434, title='A safe write, interrupted', desc=DESC)
    text(drawing, 'found after a crash', 312, 18, fill=SOFT)
    for words, x in COLUMNS:
        text(drawing, words, x + 56, 38, fill=SOFT)
    for row, states in enumerate(CRASHES):
        crash(drawing, TOP + STEP * row, states)
    for row, words in enumerate(STEPS):
        y = TOP + STEP * row + 42
        box(drawing, 'code', 8, y, 164, HEIGHT)
        text(drawing, words, 90, y + 22)
    return drawing.as_svg()


def crash(drawing, y, states):
    """Draw a place for a crash, and what is found after it."""
    red = COLOURS['danger'][1]
    middle = y + HEIGHT / 2
    drawing.append(
        drawsvg.Line(
            *(8, middle, 172, middle),
            stroke=red,
            stroke_width=2,
            stroke_dasharray='5 4',
        )
    )
    arrow(drawing, (174, middle), (194, middle), line=red)
    for (kind, words), (_, x) in zip(states, COLUMNS):
        box(drawing, kind, x, y, 112, HEIGHT)
        text(drawing, words, x + 56, y + 22)
