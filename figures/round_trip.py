"""Draw the way of parameters from a network through a file to another."""

from figures.style import COLOURS, SOFT, arrow, box, canvas, text

ARRAYS = [
    ('hidden.weight', '(256, 20)'),
    ('hidden.bias', '(256,)'),
    ('output.weight', '(10, 256)'),
    ('output.bias', '(10,)'),
]
DESC = (
    'Network A writes its four arrays, each with its name and shape, into '
    'the file mlp.params by save_parameters, and network B reads them by '
    'load_parameters. The class MLP, with its layers, ReLU and forward, '
    'reaches both networks as source code and never enters the file.'
)


def svg():
    """Return the figure: the networks and the file below each other."""
    drawing = canvas(
        436, 438, title='The round trip of parameters', desc=DESC
    )
    network(drawing, 'network A', 8)
    arrow(drawing, (136, 72), (136, 140))
    text(drawing, 'save_parameters', 146, 111, anchor='start', mono=True)
    file(drawing, 142)
    arrow(drawing, (136, 296), (136, 364))
    text(drawing, 'load_parameters', 146, 335, anchor='start', mono=True)
    network(drawing, 'network B', 366)
    source_code(drawing)
    return drawing.as_svg()


def network(drawing, name, y):
    box(drawing, 'values', 8, y, 256, 64)
    text(drawing, name, 136, y + 26, font_weight='bold')
    text(drawing, 'four arrays, with values', 136, y + 48)


def file(drawing, y):
    box(drawing, 'file', 8, y, 256, 154)
    text(drawing, 'the file mlp.params', 136, y + 28, font_weight='bold')
    for i, (name, shape) in enumerate(ARRAYS):
        baseline = y + 58 + 25 * i
        text(drawing, name, 24, baseline, anchor='start', mono=True)
        text(drawing, shape, 248, baseline, anchor='end', mono=True)


def source_code(drawing):
    """Draw what goes another way: the class, on the right of all."""
    box(drawing, 'code', 312, 8, 116, 422)
    words = ['class MLP', 'layers', 'ReLU', 'forward']
    text(drawing, 'source code', 370, 128, font_weight='bold')
    for i, word in enumerate(words):
        text(drawing, word, 370, 160 + 25 * i, mono=i in (0, 3))
    text(drawing, 'not in', 370, 278, fill=SOFT)
    text(drawing, 'the file', 370, 298, fill=SOFT)
    for y in (40, 398):
        arrow(drawing, (312, y), (266, y), line=COLOURS['code'][1])
