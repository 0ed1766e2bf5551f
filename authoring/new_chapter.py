"""Begin a chapter: `python -m authoring.new_chapter NAME TITLE`.

It writes a chapter that builds, with its solutions, lists both, and stores
their outputs.  With `--discussion`, a QR code leads to that address.
"""

import argparse
import re
import string
import subprocess
import sys
from pathlib import Path

from authoring.dialect import listed, read_chapter
from figures import qr_codes

CHAPTERS = Path('chapters')
SKELETON = Path(__file__).with_name('skeleton')
NAME = re.compile(r'[a-z][a-z0-9]*(-[a-z0-9]+)*')
ADDRESS = re.compile(r'https://\S+')


def main(arguments=None):
    """Make the files of a chapter; return the exit status."""
    options = parser().parse_args(arguments)
    wrong = mistake(options)
    if wrong:
        sys.exit(f'make chapter: {wrong}')
    list_chapter(options.name, options.part)
    if options.discussion:
        add_discussion(options.name, options.discussion)
    write_chapter(options)
    names = options.name, f'solutions/{options.name}'
    command = [sys.executable, '-m', 'tests.make_references', *names]
    return subprocess.run(command, check=False).returncode


def parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog='python -m authoring.new_chapter')
    parser.add_argument('name', help='of the files: loading-faster')
    parser.add_argument('title', help='of the page: Loading Faster')
    parser.add_argument('--part', help='of the contents: Part II', default='')
    parser.add_argument('--discussion', help='its address', default='')
    return parser


def mistake(options):
    """Return what is wrong with the arguments, or None."""
    name, address = options.name, options.discussion
    if not NAME.fullmatch(name):
        return f'NAME is words like-these in small letters, not {name!r}'
    if (CHAPTERS / f'{name}.md').exists():
        return f'{CHAPTERS / name}.md is there already'
    if not options.title.strip():
        return "TITLE is missing: TITLE='Loading Faster'"
    if address and not ADDRESS.fullmatch(address):
        return (
            f'DISCUSSION is an address that begins with https://: {address}'
        )
    if contents(options.part) is None:
        return f'index.md has no numbered part {options.part!r}'
    return None


def contents(part):
    """Return the list of contents of a part, of the last one by default.

    `part` is a caption or its beginning: 'Part II' for 'Part II: Files'.
    """
    blocks = read_chapter(CHAPTERS / 'index.md', 'index').blocks
    found = [
        block
        for block in blocks
        if block.info == 'toc'
        and ':numbered:' in block.lines
        and any(f'{line}:'.startswith(f':caption: {part}:' if part else ':')
                for line in block.lines)
    ]  # fmt: skip
    return found[-1] if found else None


def list_chapter(name, part):
    """List a chapter in its part, its solutions behind those before it."""
    block = contents(part)
    insert(CHAPTERS / 'index.md', block.number + len(block.lines), name)
    path = CHAPTERS / 'solutions' / 'index.md'
    numbers = {
        line: number
        for block in read_chapter(path, 'solutions/index').blocks
        if block.info == 'toc'
        for number, line in block.numbered()
    }
    order = listed(read_chapter(CHAPTERS / 'index.md', 'index'))
    before = [
        other for other in order[: order.index(name)] if other in numbers
    ]
    last = numbers[before[-1]] if before else max(numbers.values())
    insert(path, last + 1, name)


def insert(path, number, line):
    """Make a text the line of that number in a file."""
    lines = path.read_text('utf-8').splitlines()
    lines.insert(number - 1, line)
    path.write_text('\n'.join(lines) + '\n', 'utf-8')


def add_discussion(name, address):
    """Note where a chapter is discussed, and draw the QR code."""
    with open(CHAPTERS / 'discussions.ini', 'a', encoding='utf-8') as table:
        table.write(f'{name} = {address}\n')
    image = CHAPTERS / 'img' / f'qr_{name}.svg'
    image.write_text(qr_codes.svg(address), 'utf-8')


def write_chapter(options):
    """Write a chapter and its solutions from their skeletons."""
    words = {
        'name': options.name,
        'label': options.name.replace('-', '_'),
        'title': options.title.strip(),
        'address': options.discussion,
    }
    parts = ['chapter', 'discussion'] if options.discussion else ['chapter']
    targets = {
        f'{options.name}.md': parts,
        f'solutions/{options.name}.md': ['solutions'],
    }
    for target, names in targets.items():
        texts = [(SKELETON / f'{n}.md').read_text('utf-8') for n in names]
        text = string.Template(''.join(texts)).substitute(words)
        (CHAPTERS / target).write_text(text, 'utf-8')


if __name__ == '__main__':
    sys.exit(main())
