"""Chapters as the notebooks that d2lbook makes of them."""

from pathlib import Path

import nbformat
from d2lbook.library import format_code_nb
from d2lbook.notebook import read_markdown

ROOT = Path(__file__).parent.parent
CHAPTERS = ROOT / 'chapters'
REFERENCES = Path(__file__).parent / 'references'


def code_cells(notebook):
    """Return a notebook's code cells, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == 'code']


def unexecuted(source):
    """Return the notebook that d2lbook would execute for a chapter.

    Cells get no identifiers (nbformat 4.4), since d2lbook's reader draws
    them at random.
    """
    notebook = format_code_nb(read_markdown(source.read_text('utf-8')))
    notebook.nbformat, notebook.nbformat_minor = 4, 4
    for cell in notebook.cells:
        cell.pop('id', None)
        cell.metadata.pop('attributes', None)
    return notebook


def executable(folder=CHAPTERS):
    """Return the Markdown files that hold code cells, sorted."""
    return sorted(
        source
        for source in folder.rglob('*.md')
        if code_cells(unexecuted(source))
    )


def reference_of(source, folder=CHAPTERS, references=REFERENCES):
    """Return the path of a chapter's reference notebook."""
    return references / source.relative_to(folder).with_suffix('.ipynb')


def name_of(source):
    """Return a chapter's name within the book: 'solutions/read-write'."""
    return source.relative_to(CHAPTERS).with_suffix('').as_posix()


def problems(folder=CHAPTERS, references=REFERENCES):
    """Return what keeps the references from standing for the chapters.

    Each problem is a line that names a file: a chapter that holds outputs, or
    a reference that is missing, stale or orphaned.
    """
    found = []
    expected = set()
    for source in executable(folder):
        reference = reference_of(source, folder, references)
        expected.add(reference)
        notebook = unexecuted(source)
        if any(cell.outputs for cell in code_cells(notebook)):
            found.append(f'{source.name}: holds outputs')
        if not reference.is_file():
            found.append(f'{source.name}: has no reference')
        elif sources(nbformat.read(reference, 4)) != sources(notebook):
            found.append(f'{source.name}: its reference is stale')
    for reference in set(references.rglob('*.ipynb')) - expected:
        found.append(f'{reference.name}: belongs to no chapter')
    return sorted(found)


def sources(notebook):
    """Return the kinds and texts of a notebook's cells."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]
