"""Store anew the outputs that the chapters are compared with.

Run as `python -m tests.make_references [CHAPTER ...]`.  Every chapter is
executed twice: once to store its outputs, once to see that they come again.
"""

import sys

import nbformat
import pytest

from tests.chapters import (
    REFERENCES,
    executable,
    name_of,
    reference_of,
    unexecuted,
)

TEST = 'tests/test_chapters.py::test_outputs_equal_the_reference'


def main(names):
    chosen = [s for s in executable() if not names or name_of(s) in names]
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
