"""Every chapter runs by itself, and shows what its reference shows."""

import ast
import inspect
import shutil

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from pytest_notebook.nb_regression import NBRegressionError

from tests.chapters import (
    CHAPTERS,
    code_cells,
    executable,
    name_of,
    problems,
    reference_of,
    unexecuted,
)


@pytest.fixture
def run(nb_regression, tmp_path, monkeypatch):
    """Return a function that executes a notebook alone in empty folders."""
    work, temporary = tmp_path / 'work', tmp_path / 'temporary'
    work.mkdir()
    temporary.mkdir()
    monkeypatch.setenv('TMPDIR', str(temporary))
    nb_regression.exec_cwd = str(work)

    def run(path):
        result = nb_regression.check(path)
        left = [*work.iterdir(), *temporary.iterdir()]
        assert left == [], 'the chapter left files behind'
        return result

    return run


@pytest.mark.parametrize('source', executable(), ids=name_of)
def test_outputs_equal_the_reference(source, run):
    run(reference_of(source))


def test_references_stand_for_the_chapters():
    assert problems() == []


def test_the_class_of_the_chapter_is_the_class_of_the_package():
    from d2l_rw import mlp

    cells = code_cells(unexecuted(CHAPTERS / 'read-write.md'))
    chapter = [cell for cell in cells if cell.source.startswith('class MLP')]
    assert len(chapter) == 1
    assert bare_class(chapter[0].source) == bare_class(inspect.getsource(mlp))


def bare_class(code):
    """Return the code of class MLP without docstrings and annotations."""
    tree = next(
        node
        for node in ast.parse(code).body
        if isinstance(node, ast.ClassDef) and node.name == 'MLP'
    )
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            if ast.get_docstring(node) is not None:
                del node.body[0]
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.unparse(tree)


# What the tests above catch, shown on a book of one chapter.

CHAPTER = """# Title

```{.python .input}
import os
value = 6 * 7
value
```
"""


@pytest.fixture
def one_chapter(tmp_path):
    """A chapter and its reference, in folders of their own."""
    folder, references = tmp_path / 'chapters', tmp_path / 'references'
    folder.mkdir()
    references.mkdir()
    source = folder / 'a.md'
    source.write_text(CHAPTER)
    notebook = unexecuted(source)
    code_cells(notebook)[0].outputs = [
        nbformat.v4.new_output(
            'execute_result', {'text/plain': '42'}, execution_count=1
        )
    ]
    code_cells(notebook)[0].execution_count = 1
    nbformat.write(notebook, references / 'a.ipynb')
    return source, references / 'a.ipynb'


def rewrite(path, old, new):
    """Replace one text in a file, which must hold it."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_unchanged_chapter_passes(one_chapter, run):
    source, reference = one_chapter
    assert problems(source.parent, reference.parent) == []
    run(reference)


def test_changed_output_is_caught(one_chapter, run):
    rewrite(one_chapter[1], '"42"', '"43"')
    with pytest.raises(NBRegressionError, match='43'):
        run(one_chapter[1])


def test_missing_output_is_caught(one_chapter, run):
    notebook = nbformat.read(one_chapter[1], 4)
    code_cells(notebook)[0].outputs = []
    nbformat.write(notebook, one_chapter[1])
    with pytest.raises(NBRegressionError, match='42'):
        run(one_chapter[1])


def test_raising_cell_is_caught(one_chapter, run):
    rewrite(one_chapter[1], 'value = 6 * 7', 'value = 6 / 0')
    with pytest.raises(CellExecutionError, match='ZeroDivisionError'):
        run(one_chapter[1])


def test_file_left_behind_is_caught(one_chapter, run):
    rewrite(one_chapter[1], 'import os', "open('x', 'w').close()")
    with pytest.raises(AssertionError, match='left files behind'):
        run(one_chapter[1])


def test_file_left_in_the_temporary_folder_is_caught(one_chapter, run):
    leave = 'import tempfile; tempfile.mkdtemp()'
    rewrite(one_chapter[1], 'import os', leave)
    with pytest.raises(AssertionError, match='left files behind'):
        run(one_chapter[1])


def test_need_of_another_chapter_is_caught(one_chapter, run):
    rewrite(one_chapter[1], 'import os', "open('from-another-chapter')")
    with pytest.raises(CellExecutionError, match='FileNotFoundError'):
        run(one_chapter[1])


def stale(source, reference):
    rewrite(source, '6 * 7', '7 * 6')


def missing(source, reference):
    reference.unlink()


def orphaned(source, reference):
    shutil.copy(reference, reference.with_name('b.ipynb'))


def with_outputs(source, reference):
    stream = '{"output_type": "stream", "name": "stdout", "text": "42"}'
    output = f'```{{.json .output n=1}}\n[{stream}]\n```\n'
    source.write_text(f'{CHAPTER}\n{output}')


@pytest.mark.parametrize(
    ('damage', 'problem'),
    [
        (stale, 'a.md: its reference is stale'),
        (missing, 'a.md: has no reference'),
        (orphaned, 'b.ipynb: belongs to no chapter'),
        (with_outputs, 'a.md: holds outputs'),
    ],
)
def test_reference_that_stands_for_nothing_is_caught(
    damage, problem, one_chapter
):
    source, reference = one_chapter
    damage(source, reference)
    assert problem in problems(source.parent, reference.parent)
