"""Give a notebook whose text alone has changed its outputs without a run.

d2lbook executes a chapter whenever its file is newer than its notebook.
Where all cells are as they were, the outputs are, too.
"""

from pathlib import Path

import nbformat
from d2lbook.library import format_code_nb
from d2lbook.notebook import read_markdown


def reuse_outputs(builder):
    """Write the notebooks of all chapters that need no run.

    `builder` is d2lbook's; it then finds these notebooks up to date.
    """
    _, _, dependencies = builder._find_md_files()
    newest = max((Path(d).stat().st_mtime for d in dependencies), default=0)
    outdated, _ = builder._get_updated_md_files()
    for source, target in outdated:
        target = Path(target)
        if target.is_file() and target.stat().st_mtime >= newest:
            rewrite_text(Path(source), target)


def rewrite_text(source, target):
    """Write a notebook anew from its source, if its cells are the same."""
    notebook = format_code_nb(read_markdown(source.read_text('utf-8')))
    if carry_over(nbformat.read(target, 4), notebook):
        notebook.metadata['language_info'] = {'name': 'python'}
        target.write_text(nbformat.writes(notebook), 'utf-8')


def carry_over(executed, notebook):
    """Give a notebook the outputs of one with the same code.

    Returns:
        Whether the code is the same; else nothing is changed.
    """
    old, new = cells(executed), cells(notebook)
    if [cell.source for cell in old] != [cell.source for cell in new]:
        return False
    for before, now in zip(old, new):
        now.update(before)
    return True


def cells(notebook):
    """Return the code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == 'code']
