"""Read the Markdown of the book: text, fenced blocks, marks, contents.

```{.python .input}    a fence; what follows the backticks is its info
![caption](img/a.svg)  an image, with marks on the lines below it
:label:`sec_a`         a mark: role and target
"""

import dataclasses
import re
from pathlib import Path

FENCE = re.compile(r'(`{3,})(.*)')
MARK = re.compile(r':(\w+):`([^`]*)`')
IMAGE = re.compile(r'!\[([^\]]*)\]\(([^)\s]+)\)')
INLINE_CODE = re.compile(r'(`+)(?!`).+?(?<!`)\1(?!`)')
BIBLIOGRAPHY_KEY = re.compile(r'^@\w+\{([^,\s]+),', re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Block:
    """Lines of text (`info` is None), or the lines within a fence.

    `number` is the line number of the first of `lines`.
    """

    number: int
    info: 'str | None'
    lines: 'tuple[str, ...]'

    def numbered(self):
        """Return pairs of a line number and a line."""
        return list(enumerate(self.lines, self.number))


@dataclasses.dataclass(frozen=True)
class Chapter:
    """A Markdown file; `name` is its path in the book, without suffix."""

    path: Path
    name: str
    blocks: 'tuple[Block, ...]'

    def text(self):
        """Return pairs of a line number and a line outside all fences."""
        texts = [block for block in self.blocks if block.info is None]
        return [pair for block in texts for pair in block.numbered()]

    def cells(self):
        """Return the blocks that d2lbook executes."""
        return [
            block for block in self.blocks if '.input' in (block.info or '')
        ]

    def marks(self):
        """Return each mark's line number, role and target."""
        return [
            (number, *mark.groups())
            for number, line in self.text()
            for mark in MARK.finditer(line)
        ]


@dataclasses.dataclass(frozen=True)
class Book:
    """All chapters of a folder, by name, with what they refer to."""

    folder: Path
    chapters: 'dict[str, Chapter]'
    labels: 'dict[str, list[tuple[Chapter, int]]]'
    keys: 'set[str]'
    listed: 'set[str]'


def read_book(folder):
    """Return the book whose Markdown files lie in a folder."""
    chapters = {}
    for path in sorted(folder.rglob('*.md')):
        name = path.relative_to(folder).with_suffix('').as_posix()
        chapters[name] = read_chapter(path, name)
    bibliography = folder / 'refs.bib'
    entries = (
        bibliography.read_text('utf-8') if bibliography.is_file() else ''
    )
    return Book(
        folder,
        chapters,
        labels_of(chapters.values()),
        set(BIBLIOGRAPHY_KEY.findall(entries)),
        {name for chapter in chapters.values() for name in listed(chapter)},
    )


def read_chapter(path, name):
    """Return a chapter from its file."""
    return Chapter(path, name, blocks(path.read_text('utf-8')))


def blocks(text):
    """Split a chapter at its fences, as d2lbook does."""
    found, lines, start, fence, info = [], [], 1, None, None
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.match(line)
        if match is None or (fence and match[1] != fence):
            lines.append(line)
            continue
        found.append(Block(start, info, tuple(lines)))
        lines, start = [], number + 1
        fence, info = (None, None) if fence else (match[1], match[2].strip())
    return (*found, Block(start, info, tuple(lines)))


def labels_of(chapters):
    """Return where each label stands: its chapters and lines."""
    found = {}
    for chapter in chapters:
        for number, role, target in chapter.marks():
            if role in ('label', 'eqlabel'):
                found.setdefault(target, []).append((chapter, number))
    return found


def listed(chapter):
    """Return the names of the chapters that a chapter's contents list."""
    folder = Path(chapter.name).parent
    return [
        (folder / line.strip()).as_posix()
        for block in chapter.blocks
        if block.info == 'toc'
        for line in block.lines
        if line.strip() and not line.startswith(':')
    ]


def without_code(line):
    """Blank out a line's marks and inline code; the rest keeps its place."""
    for pattern in MARK, INLINE_CODE:
        line = pattern.sub(lambda match: ' ' * len(match[0]), line)
    return line
