"""The notebooks that a reader downloads from the built book."""

import re

import nbformat
import pytest

from tests.browsing import WITH_CODE


@pytest.mark.parametrize('name', WITH_CODE)
def test_notebook_downloads_and_is_valid(name, open_page, tmp_path):
    page = open_page(name)
    with page.expect_download() as download:
        page.locator('a[href$=".ipynb"]:visible').first.click()
    path = tmp_path / 'chapter.ipynb'
    download.value.save_as(path)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    text = '\n'.join(
        cell.source for cell in notebook.cells if cell.cell_type == 'markdown'
    )
    assert not re.search(r':(label|numref|ref|cite|width):`', text)
    assert not re.search(r'\]\(img/', text)
    assert any(
        cell.outputs for cell in notebook.cells if cell.cell_type == 'code'
    )
