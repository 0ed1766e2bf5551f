"""The PDF is a book: what it points to is there, and what it holds fits."""

import collections
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
import zxingcpp
from pybtex.database import parse_file

from tests.chapters import CHAPTERS, ROOT
from theme.paper.log import findings

PACKAGES = ROOT / 'scripts' / 'paper_packages.sh'
LISTED = re.compile(r'```toc\n(.*?)```', re.DOTALL)
CAPTION = re.compile(r'^!\[([^\]]+)\]\(img/', re.MULTILINE)
HEADER = re.compile(r'^(Chapter \d+|Appendix [A-Z])\. ')
CITED = re.compile(r':cite[tp]?:`([^`]+)`')


def run(folder, *command):
    """Run a command as in an activated environment."""
    scripts = Path(sys.executable).parent
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, 'PATH': f'{scripts}:{os.environ["PATH"]}'},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope='session')
def latex():
    """Skip where there is no LaTeX; its absence is a failure in CI."""
    missing = run(ROOT, 'sh', PACKAGES).stdout.split()
    if missing and os.environ.get('CI'):
        pytest.fail(f'not installed: {missing}')
    if missing:
        pytest.skip(f'not installed: {missing}')


@pytest.fixture(scope='session')
def paper(latex):
    """The book as a PDF, which only a build without findings makes."""
    built = run(ROOT, 'sh', 'scripts/paper.sh')
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr
    path = ROOT / '_build' / 'pdf' / 'reading-and-storage.pdf'
    return pypdfium2.PdfDocument(path)


@pytest.fixture(scope='session')
def texts(paper):
    """The text of every page, as lines."""
    return [
        page.get_textpage()
        .get_text_range()
        .replace('\ufffe', '-')
        .split('\r\n')
        for page in paper
    ]


@pytest.fixture(scope='session')
def bookmarks(paper):
    """The level, title and page (from 1) of every bookmark, in order."""
    return [
        (mark.level, mark.get_title(), mark.get_dest().get_index() + 1)
        for mark in paper.get_toc()
    ]


def packed(lines):
    """Return text as it is compared: without spaces and hyphens."""
    return re.sub(r'[\s\u2010-]', '', ''.join(lines))


def listed(name='index'):
    """Return the names of the files in a page's lists, in order."""
    source = (CHAPTERS / f'{name}.md').read_text('utf-8')
    lines = '\n'.join(LISTED.findall(source)).splitlines()
    return [name for name in lines if (CHAPTERS / f'{name}.md').is_file()]


def title_of(name):
    """Return a file's title."""
    return (CHAPTERS / f'{name}.md').read_text('utf-8').split('\n')[0][2:]


def test_title_page_says_what_this_is(texts):
    page = '\n'.join(texts[0])
    assert page.startswith('Reading and Storage')
    assert 'Version' in page
    assert 'CC BY-SA' in page


def test_each_chapter_has_a_bookmark_in_the_order_of_the_contents(bookmarks):
    titles = [title for level, title, _ in bookmarks if level == 1]
    expected = [
        title_of(name) for name in listed() if title_of(name) != 'References'
    ]
    assert [title for title in titles if title in expected] == expected


def test_each_bookmark_opens_the_page_that_holds_its_heading(
    bookmarks, texts
):
    wrong = []
    for _, title, page in bookmarks:
        lines = texts[page - 1]
        text = packed(lines[bool(HEADER.match(lines[0])) :])
        heading = packed(re.sub(r'^[IVX]+ ', '', title))
        if heading not in text and title != 'Appendices':
            wrong.append((title, page))
    assert not wrong


def test_contents_tell_the_page_of_each_heading(bookmarks, texts):
    preface = next(page for _, title, page in bookmarks if title == 'Preface')
    contents = packed(
        re.sub(r'(\. )+', '', line)
        for page in texts[1 : preface - 1]
        for line in page
    )
    missing = [
        (title, page)
        for level, title, page in bookmarks
        if level <= 2 and f'{packed(title)}{page}' not in contents
    ]
    assert not missing


def test_a_page_has_the_number_that_is_printed_on_it(texts):
    printed = [lines[-1] for lines in texts[1:]]
    numbered = [
        (number, str(count))
        for count, number in enumerate(printed, start=2)
        if number.isdecimal()
    ]
    assert len(numbered) > 0.9 * len(printed)
    assert all(number == count for number, count in numbered)


def test_each_page_of_a_chapter_says_which(bookmarks, texts):
    starts = [(page, title) for level, title, page in bookmarks if level < 2]
    without = []
    for (start, title), (end, _) in zip(starts, starts[1:]):
        for page in range(start + 1, end):
            if packed([title]) not in packed(texts[page - 1][:1]):
                without.append((title, page))
    assert not without


def links(document):
    """Yield the page and what kind of target each link has, if any."""
    for number, page in enumerate(document, start=1):
        position, link = pdfium.c_int(0), pdfium.FPDF_LINK()
        while pdfium.FPDFLink_Enumerate(page, position, link):
            action = pdfium.FPDFLink_GetAction(link)
            if pdfium.FPDFAction_GetType(action) == pdfium.PDFACTION_URI:
                yield number, 'address'
            elif pdfium.FPDFLink_GetDest(document, link):
                yield number, 'place'
            else:
                yield number, None


