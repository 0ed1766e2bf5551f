"""Draw a network layer by layer: what its file holds, what its code knows."""

from figures.style import SOFT, box, canvas, text

LAYERS = (
    ('conv1', ('weight 4*1*3*3, bias 4',), 'stride 1, padding 1'),
    (
        'norm1',
        ('gamma, running_mean,', 'beta, running_var'),
        'ε 1e-5, gamma is 1',
    ),
    ('relu', (), 'max(x, 0)'),
    ('pool1', (), 'largest of 2*2'),
    ('conv2', ('weight 8*4*3*3, bias 8',), 'stride 1, no padding'),
    (
        'norm2',
        ('gamma, running_mean,', 'beta, running_var'),
        'ε 1e-5, gamma counts',
    ),
    ('relu', (), 'max(x, 0)'),
    ('pool2', (), 'largest of 2*2'),
    ('flatten', (), 'channel, row, column'),
    ('hidden', ('weight 32*48, bias 32',), 'W x + b'),
    ('relu', (), 'max(x, 0)'),
    ('output', ('weight 10*32, bias 10',), 'W x + b'),
)
WIDTH, LEFT, MIDDLE = 436, 60, 256  # pixels
LINE, PADDING, GAP, TOP = 19, 11, 6, 28


def svg():
    """Return the figure: a row for each layer."""
    height = TOP + sum(height_of(lines) + GAP for _, lines, _ in LAYERS)
    title = 'Half of a network is in its file'
    drawing = canvas(WIDTH, height, title=title, desc=told())
    text(drawing, 'in the file', (LEFT + MIDDLE - 8) / 2, 16, fill=SOFT)
    text(drawing, 'in the code', (MIDDLE + WIDTH) / 2, 16, fill=SOFT)
    y = TOP
    for name, lines, setting in LAYERS:
        row(drawing, y, name, lines, setting)
        y += height_of(lines) + GAP
    return drawing.as_svg()


def told():
    """Return in words what the figure shows."""
    told = (
        f'{name}: {" ".join(lines) or "nothing"} in the file, '
        f'{setting} in the code.'
        for name, lines, setting in LAYERS
    )
    return times('A table of layers. ' + ' '.join(told))


def times(words):
    return words.replace('*', '\N{MULTIPLICATION SIGN}')


def height_of(lines):
    return PADDING + LINE * max(len(lines), 1)


def row(drawing, y, name, lines, setting):
    """Draw one layer: its name, the box of the file, that of the code."""
    height = height_of(lines)
    base = y + height / 2 + 5
    text(drawing, name, 0, base, anchor='start')
    kind = 'file' if lines else 'empty'
    box(drawing, kind, LEFT, y, MIDDLE - 8 - LEFT, height)
    box(drawing, 'code', MIDDLE, y, WIDTH - 1 - MIDDLE, height)
    middle = (LEFT + MIDDLE - 8) / 2
    for i, line in enumerate(lines):
        shift = LINE * (i - (len(lines) - 1) / 2)
        text(drawing, times(line), middle, base + shift)
    text(drawing, times(setting), (MIDDLE + WIDTH) / 2, base)
