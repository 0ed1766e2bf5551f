"""Check the chapters: `python -m authoring.lint [--book FOLDER] [FILE ...]`.

Without files, every chapter of the folder (`chapters`) is checked.
"""

import argparse
import sys
from pathlib import Path

from authoring.dialect import read_book, read_chapter
from authoring.findings import Finding, report
from authoring.rules import RULES
from authoring.spelling import misspelt


def main(arguments=None):
    """Print each finding as file, line and advice; return the exit status."""
    options = parser().parse_args(arguments)
    book = read_book(options.book)
    chapters = chosen(book, options.files)
    return report(
        [finding for chapter in chapters for finding in check(chapter, book)]
    )


def parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog='python -m authoring.lint')
    parser.add_argument('files', nargs='*', type=Path, metavar='FILE')
    parser.add_argument('--book', type=Path, default=Path('chapters'))
    return parser


def chosen(book, files):
    """Return the chapters of some files, or all where none is named."""
    known = {
        chapter.path.resolve(): chapter for chapter in book.chapters.values()
    }
    return [
        known.get(file.resolve()) or read_chapter(file, file.stem)
        for file in files
    ] or list(book.chapters.values())


def check(chapter, book):
    """Return what the rules and the dictionaries find in a chapter."""
    found = [
        (line, f'{text} ({rule.__name__})')
        for rule in RULES
        for line, text in rule(chapter, book)
    ]
    return [
        Finding(chapter.path, line, text)
        for line, text in found + misspelt(chapter)
    ]


if __name__ == '__main__':
    sys.exit(main())
