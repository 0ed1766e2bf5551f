"""Draw the questions that lead to a call, for saving and for loading."""

import drawsvg

from figures.style import INK, SOFT, arrow, box, canvas, text

# A question, the calls if the answer is yes, the letters of their files.
SAVING = [
    (['only arrays?'], ['nd.save', 'd2l_rw.save'], 'A to D'),
    (['shall the', 'training go on?'], ['d2l_rw.save_checkpoint'], 'I'),
    (['will its class', 'be missing?'], ['net.export'], 'F, G'),
    (
        ['for programs', 'without d2l_rw?'],
        ['d2l_rw.convert', 'of the file below'],
        'J, K',
    ),
    ([], ['net.save_parameters'], 'E'),
]
LOADING = [
    (['from a stranger,', 'or no MXNet?'], ['d2l_rw.load'], 'A to F, J, K'),
    (['shall the', 'training go on?'], ['d2l_rw.restore_checkpoint'], 'I'),
    (
        ['has the network', 'changed?'],
        ['d2l_rw.compare', 'd2l_rw.load_parameters'],
        'E, F, J, K',
    ),
    ([], ['the counterpart of', 'what has saved it'], ''),
]
ROW, HEIGHT = 66, 48
LEFT, WIDTH = 8, 132
RIGHT, RIGHT_WIDTH = 184, 244
LINE = 20
DESC = (
    'Two chains of questions. Saving: only arrays: nd.save or d2l_rw.save. '
    'Shall the training go on: d2l_rw.save_checkpoint. Will its class be '
    'missing: net.export. For programs without d2l_rw: d2l_rw.convert of '
    'the file that follows. Otherwise: net.save_parameters. Loading: from a '
    'stranger, or no MXNet: d2l_rw.load. Shall the training go on: '
    'd2l_rw.restore_checkpoint. Has the network changed: d2l_rw.compare and '
    'd2l_rw.load_parameters. Otherwise: the counterpart of the call that '
    'has saved the file.'
)


def svg():
    """Return the figure: questions on the left, calls on the right."""
    loading = 52 + ROW * len(SAVING)
    height = loading + 14 + ROW * len(LOADING)
    drawing = canvas(436, height, title='Which call', desc=DESC)
    chain(drawing, 'To save', SAVING, 18)
    chain(drawing, 'To load', LOADING, loading)
    return drawing.as_svg()


def chain(drawing, title, rows, top):
    """Draw questions below each other: no leads down, yes to calls."""
    text(drawing, title, LEFT, top, anchor='start', font_weight='bold')
    for number, (question, calls, files) in enumerate(rows):
        y = top + 14 + ROW * number
        answer(drawing, calls, files, y)
        if question:
            last = not rows[number + 1][0]
            ask(drawing, question, y, last=last)


def answer(drawing, calls, files, y):
    """Draw calls, and the letters of their files at the right."""
    box(drawing, 'file', RIGHT, y, RIGHT_WIDTH, HEIGHT)
    first = baseline(y, calls)
    for number, call in enumerate(calls):
        below = first + LINE * number
        mono = ' ' not in call
        text(drawing, call, RIGHT + 12, below, anchor='start', mono=mono)
    x = RIGHT + RIGHT_WIDTH - 10
    text(drawing, files, x, first, anchor='end', fill=SOFT)


def ask(drawing, question, y, *, last):
    """Draw a question, and the ways from it."""
    middle, x = y + HEIGHT / 2, LEFT + WIDTH / 2
    box(drawing, 'values', LEFT, y, WIDTH, HEIGHT)
    for number, words in enumerate(question):
        text(drawing, words, x, baseline(y, question) + LINE * number)
    arrow(drawing, (LEFT + WIDTH + 2, middle), (RIGHT - 2, middle))
    text(drawing, 'yes', (LEFT + WIDTH + RIGHT) / 2 - 3, middle - 7)
    text(drawing, 'no', x + 16, y + HEIGHT + 14)
    if not last:
        arrow(drawing, (x, y + HEIGHT + 1), (x, y + ROW - 1))
        return
    end = middle + ROW
    drawing.append(
        drawsvg.Line(
            *(x, y + HEIGHT + 1), *(x, end + 1), stroke=INK, stroke_width=2
        )
    )
    arrow(drawing, (x, end), (RIGHT - 2, end))


def baseline(y, lines):
    """Return where the first of one or two lines in a box stands."""
    return y + HEIGHT / 2 + 5 - LINE / 2 * (len(lines) - 1)