def test_every_link_leads_somewhere(paper):
    found = list(links(paper))
    assert not [page for page, kind in found if kind is None]
    kinds = collections.Counter(kind for _, kind in found)
    assert kinds['address'] > 10
    assert kinds['place'] > len(paper)


def test_one_list_holds_every_reference(bookmarks, texts):
    lists = [page for _, title, page in bookmarks if title == 'References']
    assert len(lists) == 1
    text = packed(line for page in texts[lists[0] - 1 :] for line in page)
    entries = parse_file(CHAPTERS / 'refs.bib').entries
    sources = ''.join(
        path.read_text('utf-8') for path in CHAPTERS.rglob('*.md')
    )
    cited = {
        key.strip()
        for keys in CITED.findall(sources)
        for key in keys.split(',')
    }
    for key in cited:
        title = re.sub(r'[{}\\]', '', entries[key].fields['title'])
        assert packed(title).lower() in text.lower(), key


def test_figures_are_numbered_in_each_chapter(texts):
    text = packed(line for page in texts for line in page)
    for number, name in enumerate(listed(), start=1):
        source = (CHAPTERS / f'{name}.md').read_text('utf-8')
        for count in range(1, len(CAPTION.findall(source)) + 1):
            assert f'Fig.{number}.{count}:' in text


def test_every_qr_code_can_be_scanned(paper, texts):
    images = {
        name
        for path in CHAPTERS.rglob('*.md')
        for name in re.findall(r'img/(qr_.*?\.svg)', path.read_text('utf-8'))
    }
    expected = {
        ElementTree.parse(CHAPTERS / 'img' / name)
        .findtext('{http://www.w3.org/2000/svg}desc')
        .split()[-1]
        for name in images
    }
    scanned = {
        code.text
        for page, lines in zip(paper, texts)
        if 'Discussions' in ' '.join(lines)
        for code in zxingcpp.read_barcodes(page.render(scale=2).to_pil())
    }
    assert scanned == expected


def test_the_pdf_brings_its_fonts(paper):
    # Every tenth page: all fonts are on each page with text, code and figure.
    fonts = [
        pdfium.FPDFTextObj_GetFont(text)
        for page in list(paper)[::10]
        for text in page.get_objects([pdfium.FPDF_PAGEOBJ_TEXT], max_depth=4)
    ]
    assert fonts
    assert all(map(pdfium.FPDFFont_GetIsEmbedded, fonts))


def test_long_code_and_missing_characters_are_told(latex, small_book):
    shutil.copytree(ROOT / 'scripts', small_book / 'scripts')
    long = 'total = ' + ' + '.join(map(str, range(20)))
    index = small_book / 'chapters' / 'index.md'
    planted = f'\N{CAT FACE}\n\n```python\n{long}\n```\n\n'
    text = index.read_text('utf-8')
    index.write_text(text.replace('```toc', f'{planted}```toc', 1), 'utf-8')
    built = run(small_book, 'sh', 'scripts/paper.sh')
    told = [
        line
        for line in built.stderr.splitlines()
        if line.startswith('paper: ')
    ]
    assert built.returncode == 1
    assert re.sub(r'\d+ *(\.\d+)? points', 'N points', '\n'.join(told)) == (
        'paper: page 3, front: no font has \N{CAT FACE}\n'
        f'paper: page 3, front: code is N points too wide: {long}'
    )


@pytest.mark.parametrize(
    ('log', 'told'),
    [
        ('Overfull \\hbox (0.9pt too wide) in paragraph\n[]text', []),
        (
            'Chapter 2.\n[1] [2]\nOverfull \\hbox (1.5pt too wide)\n[]text',
            ['page 3, chapter 2: a line is 1.5 points too wide: []text'],
        ),
        (
            'Overfull \\vbox (5.0pt too high) detected at line 1\n'
            'Overfull \\vbox (9.0pt too high) detected at line 2',
            ['page 1, front: a page is 9.0 points too high'],
        ),
        (
            'Overfull code (2.0pt too wide): \\PYG {n}{f}\\PYGZob {}',
            ['page 1, front: code is 2.0 points too wide: f{'],
        ),
        (
            "LaTeX Warning: Reference `a' on page 1 undefined on input line",
            ['page 1, front: nothing to refer to: a'],
        ),
        (
            "LaTeX Warning: Label `a' multiply defined.",
            ['page 1, front: two places of one name: a'],
        ),
        (
            '[1]\nMissing character: There is no \N{CAT FACE} in font x!',
            ['page 2, front: no font has \N{CAT FACE}'],
        ),
    ],
)
def test_log_is_told_in_a_line_with_its_place(log, told):
    assert list(findings(log)) == told


def test_missing_packages_are_named(tmp_path):
    shell = shutil.which('sh')
    built = subprocess.run(
        [shell, ROOT / 'scripts' / 'paper.sh'],
        cwd=tmp_path,
        env={'PATH': str(only(tmp_path, 'sh', 'tr', 'dirname'))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 1
    assert 'apt-get install --no-install-recommends texlive' in built.stderr
    assert 'librsvg2-bin' in built.stderr


def only(folder, *commands):
    """Return a folder that holds these commands and nothing else."""
    for command in commands:
        (folder / command).symlink_to(shutil.which(command))
    return folder
