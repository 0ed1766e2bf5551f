"""The traps of the dialect, one function each.

A rule takes a chapter and its book, and returns pairs of a line number and a
text that says what is wrong and what to do.
"""

import re

from d2lbook.library import format_code

from authoring.dialect import IMAGE, MARK, without_code
from theme.figures import description

MAX_COLUMNS = 78
MAX_LINES = 12
REFERENCES = 'ref', 'numref', 'eqref'
SPHINXS_LABELS = 'genindex', 'modindex', 'search'
CITATIONS = 'cite', 'citet', 'citep'
PREFIXES = 'sec_', 'fig_', 'tab_', 'eq_'
MARKS = {
    *REFERENCES, *CITATIONS, 'label', 'eqlabel', 'width', 'height',
    'bibliography', 'class', 'func', 'mod',
}  # fmt: skip
LABEL = re.compile(r'[\w.\-/]+')
DEAD_LINK = re.compile(r'(?<!!)\[[^\]]*\]\(([^)\s]+\.md)(#[^)]*)?\)')
EMPHASIS = re.compile(
    r'(?<![*\w])(\*{1,2})(?=[^\s*])(.+?)(?<=[^\s*])\1(?!\*)'
)
# d2lbook counts the GPUs that a cell needs by these words.
GPU = re.compile(r"gpu\((0|1)?\)|try_all_gpus|device\('(cuda|/GPU)|gpus=\d")


def dead_link(chapter, book):
    """A link to a Markdown file leads nowhere on the page."""
    return [
        (number, f'link to {link[1]}: refer to its label by :numref:')
        for number, line in chapter.text()
        for link in DEAD_LINK.finditer(without_code(line))
    ]


def reference_in_table(chapter, book):
    """A mark in the cell of a table is broken by the table's columns."""
    return [
        (number, f':{mark[1]}: in a table: put it into the text around it')
        for number, line in chapter.text()
        for mark in MARK.finditer(line)
        if line.startswith('|')
    ]


def lonely_numref(chapter, book):
    """A :numref: that fills a line is lost."""
    return [
        (number, 'a line of :numref: alone: join it to the sentence')
        for number, line in chapter.text()
        for mark in MARK.finditer(line)
        if mark[1] == 'numref' and mark[0] == line.strip(' .')
    ]


def missing_image(chapter, book):
    """An image's file is there."""
    return [
        (number, f'no file {name}: draw it by `make figures`')
        for number, _, name in images(chapter)
        if not (chapter.path.parent / name).is_file()
    ]


def missing_description(chapter, book):
    """An image says in its file what a reader who cannot see it needs."""
    return [
        (number, f'no alternative text: add <desc> to {name}')
        for number, _, name in images(chapter)
        if (chapter.path.parent / name).is_file()
        and not description(chapter.path.parent / name)
    ]


def width_without_caption(chapter, book):
    """An image without a caption is no figure that takes marks."""
    lines = dict(chapter.text())
    return [
        (number + 1, 'mark under an image without caption: give it one')
        for number, caption, _ in images(chapter)
        if not caption and MARK.match(lines.get(number + 1, ''))
    ]


def images(chapter):
    """Return each image's line number, caption and file name."""
    return [
        (number, *image.groups())
        for number, line in chapter.text()
        for image in IMAGE.finditer(without_code(line))
        if '://' not in image[2]
    ]


def stored_output(chapter, book):
    """Outputs come from running the cells, never from the source."""
    return [
        (block.number - 1, 'stored output: delete it, the build runs cells')
        for block in chapter.blocks
        if '.output' in (block.info or '')
    ]


def quotation_after_cell(chapter, book):
    """A quotation below a cell becomes a part of the cell's output."""
    found, cells = [], chapter.cells()
    for cell, below in zip(chapter.blocks, chapter.blocks[1:]):
        said = [pair for pair in below.numbered() if pair[1].strip()]
        if cell in cells and said and said[0][1].startswith('>'):
            advice = 'put a sentence between them'
            found.append((said[0][0], f'quotation below a cell: {advice}'))
    return found


def long_line(chapter, book):
    """Code fits the width of a page."""
    return [
        (number, f'code of {len(line)} columns: at most {MAX_COLUMNS}')
        for block in chapter.blocks
        if block.info is not None and block.info != 'toc'
        for number, line in block.numbered()
        if len(line) > MAX_COLUMNS
    ]


