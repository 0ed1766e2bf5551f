"""Draw what is known of four parameters in three moments."""

from figures.style import SOFT, box, canvas, text

NAMES = [
    ('hidden', 'weight'),
    ('hidden', 'bias'),
    ('output', 'weight'),
    ('output', 'bias'),
]
# Moment, what it means, and (kind of box, shape) of each parameter.
MOMENTS = [
    (
        'net = MLP()',
        'no values; 0 stands for an unknown number',
        [
            ('empty', '(256, 0)'),
            ('empty', '(256,)'),
            ('empty', '(10, 0)'),
            ('empty', '(10,)'),
        ],
    ),
    (
        'net.initialize()',
        'known shapes get values, the others wait',
        [
            ('waiting', '(256, 0)'),
            ('values', '(256,)'),
            ('waiting', '(10, 0)'),
            ('values', '(10,)'),
        ],
    ),
    (
        'net(X)',
        'a batch of shape (2, 20): all have values',
        [
            ('values', '(256, 20)'),
            ('values', '(256,)'),
            ('values', '(10, 256)'),
            ('values', '(10,)'),
        ],
    ),
]
DESC = (
    'Four parameters in three moments. After MLP() none has values and both '
    'weights lack their number of inputs; after initialize() the two biases '
    'have values and the weights, (256, 0) and (10, 0), wait; after a batch '
    'of shape (2, 20) the weights are (256, 20) and (10, 256) and all have '
    'values.'
)


def svg():
    """Return the figure: a row of boxes for each moment."""
    drawing = canvas(436, 376, title='When parameters get values', desc=DESC)
    for column, (layer, name) in enumerate(NAMES):
        centre = 59 + 106 * column
        text(drawing, layer, centre, 20, fill=SOFT)
        text(drawing, name, centre, 38, fill=SOFT)
    for row, moment in enumerate(MOMENTS):
        panel(drawing, 54 + 114 * row, *moment)
    return drawing.as_svg()


def panel(drawing, y, code, meaning, parameters):
    text(drawing, code, 8, y + 16, anchor='start', mono=True)
    text(drawing, meaning, 8, y + 37, anchor='start')
    for column, (kind, shape) in enumerate(parameters):
        x = 8 + 106 * column
        box(drawing, kind, x, y + 48, 102, 38)
        text(drawing, shape, x + 51, y + 72, mono=True)
