"""The images of the book are what the scripts draw."""

import pytest
from PIL import Image

from figures import __main__ as figures
from tests.chapters import CHAPTERS
from theme import cards

IMAGES = sorted(path.name for path in (CHAPTERS / 'img').iterdir())


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    """A folder of all images, drawn now."""
    folder = tmp_path_factory.mktemp('img')
    figures.main(folder)
    return folder


def test_every_image_is_drawn_by_a_script(drawn):
    assert sorted(path.name for path in drawn.iterdir()) == IMAGES


@pytest.mark.parametrize('name', IMAGES)
def test_image_is_what_its_script_draws(name, drawn):
    stored = (CHAPTERS / 'img' / name).read_bytes()
    assert (drawn / name).read_bytes() == stored


def test_mark_and_card_are_what_their_scripts_draw(tmp_path):
    figures.draw_mark_and_card(tmp_path)
    favicon = (figures.STATIC / 'favicon.svg').read_bytes()
    assert (tmp_path / 'favicon.svg').read_bytes() == favicon
    drawn = Image.open(tmp_path / 'card.png')
    stored = Image.open(figures.STATIC / 'card.png')
    assert drawn.size == cards.IMAGE_SIZE
    assert drawn.tobytes() == stored.tobytes()