def long_cell(chapter, book):
    """A cell holds one idea; empty lines and imports do not count."""
    sizes = [(cell, code_lines(cell)) for cell in chapter.cells()]
    return [
        (cell.number, f'cell of {size} lines: split it, at most {MAX_LINES}')
        for cell, size in sizes
        if size > MAX_LINES
    ]


def code_lines(cell):
    """Return how many lines of a cell hold code that is no import."""
    lines = [line for line in cell.lines if line.strip()]
    return sum(not line.startswith(('import ', 'from ')) for line in lines)


def unsorted_imports(chapter, book):
    """A cell is shown as isort would write it, but for empty lines."""
    found = []
    for cell in chapter.cells():
        shown = format_code('\n'.join(cell.lines))
        lines = [pair for pair in cell.numbered() if pair[1].strip()]
        pairs = zip(lines, filter(None, shown.splitlines()))
        changed = [n for (n, line), new in pairs if line.rstrip() != new]
        if changed:
            advice = 'sort the imports, those of d2l_rw in another cell'
            found.append((changed[0], f'isort changes this cell: {advice}'))
    return found


def gpu_words(chapter, book):
    """A word for a GPU in a cell stops the build where there is none."""
    return [
        (number, f'd2lbook asks for a GPU: write no {word[0]!r} in a cell')
        for cell in chapter.cells()
        for number, line in cell.numbered()
        for word in GPU.finditer(line)
    ]


def ignored_tag(chapter, book):
    """d2lbook ignores the tag that lets a cell raise."""
    return [
        (
            cell.number - 1,
            'raises-exception is ignored: catch the exception and print it',
        )
        for cell in chapter.cells()
        if 'raises-exception' in cell.info
    ]


def code_in_emphasis(chapter, book):
    """Emphasis knows no code: its backticks would show on the page."""
    return [
        (number, f'code within emphasis: end the asterisks before {code[0]}')
        for number, line in chapter.text()
        for emphasis in EMPHASIS.finditer(line)
        for code in re.finditer(r'`[^`]+`', emphasis[2])
        if line[: emphasis.start()].count('`') % 2 == 0
    ]


def unknown_mark(chapter, book):
    """d2lbook drops a mark that it does not know, without an error."""
    return [
        (number, f'no mark :{role}: in the dialect: mend it')
        for number, role, _ in chapter.marks()
        if role not in MARKS
    ]


def label_form(chapter, book):
    """A label says what it names, in characters that d2lbook knows."""
    return [
        (
            number,
            f'label {label!r}: begin it with one of {PREFIXES}, use '
            'letters, digits, _ - . / alone',
        )
        for number, role, label in chapter.marks()
        if role == 'label'
        and not (label.startswith(PREFIXES) and LABEL.fullmatch(label))
    ]


def duplicate_label(chapter, book):
    """A label names one place."""
    found = []
    for label, places in book.labels.items():
        first, line = places[0]
        for other, number in places[1:]:
            if other == chapter:
                found.append(
                    (
                        number,
                        f'label {label!r} is that of '
                        f'{first.path}:{line} too: rename one',
                    )
                )
    return found


def unknown_label(chapter, book):
    """A reference leads to a label."""
    return [
        (
            number,
            f'no label {target!r} in the book: mend it, or set the label',
        )
        for number, role, target in chapter.marks()
        if role in REFERENCES
        and target not in {*book.labels, *SPHINXS_LABELS}
    ]


def unknown_citation(chapter, book):
    """A citation leads to the bibliography."""
    return [
        (number, f'no entry {key.strip()!r} in refs.bib: add it there')
        for number, role, target in chapter.marks()
        if role in CITATIONS
        for key in target.split(',')
        if key.strip() not in book.keys
    ]


def unlisted_chapter(chapter, book):
    """Every page but the first is in the contents."""
    known = chapter.name in {'index', *book.listed}
    if known or chapter.name not in book.chapters:
        return []
    return [(1, 'in no contents: list it in index.md')]


# What these find, the build stops at.
STOPPING = (
    duplicate_label,
    missing_description,
    missing_image,
    unknown_citation,
    unknown_label,
    unlisted_chapter,
)
RULES = (
    *STOPPING,
    code_in_emphasis,
    dead_link,
    gpu_words,
    ignored_tag,
    label_form,
    lonely_numref,
    long_cell,
    long_line,
    quotation_after_cell,
    reference_in_table,
    stored_output,
    unknown_mark,
    unsorted_imports,
    width_without_caption,
)
