"""Style sheets lose the rules that no page can use, and no others."""

import pytest

from theme import pruning

WORDS = {'a', 'table', 'row', 'main'}
CASES = {
    'p { color: red }': 'p{ color: red }\n',
    '.row { color: red }': '.row{ color: red }\n',
    '.carousel { color: red }': '',
    '#main { color: red }': '#main{ color: red }\n',
    '#other { color: red }': '',
    '.row, .carousel, p { top: 0 }': '.row,p{ top: 0 }\n',
    '.row .carousel { top: 0 }': '',
    '.row.carousel { top: 0 }': '',
    # What must not be there need not be on a page.
    '.row:not(.carousel) { top: 0 }': '.row:not(.carousel){ top: 0 }\n',
    'a[href=".x"]:hover::after { top: 0 }': (
        'a[href=".x"]:hover::after{ top: 0 }\n'
    ),
    'p { width: .5em; color: #fff }': 'p{ width: .5em; color: #fff }\n',
    '@media print { .row { top: 0 } .x { top: 0 } }': (
        '@media print {\n.row{ top: 0 }\n}\n'
    ),
    '@media print { .x { top: 0 } }': '',
    '@keyframes spin { from { top: 0 } }': (
        '@keyframes spin { from { top: 0 } }\n'
    ),
    '@import "other.css";': '@import "other.css";\n',
    '/*! Licence */ /* remark */ .x {}': '/*! Licence */\n',
}


@pytest.mark.parametrize(('css', 'expected'), CASES.items())
def test_rule_stays_if_a_page_can_use_it(css, expected):
    assert pruning.pruned(css, WORDS) == expected


def test_words_of_a_script_count(tmp_path):
    script = tmp_path / 'a.js'
    script.write_text("e.classList.add('is-open')")
    assert 'is-open' in pruning.words_of([script])


def test_published_style_sheets_keep_what_the_book_shows(book):
    styles = book / '_static' / 'styles'
    bootstrap = (styles / 'bootstrap.css').read_text()
    assert '.dropdown-menu' in bootstrap
    assert '.bs-tooltip-auto' in bootstrap
    assert '.accordion' not in bootstrap
    assert 'Licensed under MIT' in bootstrap
