"""The book's mark: an arrow from a grid of numbers down into a disk."""

import drawsvg

from figures import style

BLUE = '#1f4e79'
WHITE = '#ffffff'
SIZE = 32
ARROW = 'M14.5 11h3v5h3.5L16 21l-5-5h3.5z'
DISK = (
    'M6 20v4c0 2.2 4.5 4 10 4s10-1.8 10-4v-4'
    'c-1.7 1.9-5.5 3-10 3s-8.3-1.1-10-3z'
)
# Corners of the squares, which are 4 wide.
NUMBERS = (8, 5), (14, 5), (20, 5)


def svg():
    """Return the mark, which is also the icon of the browser's tab."""
    drawing = style.canvas(
        SIZE,
        SIZE,
        title='Reading and Storage',
        desc='An arrow from a grid of numbers down into a disk.',
    )
    drawing.append(drawsvg.Rectangle(0, 0, SIZE, SIZE, rx=7, fill=BLUE))
    for x, y in NUMBERS:
        drawing.append(drawsvg.Rectangle(x, y, 4, 4, fill=WHITE))
    for shape in ARROW, DISK:
        drawing.append(drawsvg.Path(shape, fill=WHITE))
    return drawing.as_svg()
