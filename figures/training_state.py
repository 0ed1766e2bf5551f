"""Draw what a training run consists of, and the file that holds each part."""

import drawsvg

from figures.style import SOFT, arrow, box, canvas, text

# Of each file: its name, and the parts that it holds.
FILES = [
    ('parameters.params', [('parameters', 'weights, biases')]),
    ('state.params', [("the optimizer's arrays", 'averages, momenta')]),
    (
        'state.json',
        [
            ('counts, schedule', 'updates, learning rate'),
            ('random generators', 'Python, NumPy, MXNet'),
            ('position', 'epoch, batch, metric, values'),
        ],
    ),
]
DESC = (
    'Left the parts of a training run, right the files of a checkpoint. The '
    'parameters are in parameters.params, which is all that save_parameters '
    "writes. The optimizer's arrays are in state.params. Counts and "
    'schedule, the random generators, and the position are in state.json. '
    'Below, manifest.json holds the sizes and checksums of these three.'
)
LEFT, WIDE, PART, GAP = 8, 216, 52, 10
RIGHT, FILE = 268, 160
TOP = 34


def svg():
    """Return the figure: parts on the left, files on the right."""
    drawing = canvas(436, 422, title='What a checkpoint holds', desc=DESC)
    heading(drawing, 'a training run', LEFT + WIDE / 2)
    heading(drawing, 'its checkpoint', RIGHT + FILE / 2)
    y = TOP
    for place, (name, parts) in enumerate(FILES):
        top = y
        for words, examples in parts:
            kind = 'values' if place == 0 else 'waiting'
            box(drawing, kind, LEFT, y, WIDE, PART)
            middle = LEFT + WIDE / 2
            text(drawing, words, middle, y + 22, font_weight='bold')
            text(drawing, examples, middle, y + 41, fill=SOFT)
            level = y + PART / 2
            arrow(drawing, (LEFT + WIDE + 3, level), (RIGHT - 3, level))
            y += PART + GAP
        box(drawing, 'file', RIGHT, top, FILE, y - GAP - top)
        text(drawing, name, RIGHT + FILE / 2, (top + y - GAP) / 2 + 5)
        if place == 0:
            boundary(drawing, y + 8)
            y += 30
    manifest(drawing, y)
    return drawing.as_svg()


def heading(drawing, words, x):
    text(drawing, words, x, 20, font_weight='bold', fill=SOFT)


def boundary(drawing, y):
    """Say that what is above is all that `save_parameters` keeps."""
    words = 'save_parameters keeps no more than this'
    text(drawing, words, 218, y + 8, fill=SOFT)
    for start, end in (LEFT, 60), (376, RIGHT + FILE):
        drawing.append(
            drawsvg.Line(
                start, y + 3, end, y + 3, stroke=SOFT, stroke_dasharray='4 4'
            )
        )


def manifest(drawing, y):
    box(drawing, 'file', RIGHT, y, FILE, 40)
    text(drawing, 'manifest.json', RIGHT + FILE / 2, y + 25)
    words = 'sizes and checksums of the three'
    text(drawing, words, RIGHT - 12, y + 25, anchor='end', fill=SOFT)
