"""The notebooks that a reader downloads, or opens elsewhere."""

import re
import zipfile
from urllib.parse import parse_qs, urljoin, urlsplit

import nbformat
import pytest

from tests.browsing import WITH_CODE
from tests.chapters import ROOT
from theme import bundle, launch

MARK = re.compile(r':[a-z]+:`')
LINK = re.compile(r'\]\(([^)\s]+)\)')
FOR_COLAB = [
    f'{folder}{name}'
    for folder in ('', 'solutions/')
    for name in ('many-files', 'memory-maps')
]


class Config:
    """The settings of a book that is published in a repository."""

    site_repository = 'someone/book'
    site_branch = 'main'
    site_pages_branch = 'gh-pages'


@pytest.fixture(scope='module')
def notebooks(book):
    """The notebooks beside the pages, by name."""
    return {
        name: nbformat.read(book / f'{name}.ipynb', as_version=4)
        for name in WITH_CODE
    }


def links(notebook):
    cells = [c.source for c in notebook.cells if c.cell_type == 'markdown']
    return LINK.findall('\n'.join(cells))


def is_outside(link):
    return urlsplit(link).scheme != ''


def test_notebook_is_downloaded_by_a_button(open_page, tmp_path):
    page = open_page('read-write')
    with page.expect_download() as download:
        page.locator('a[href$=".ipynb"]:visible').first.click()
    path = tmp_path / 'chapter.ipynb'
    download.value.save_as(path)
    nbformat.validate(nbformat.read(path, as_version=4))


@pytest.mark.parametrize('name', WITH_CODE)
def test_every_page_with_code_offers_its_notebook(name, pages):
    buttons = pages[f'{name}.html'].select('.article-header-buttons a[href]')
    addresses = [urljoin(f'{name}.html', link['href']) for link in buttons]
    assert addresses[:2] == [f'{name}.ipynb', bundle.NAME]


@pytest.mark.parametrize('name', WITH_CODE)
def test_notebook_is_whole_and_reads_well(name, notebooks):
    notebook = notebooks[name]
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == 'markdown':
            assert not MARK.search(cell.source)
            shown = re.findall(r'!\[[^]]+\]\[(\S+)\]', cell.source)
            held = re.findall(r'(?m)^\[(\S+)\]: data:image/', cell.source)
            assert shown == held
            assert '](img/' not in cell.source
    outputs = [cell.outputs for cell in notebook.cells if 'outputs' in cell]
    assert any(outputs)


@pytest.mark.parametrize('name', WITH_CODE)
def test_links_of_a_notebook_lead_to_notebooks(name, book, notebooks):
    for link in links(notebooks[name]):
        if not is_outside(link):
            assert (book / urljoin(name, link)).suffix == '.ipynb'
            assert (book / urljoin(name, link)).is_file(), link


def test_zip_file_holds_every_notebook_and_the_way_in(book):
    with zipfile.ZipFile(book / bundle.NAME) as file:
        assert file.testzip() is None
        names = file.namelist()
        readme = file.read('README.md').decode()
        for name in names[1:]:
            assert file.read(name) == (book / name).read_bytes()
    assert set(names) == {'README.md', *(f'{n}.ipynb' for n in WITH_CODE)}
    assert LINK.findall(readme) == names[1:]
    assert names[1] == 'read-write.ipynb'


def test_zip_file_is_the_same_at_every_build(tmp_path):
    files = [tmp_path / 'one.zip', tmp_path / 'two.zip']
    for path in files:
        with zipfile.ZipFile(path, 'w') as file:
            bundle.add(file, 'a.ipynb', b'{}')
        path.with_suffix('').touch()  # time passes
    one, two = (path.read_bytes() for path in files)
    assert one == two
    with zipfile.ZipFile(files[0]) as file:
        assert file.getinfo('a.ipynb').date_time == bundle.LONG_AGO


def test_notebooks_hold_no_times(notebooks):
    for notebook in notebooks.values():
        assert all(not cell.metadata for cell in notebook.cells)
        ids = [cell.id for cell in notebook.cells]
        assert ids == [f'cell-{index}' for index in range(len(ids))]


def test_nothing_is_launched_without_a_repository(pages):
    for page in pages.values():
        assert not page.select('a[href*="mybinder"], a[href*="colab"]')


def test_formula_shows_the_number_that_leads_to_it(notebooks):
    cells = notebooks['many-files'].cells
    text = '\n'.join(c.source for c in cells if c.cell_type == 'markdown')
    (number,) = re.findall(r'\\tag\{([0-9.]+)\}\$\$$', text, re.M)
    assert f'Does the model of ({number}) hold?' in text


@pytest.mark.parametrize('name', WITH_CODE)
def test_binder_opens_what_it_unpacked(name, notebooks):
    link = launch.launch_links(Config, name, notebooks[name])['Binder']
    parts = urlsplit(link)
    assert parts.path == '/v2/gh/someone/book/main'
    (opened,) = parse_qs(parts.query)['urlpath']
    prefix = f'lab/tree/{launch.FOLDER}/'
    assert opened == f'{prefix}{name}.ipynb'
    unpacking = f'notebooks.zip {launch.FOLDER}\n'
    assert unpacking in (ROOT / 'postBuild').read_text()


def test_colab_gets_the_chapters_that_need_numpy_alone(notebooks):
    links = {
        name: launch.launch_links(Config, name, notebook)
        for name, notebook in notebooks.items()
    }
    offered = {
        name: found['Colab']
        for name, found in links.items()
        if 'Colab' in found
    }
    assert offered == {
        name: 'https://colab.research.google.com/github/someone/book/blob/'
        f'gh-pages/{name}.ipynb'
        for name in FOR_COLAB
    }


def test_colab_installs_the_package_of_the_book(notebooks):
    notebook = nbformat.from_dict(notebooks['memory-maps'])
    launch.prepare(notebook, Config)
    first = next(c for c in notebook.cells if c.cell_type == 'code')
    assert "if 'google.colab' in sys.modules:" in first.source
    assert first.source.endswith('git+https://github.com/someone/book@main')
