"""References get a chapter's new text without a run, and never new code."""

import nbformat
import pytest

from tests.chapters import code_cells, problems, unexecuted
from tests.make_references import renew_text

CHAPTER = """# Title

Old text.

```{.python .input}
6 * 7
```
"""


@pytest.fixture
def chapter(tmp_path):
    """A chapter and its reference, which holds an output."""
    source, reference = tmp_path / 'a.md', tmp_path / 'a.ipynb'
    source.write_text(CHAPTER)
    notebook = unexecuted(source)
    (cell,) = code_cells(notebook)
    cell.outputs = [nbformat.v4.new_output('stream', text='42')]
    nbformat.write(notebook, reference)
    return source, reference


def test_new_text_keeps_the_outputs(chapter):
    source, reference = chapter
    source.write_text(CHAPTER.replace('Old text.', 'New.\n\n## Section'))
    assert renew_text(source, reference)
    notebook = nbformat.read(reference, 4)
    assert code_cells(notebook)[0].outputs[0].text == '42'
    assert 'New.' in notebook.cells[0].source
    assert problems(source.parent, reference.parent) == []


def test_new_code_is_refused(chapter):
    source, reference = chapter
    stored = reference.read_bytes()
    source.write_text(CHAPTER.replace('6 * 7', '7 * 6'))
    assert not renew_text(source, reference)
    assert reference.read_bytes() == stored


def test_missing_reference_is_refused(chapter):
    source, reference = chapter
    reference.unlink()
    assert not renew_text(source, reference)
