"""Draw what a pickle makes the unpickler do, instruction by instruction.

The chapter runs the same six instructions.
"""

from figures.style import SOFT, arrow, box, canvas, text

MODULE, NAME = ('values', "'posix'"), ('values', "'mkdir'")
FUNCTION, ARGUMENT = ('code', 'os.mkdir'), ('values', "'was-here'")
# The instruction, what it does, and what is on the stack after it.
STEPS = [
    ('SHORT_BINUNICODE', 'push a text', [MODULE]),
    ('SHORT_BINUNICODE', 'push a text', [MODULE, NAME]),
    ('STACK_GLOBAL', 'import what they name', [FUNCTION]),
    ('SHORT_BINUNICODE', 'push a text', [FUNCTION, ARGUMENT]),
    ('TUPLE1', 'make a tuple of it', [FUNCTION, ('values', "('was-here',)")]),
    ('REDUCE', 'call the function', [('empty', 'None')]),
]
DESC = (
    'Six instructions, one a row, and the stack after each of them. The '
    'first two push the texts posix and mkdir. STACK_GLOBAL takes both and '
    'pushes the function os.mkdir, which it has imported. The text was-here '
    'is pushed, and TUPLE1 makes a tuple of it. REDUCE takes the function '
    'and the tuple, and calls the function: now there is a folder called '
    'was-here, and the result, None, is on the stack.'
)
TOP, ROW, LEFT = 34, 52, 214
WIDTHS = [86, 118]


def svg():
    """Return the figure: instructions on the left, stacks on the right."""
    drawing = canvas(436, 416, title='A pickle runs', desc=DESC)
    text(drawing, 'instruction', 4, 18, anchor='start', fill=SOFT)
    text(drawing, 'stack after it', LEFT, 18, anchor='start', fill=SOFT)
    for row, (instruction, effect, stack) in enumerate(STEPS):
        y = TOP + ROW * row
        text(drawing, instruction, 4, y + 16, anchor='start', mono=True)
        text(drawing, effect, 4, y + 34, anchor='start', fill=SOFT)
        items(drawing, stack, y + 4)
    last = TOP + ROW * len(STEPS)
    arrow(drawing, (40, last - 8), (40, last + 20))
    box(drawing, 'danger', 4, last + 22, 428, 34)
    text(
        drawing,
        "os.mkdir('was-here') has run: there is a new folder",
        218,
        last + 44,
    )
    return drawing.as_svg()


def items(drawing, stack, y):
    """Draw the items of the stack side by side, its top on the right."""
    x = LEFT
    for (kind, words), width in zip(stack, WIDTHS):
        box(drawing, kind, x, y, width, 34)
        text(drawing, words, x + width / 2, y + 22)
        x += width + 8
