"""Every chapter ends with a summary, exercises with hints, a discussion."""

import pytest
from bs4 import BeautifulSoup

from tests.browsing import WITH_CODE

NAMES = [name for name in WITH_CODE if '/' not in name]
LAST = ['Summary', 'Exercises', 'Discussions']


def exercises(page):
    """Return the exercises of a page."""
    return page.select('section#exercises > ol > li')


def without_one_hint(page):
    """Return the texts of the exercises that have no hint, or several."""
    return [
        exercise.get_text()
        for exercise in exercises(page)
        if len(exercise.select(':scope > details.hint')) != 1
        or exercise.details.summary.get_text() != 'Hint'
        or len(exercise.details.p.get_text().split()) < 5
    ]


@pytest.mark.parametrize('name', NAMES)
def test_every_exercise_has_one_folded_hint(name, pages):
    page = pages[f'{name}.html']
    assert 3 <= len(exercises(page)) <= 5
    assert without_one_hint(page) == []
    assert page.select('details[open]') == []
    assert 'Hint:' not in page.article.get_text()


@pytest.mark.parametrize('name', NAMES)
def test_chapter_ends_in_the_order_of_the_book(name, pages):
    page = pages[f'{name}.html']
    headings = [
        ''.join(h2.find_all(string=True, recursive=False))
        for h2 in page.select('article h2')
    ]
    assert headings[-3:] == LAST
    solutions = page.select_one('section#exercises > p a')
    assert solutions['href'].startswith(f'solutions/{name}.html')


HINT = '<details class="hint"><summary>Hint</summary><p>%s</p></details>'
ENOUGH = HINT % 'Look at what the first cell shows.'


@pytest.mark.parametrize(
    ('hints', 'number'),
    [(ENOUGH, 0), ('', 1), (ENOUGH + ENOUGH, 1), (HINT % 'No.', 1)],
)
def test_exercise_without_one_hint_is_caught(hints, number):
    text = f'<section id="exercises"><ol><li>Do.{hints}</li></ol></section>'
    page = BeautifulSoup(text, 'html.parser')
    assert len(without_one_hint(page)) == number
