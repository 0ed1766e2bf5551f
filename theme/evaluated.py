"""Find the notebook that stands behind a page.

d2lbook leaves the executed notebooks in `eval/` beside the folder that Sphinx
reads.
"""

import functools
from pathlib import Path

import nbformat


def executed(app, docname):
    """Return the page's executed notebook, or None if it holds no code."""
    path = path_of(app, docname)
    if not path.is_file():
        return None
    notebook = nbformat.read(path, as_version=4)
    return notebook if code(notebook) else None


def is_executed(app, docname):
    """Return whether there is an executed notebook behind a page."""
    path = path_of(app, docname)
    return path.is_file() and has_code(path, path.stat().st_mtime_ns)


@functools.cache
def has_code(path, changed):
    """Return whether a notebook, as it was changed last, holds code."""
    return bool(code(nbformat.read(path, as_version=4)))


def path_of(app, docname):
    """Return where d2lbook leaves a page's notebook."""
    return Path(app.srcdir).parent / 'eval' / f'{docname}.ipynb'


def code(notebook):
    """Return the text of a notebook's code cells."""
    cells = [cell for cell in notebook.cells if cell.cell_type == 'code']
    return '\n'.join(cell.source for cell in cells)
