"""Draw how pages of a file reach programs: copied, or mapped."""

from figures.style import SOFT, arrow, box, canvas, text

DESC = (
    'Three boxes above each other: the file on the disk, the page cache, '
    'which is memory of the operating system, and programs. Pages move from '
    'the file into the page cache when they are first touched. Program A, '
    'which reads, gets a copy of them in memory of its own. Programs B and '
    'C, which map, have addresses without memory, and these show the pages '
    'in the cache.'
)
TOP, CACHE, DISK = 8, 150, 284
MAPPED = [('program B: map', 166), ('program C: map', 302)]


def svg():
    """Return the figure: programs above, the file below."""
    drawing = canvas(
        436, 340, title='Reading copies, mapping shows', desc=DESC
    )
    box(drawing, 'values', 8, TOP, 126, 64)
    text(drawing, 'program A: read', 71, TOP + 27)
    text(drawing, 'its own copy', 71, TOP + 48, fill=SOFT)
    for words, x in MAPPED:
        box(drawing, 'empty', x, TOP, 126, 64)
        text(drawing, words, x + 63, TOP + 27)
        text(drawing, 'addresses only', x + 63, TOP + 48, fill=SOFT)
        arrow(drawing, (x + 63, TOP + 66), (x + 63, CACHE - 2))
    text(drawing, 'the same pages', 297, TOP + 110)
    arrow(drawing, (71, CACHE), (71, TOP + 66))
    text(drawing, 'copy', 80, TOP + 110, anchor='start')
    box(drawing, 'values', 8, CACHE, 420, 64)
    text(drawing, 'page cache', 218, CACHE + 27, font_weight='bold')
    text(drawing, 'memory of the operating system', 218, CACHE + 48)
    arrow(drawing, (218, DISK), (218, CACHE + 66))
    text(
        drawing, 'pages, when first touched', 228, CACHE + 105, anchor='start'
    )
    box(drawing, 'file', 8, DISK, 420, 48)
    text(drawing, 'the file on the disk', 218, DISK + 29, font_weight='bold')
    return drawing.as_svg()
