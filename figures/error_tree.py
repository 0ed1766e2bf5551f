"""Draw the four questions that lead from a message to its cause."""

from figures.style import SOFT, arrow, box, canvas, text

# What to try, the question about it, and where to read on after a "no".
QUESTIONS = [
    ('import mxnet', 'works?', ('The Environment',)),
    (
        'd2l_rw.scan(path)',
        'lists the arrays?',
        ('The File Is', 'Something Else,', 'or Damaged'),
    ),
    ('nd.load(path)', 'returns them?', ('MXNet Refuses', 'a Good File')),
    (
        'd2l_rw.compare(path, net)',
        'says that they fit?',
        ('File and Network', 'Differ'),
    ),
]
LAST = 'The Network Is Not Ready', 'or Where No Message Comes'
DESC = (
    'Four questions below each other; each "no" leads to a section of the '
    'chapter. Does import mxnet work? No: The Environment. Does d2l_rw.scan '
    'list the arrays? No: The File Is Something Else, or The File Is '
    'Damaged. Does nd.load return them? No: MXNet Refuses a Good File. Does '
    'd2l_rw.compare say that file and network fit? No: File and Network '
    'Differ. Four times yes: The Network Is Not Ready, or Where No Message '
    'Comes.'
)
STEP, HEIGHT = 92, 60


def svg():
    """Return the figure: questions on the left, sections on the right."""
    drawing = canvas(436, 438, title='From message to cause', desc=DESC)
    for row, (code, words, section) in enumerate(QUESTIONS):
        y = 8 + STEP * row
        box(drawing, 'code', 8, y, 232, HEIGHT)
        text(drawing, code, 124, y + 26, mono=True)
        text(drawing, words, 124, y + 46)
        arrow(drawing, (240, y + 30), (290, y + 30))
        text(drawing, 'no', 262, y + 22, fill=SOFT)
        box(drawing, 'waiting', 292, y, 136, HEIGHT)
        lines(drawing, section, 360, y + HEIGHT / 2)
        arrow(drawing, (124, y + HEIGHT), (124, y + STEP - 2))
        text(drawing, 'yes', 134, y + 80, anchor='start', fill=SOFT)
    y = 8 + STEP * len(QUESTIONS)
    box(drawing, 'waiting', 8, y, 232, 54)
    lines(drawing, LAST, 124, y + 27)
    return drawing.as_svg()


def lines(drawing, words, x, y):
    """Write lines around a middle at y."""
    for i, line in enumerate(words):
        text(drawing, line, x, y + 5 + 18 * (i - (len(words) - 1) / 2))
