"""Find words that are in no dictionary: `python -m authoring.spelling FILE`.

The English dictionary is Hunspell's, read by spylls; `words.txt` holds the
words that the book uses besides.  Code, formulas, addresses and marks are
passed over.
"""

import functools
import itertools
import re
import sys
from pathlib import Path

from spylls.hunspell import Dictionary

from authoring.dialect import read_chapter, without_code
from authoring.findings import Finding, report

OWN_WORDS = Path(__file__).with_name('words.txt')
MAX_SUGGESTIONS = 3
PASSED_OVER = re.compile(
    r'\$\$.*?\$\$|\$[^$]+\$|\]\([^)]*\)|https?://\S+|<[^>]+>'
)
# What is joined to digits, dots or underscores names a thing of a program.
IDENTIFIER = re.compile(r'\S*(?:[^\W\d_][\d_]|[\d_.][^\W\d_])\S*')
CODE_OF_TABLE = re.compile(r'\b[A-Z]+\b')
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
POSSESSIVE = re.compile("'s?$")


def misspelt(chapter):
    """Return a line number and advice for each word in no dictionary."""
    return [
        (number, advice(word))
        for number, line in chapter.text()
        for word in words(line)
        if not known(word)
    ]


def words(line):
    """Return the words of a line of text, without those of code."""
    line = PASSED_OVER.sub(' ', without_code(line))
    if line.startswith('|'):
        line = CODE_OF_TABLE.sub(' ', line)
    return WORD.findall(IDENTIFIER.sub(' ', line))


@functools.cache
def known(word):
    """Return whether a dictionary holds a word, or what owns it: Gluon's."""
    bare = POSSESSIVE.sub('', word)
    return not own_words().isdisjoint({bare, bare.lower()}) or any(
        map(english().lookup, {word, bare})
    )


def advice(word):
    """Return what to do about a word, with the likeliest corrections."""
    likely = ', '.join(suggestions(word)) or 'no suggestion'
    place = f'{OWN_WORDS.parent.name}/{OWN_WORDS.name}'
    return f'unknown word {word!r} ({likely}): mend it, or add it to {place}'


@functools.cache
def suggestions(word):
    """Return a few words that may have been meant; this takes a second."""
    return tuple(itertools.islice(english().suggest(word), MAX_SUGGESTIONS))


@functools.cache
def english():
    """Return the dictionary that comes with spylls; a second to read."""
    return Dictionary.from_files('en_US')


@functools.cache
def own_words():
    """Return the words of the project's own list."""
    return frozenset(OWN_WORDS.read_text('utf-8').split())


def main(files):
    """Check the texts of some Markdown files; return the exit status."""
    chapters = [read_chapter(Path(file), file) for file in files]
    return report(
        [
            Finding(chapter.path, line, text)
            for chapter in chapters
            for line, text in misspelt(chapter)
        ]
    )


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
