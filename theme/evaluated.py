"""Find the notebook that stands behind a page.

d2lbook leaves the executed notebooks in `eval/` beside the folder that Sphinx
reads.
"""

from pathlib import Path

import nbformat


def executed(app, docname):
    """Return the page's executed notebook, or None if it holds no code."""
    path = Path(app.srcdir).parent / 'eval' / f'{docname}.ipynb'
    if not path.is_file():
        return None
    notebook = nbformat.read(path, as_version=4)
    return notebook if code(notebook) else None


def code(notebook):
    """Return the text of a notebook's code cells."""
    cells = [cell for cell in notebook.cells if cell.cell_type == 'code']
    return '\n'.join(cell.source for cell in cells)
