"""Say in one line what a tool's error means: file, line, what to do.

d2lbook tells of a raising cell in a stack trace; Sphinx warns about lines of
the files that d2lbook made.  Both are led back to the author's Markdown.
"""

import difflib
import re
from pathlib import Path

from d2lbook.library import format_code

from authoring.dialect import read_chapter
from authoring.findings import Finding

COLOUR = re.compile(r'\x1b\[[\d;]*m')
TASK = re.compile(
    r'Task Evaluating (?P<path>\S+) exited with error: '
    r'.*?\n-+\n(?P<cell>.*?)\n-+\n(?P<trace>.*?)\n\n\nTraceback ',
    re.DOTALL,
)
TRACE_LINE = re.compile(r'line (\d+)')
WARNING = re.compile(
    r'(?P<path>/[^:\n]+):(?:docstring of [^:]+:)?(?P<line>\d*):\s*'
    r'(?P<text>.*)',
    re.DOTALL,
)
QUOTED = re.compile(r"""['"`]([^'"`]+)['"`]|(img/\S+)""")


def raising_cells(error):
    """Return a finding for each cell that d2lbook reports as raising."""
    tasks = list(TASK.finditer(COLOUR.sub('', error)))
    if not tasks:
        return [Finding(Path('chapters'), 0, last_line(error))]
    return [raising_cell(**task.groupdict()) for task in tasks]


def raising_cell(path, cell, trace):
    """Return the finding for a cell, at the line that raised."""
    match = TRACE_LINE.search(trace)
    start = start_of(read_chapter(Path(path), path), cell)
    line = start + int(match[1]) - 1 if match and start else start
    text = f'{last_line(trace)}: mend the cell, or catch the exception'
    return Finding(Path(path), line, text)


def start_of(chapter, code):
    """Return the number of the line where a cell's code starts, or 0."""
    for cell in chapter.cells():
        if format_code('\n'.join(cell.lines)) == code.strip():
            return next(n for n, line in cell.numbered() if line.strip())
    return 0


def last_line(text):
    """Return the last line of a text that is not empty."""
    return text.strip().rpartition('\n')[2].strip()


def warning(error, pages, chapters):
    """Return the finding for the warning that has stopped Sphinx.

    `pages` is the folder of the files that Sphinx read, `chapters` that of
    their sources.
    """
    match = WARNING.match(COLOUR.sub('', error))
    if match is None:
        return Finding(chapters, 0, error.strip())
    read, text = Path(match['path']), match['text'].strip()
    number = int(match['line'] or 0)
    if not read.is_relative_to(pages):
        return Finding(read, number, text)
    source = chapters / read.relative_to(pages).with_suffix('.md')
    return Finding(source, line_of(source, read, number, text), text)


def line_of(source, read, number, text):
    """Return the line of a source that a warning is about, or 0.

    It holds what the warning quotes, or else it is the one most like the
    line that Sphinx read.
    """
    lines = source.read_text('utf-8').splitlines()
    quoted = [word for pair in QUOTED.findall(text) for word in pair if word]
    for word in quoted:
        found = [n for n, line in enumerate(lines, 1) if word in line]
        if found:
            return found[0]
    if not number:
        return 0
    wanted = read.read_text('utf-8').splitlines()[number - 1]
    likely = difflib.get_close_matches(wanted, lines, 1)
    return lines.index(likely[0]) + 1 if likely else 0
