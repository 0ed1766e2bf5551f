"""Draw the graph of an exported network, numbered as in its file."""

from figures.style import SOFT, arrow, box, canvas, text

# Operator with its number, what it was told, and the parameters it reads:
# (kind of box, number, name).
OPERATORS = [
    (
        '3 FullyConnected',
        'num_hidden: 256',
        [('values', '1 hidden_weight'), ('values', '2 hidden_bias')],
    ),
    ('4 Activation', 'act_type: relu', []),
    (
        '9 BatchNorm',
        'eps: 1e-05',
        [
            ('values', '5 norm_gamma'),
            ('values', '6 norm_beta'),
            ('waiting', '7 norm_running_mean'),
            ('waiting', '8 norm_running_var'),
        ],
    ),
    ('10 Dropout', 'p: 0.5', []),
    (
        '13 FullyConnected',
        'num_hidden: 10',
        [('values', '11 output_weight'), ('values', '12 output_bias')],
    ),
]
DESC = (
    'Fourteen numbered nodes. Node 0, the input data, leads through five '
    'operators: 3 FullyConnected with 256 units, 4 Activation relu, '
    '9 BatchNorm, 10 Dropout and 13 FullyConnected with 10 units, whose '
    'output is the head. Parameters lead into operators from the left: '
    '1 hidden_weight and 2 hidden_bias into 3; 5 norm_gamma and 6 norm_beta, '
    'and the auxiliary states 7 norm_running_mean and 8 norm_running_var, '
    'into 9; 11 output_weight and 12 output_bias into 13.'
)
LEFT, RIGHT, WIDTH = 8, 256, 172
PITCH, HEIGHT, GAP = 34, 28, 24
CENTRE = RIGHT + WIDTH / 2


def svg():
    """Return the figure: parameters on the left, operators on the right."""
    drawing = canvas(436, 540, title='The graph in the file', desc=DESC)
    box(drawing, 'empty', RIGHT, 8, WIDTH, HEIGHT)
    text(drawing, '0 data', CENTRE, 27, mono=True)
    y = 8 + HEIGHT
    for name, attribute, parameters in OPERATORS:
        arrow(drawing, (CENTRE, y), (CENTRE, y + GAP))
        y = operator(drawing, y + GAP, name, attribute, parameters)
    arrow(drawing, (CENTRE, y), (CENTRE, y + GAP))
    text(drawing, 'head', CENTRE, y + GAP + 14, fill=SOFT)
    return drawing.as_svg()


def operator(drawing, y, name, attribute, parameters):
    """Draw an operator and what leads into it; return where it ends."""
    height = PITCH * max(len(parameters), 1) + HEIGHT - PITCH
    height = max(height, 44)
    box(drawing, 'code', RIGHT, y, WIDTH, height)
    text(drawing, name, CENTRE, y + height / 2 - 4, mono=True)
    text(drawing, attribute, CENTRE, y + height / 2 + 14, fill=SOFT)
    for row, (kind, words) in enumerate(parameters):
        top = y + PITCH * row
        level = top + HEIGHT / 2
        box(drawing, kind, LEFT, top, WIDTH + 12, HEIGHT)
        text(drawing, words, LEFT + 10, top + 19, anchor='start', mono=True)
        arrow(drawing, (LEFT + WIDTH + 12, level), (RIGHT, level))
    return y + height
