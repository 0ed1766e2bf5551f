"""One look for all figures: colours, letters, boxes, arrows."""

from html import escape

import drawsvg

SANS = 'system-ui, sans-serif'
MONO = 'ui-monospace, Menlo, Consolas, monospace'
SIZE = 14

INK = '#1f2933'
SOFT = '#52606d'
# Fill and line of a box, by what the box stands for.
COLOURS = {
    'values': ('#dceefb', '#2680c2'),
    'waiting': ('#fff3c4', '#cb6e17'),
    'empty': ('#ffffff', '#7b8794'),
    'code': ('#efe8fb', '#724bb7'),
    'file': ('#e3f9e5', '#2f8132'),
    'danger': ('#ffe3e3', '#cf1124'),
}


def canvas(width, height, *, title, desc):
    """Return an empty drawing that says in words what it shows."""
    drawing = drawsvg.Drawing(width, height)
    drawing.append(drawsvg.Raw(f'<title>{escape(title)}</title>'))
    drawing.append(drawsvg.Raw(f'<desc>{escape(desc)}</desc>'))
    return drawing


def text(drawing, words, x, y, *, anchor='middle', mono=False, **style):
    """Write one line, its baseline at y."""
    style = {'fill': INK, 'font_weight': 'normal', **style}
    drawing.append(
        drawsvg.Text(
            words,
            SIZE,
            x,
            y,
            text_anchor=anchor,
            font_family=MONO if mono else SANS,
            xml__space='preserve',
            **style,
        )
    )


def box(drawing, kind, x, y, width, height):
    """Draw a box; what is empty has a dashed line."""
    fill, line = COLOURS[kind]
    dashes = {'stroke_dasharray': '5 4'} if kind == 'empty' else {}
    drawing.append(
        drawsvg.Rectangle(
            x,
            y,
            width,
            height,
            rx=6,
            fill=fill,
            stroke=line,
            stroke_width=1.5,
            **dashes,
        )
    )


def arrow(drawing, start, end, *, line=INK):
    """Draw a straight arrow, level or upright, from start to end."""
    (x, y), (to_x, to_y) = start, end
    along_x, along_y = sign(to_x - x), sign(to_y - y)
    back_x, back_y = to_x - 9 * along_x, to_y - 9 * along_y
    drawing.append(
        drawsvg.Line(x, y, back_x, back_y, stroke=line, stroke_width=2)
    )
    drawing.append(
        drawsvg.Lines(
            *(to_x, to_y),
            *(back_x + 5 * along_y, back_y + 5 * along_x),
            *(back_x - 5 * along_y, back_y - 5 * along_x),
            close=True,
            fill=line,
        )
    )


def sign(number):
    """Return -1, 0 or 1."""
    return (number > 0) - (number < 0)
