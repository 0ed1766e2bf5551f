"""The images of the book: drawn by scripts, legible in light and in dark."""

import io

import pytest
from PIL import Image

from figures import __main__ as figures
from tests.browsing import WIDE
from tests.chapters import CHAPTERS
from tests.contrast import LEAST, ratio
from theme import cards

IMAGES = sorted(path.name for path in (CHAPTERS / 'img').iterdir())
DRAWN = [name for name in IMAGES if not name.startswith('qr_')]
SCALE = 3  # pixels of the screen to one of the page, for clean letters
# Each line of text in an image, and the box around it, from the corner.
TEXTS = """async (image) => {
  const svg = new DOMParser().parseFromString(
    await (await fetch(image.src)).text(), 'image/svg+xml').documentElement;
  const holder = document.createElement('div');
  holder.style.cssText = 'position: absolute; left: 0; top: 0; opacity: 0';
  document.body.append(holder);
  holder.append(svg);
  svg.setAttribute('width', image.width);
  svg.setAttribute('height', image.height);
  const corner = svg.getBoundingClientRect();
  const all = [...svg.querySelectorAll('text')];
  const seen = all.filter((text) => text.textContent.trim());
  const texts = seen.map((text) => {
    const box = text.getBoundingClientRect();
    return [text.textContent, [box.left - corner.left, box.top - corner.top,
                               box.right - corner.left,
                               box.bottom - corner.top]];
  });
  holder.remove();
  return texts;
}"""


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


@pytest.fixture(scope='module', params=['light', 'dark'])
def gallery(request, browser, served):
    """A page of the book whose article holds all figures and no more."""
    context = browser.new_context(
        viewport=WIDE, color_scheme=request.param, device_scale_factor=SCALE
    )
    page = context.new_page()
    page.goto(f'{served}/index.html')
    page.locator('article').evaluate(
        """(article, names) => { article.innerHTML = names.map((name) =>
        `<figure><img src="_images/${name}"></figure>`).join('') }""",
        DRAWN,
    )
    yield page
    context.close()


@pytest.mark.parametrize('name', DRAWN)
def test_text_in_a_figure_is_legible_in_both_themes(name, gallery):
    image = gallery.locator(f'img[src$="/{name}"]')
    picture = Image.open(io.BytesIO(image.screenshot())).convert('RGB')
    faint = [
        text
        for text, box in image.evaluate(TEXTS)
        if contrast(picture.crop([SCALE * side for side in box])) < LEAST
    ]
    assert faint == []


def contrast(picture):
    """Return how far letters stand out from the colour most seen."""
    colours = picture.getcolors(picture.width * picture.height)
    _, background = max(colours)
    return max(ratio(colour, background) for _, colour in colours)


def test_faint_text_in_a_figure_is_noticed():
    picture = Image.new('RGB', (20, 20), (255, 255, 255))
    picture.paste((153, 153, 153), (5, 5, 8, 15))
    assert contrast(picture) < LEAST
    picture.paste((100, 100, 100), (5, 5, 8, 15))
    assert contrast(picture) > LEAST


def test_discussion_takes_one_line_of_the_table(tmp_path):
    table = tmp_path / 'discussions.ini'
    table.write_text('[discussions]\nNew-1 = https://localhost/a?b=c%20d:1\n')
    addresses = figures.qr_codes.addresses(table)
    assert addresses == {'New-1': 'https://localhost/a?b=c%20d:1'}
