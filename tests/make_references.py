"""Store anew the outputs that the chapters are compared with.

Run as `python -m tests.make_references [--text] [CHAPTER ...]`.  Every
chapter is executed twice: once to store its outputs, once to see that they
come again.  With `--text` nothing is executed: chapters whose code is that of
their references give them their text, and the others are named.
"""

import argparse
import sys

import nbformat
import pytest

from authoring.reuse import carry_over
from tests.chapters import (
    REFERENCES,
    executable,
    name_of,
    reference_of,
    unexecuted,
)

TEST = 'tests/test_chapters.py::test_outputs_equal_the_reference'


def main(arguments):
    options = parser().parse_args(arguments)
    names = set(options.chapters) or set(map(name_of, executable()))
    chosen = [source for source in executable() if name_of(source) in names]
    if options.text:
        return renew_texts(chosen)
    for source in chosen:
        reference = reference_of(source)
        reference.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(unexecuted(source), reference)
    delete_orphans()
    tests = [f'{TEST}[{name_of(source)}]' for source in chosen]
    # The plugin reports a failure for each notebook that it stores.
    pytest.main(['-q', '--no-header', '--tb=no', '--nb-force-regen', *tests])
    for source in chosen:
        drop_timestamps(reference_of(source))
    return pytest.main(['-q', *tests])


def parser():
    """Return the reader of the command line."""
    made = argparse.ArgumentParser(prog='python -m tests.make_references')
    made.add_argument('--text', action='store_true', help='execute nothing')
    made.add_argument(
        'chapters',
        nargs='*',
        type=chapter,
        help='as read-write; all of them, if none is named',
    )
    return made


def chapter(name):
    """Return the name of a chapter with code, or refuse it."""
    if name not in map(name_of, executable()):
        raise argparse.ArgumentTypeError(f'no chapter with code: {name}')
    return name


def renew_texts(chosen):
    """Renew the texts of references; return 1 if code stands against it."""
    changed = [s for s in chosen if not renew_text(s, reference_of(s))]
    for source in changed:
        print(f'{name_of(source)}: its code is not that of its reference')
    return 1 if changed else 0


def renew_text(source, reference):
    """Give a reference its chapter's text, and return whether it could be.

    It can if the code is the same: the outputs are then those of the code.
    """
    if not reference.is_file():
        return False
    notebook = unexecuted(source)
    if not carry_over(nbformat.read(reference, 4), notebook):
        return False
    notebook.metadata.clear()
    nbformat.write(notebook, reference)
    return True


def delete_orphans():
    """Delete the references of chapters that are gone."""
    expected = {reference_of(source) for source in executable()}
    for reference in set(REFERENCES.rglob('*.ipynb')) - expected:
        reference.unlink()


def drop_timestamps(path):
    """Keep what would change with every run out of a stored notebook."""
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        cell.metadata.pop('execution', None)
    notebook.metadata.clear()
    nbformat.write(notebook, path)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
