"""The picture that chats and feeds show beside a link to the book.

They take no SVG, so that this is the one image made of pixels.
"""

from PIL import Image, ImageDraw, ImageFont

from figures.mark import BLUE, NUMBERS, WHITE

SIZE = 1200, 630
PALE = '#c9dff2'
LINES = (
    # text, size, height of its middle
    ('Reading and Storage', 92, 270),
    ('Save arrays and models. Load them safely, anywhere.', 40, 370),
    ('Executed chapters, with exercises and solutions', 32, 540),
)
MARK = 96, 70  # the upper left corner of the mark's grid of numbers
SCALE = 9


def image():
    """Return the card: the grid of the mark above the title."""
    card = Image.new('RGB', SIZE, BLUE)
    draw = ImageDraw.Draw(card)
    draw_numbers(draw)
    for text, size, y in LINES:
        font = ImageFont.load_default(size)  # it comes with Pillow
        colour = WHITE if size > 50 else PALE
        draw.text((96, y), text, colour, font, anchor='lm')
    draw.rectangle((96, 450, 1104, 454), PALE)
    return card


def draw_numbers(draw):
    """Draw the squares of the mark."""
    left, top = MARK
    first_x, first_y = NUMBERS[0]
    for x, y in NUMBERS:
        x, y = left + SCALE * (x - first_x), top + SCALE * (y - first_y)
        draw.rectangle((x, y, x + 4 * SCALE, y + 4 * SCALE), WHITE)
