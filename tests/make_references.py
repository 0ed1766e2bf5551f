"""Store anew the outputs that the chapters are compared with.

Run as `python -m tests.make_references [--text] [CHAPTER ...]`.  Every
chapter is executed twice: once to store its outputs, once to see that they
come again.  With `--text` nothing is executed: chapters whose code is that of
their references give them their text, and the others are named.
"""

import sys

import nbformat
import pytest

from tests.chapters import (
    REFERENCES,
    code_cells,
    executable,
    name_of,
    reference_of,
    unexecuted,
)

TEST = 'tests/test_chapters.py::test_outputs_equal_the_reference'


def main(arguments):
    names = [name for name in arguments if name != '--text']
    chosen = [s for s in executable() if not names or name_of(s) in names]
    if '--text' in arguments:
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
    new = code_cells(notebook)
    old = code_cells(nbformat.read(reference, 4))
    if [cell.source for cell in new] != [cell.source for cell in old]:
        return False
    for cell, stored in zip(new, old):
        cell.update(stored)
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
