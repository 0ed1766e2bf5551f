"""Describe each page to search engines, chats and feeds.

They show a link as a card: title, description, image
(https://ogp.me, https://developer.x.com/en/docs/x-for-websites/cards).
Addresses in a card must be whole, so those need the site's address.
"""

from html import escape

from docutils import nodes
from markupsafe import Markup

MAX_LENGTH = 200
IMAGE = '_static/card.png'
IMAGE_SIZE = 1200, 630
IMAGE_TEXT = (
    'Reading and Storage: a book about saving and loading arrays and models'
)


def setup(app):
    # Sphinx writes the canonical link from this.
    app.config.html_baseurl = app.config.site_address
    app.connect('html-page-context', add_card)


def add_card(app, pagename, templatename, context, doctree):
    """Put the page's description into its head."""
    if doctree is None:
        doctree = app.env.get_doctree(app.config.root_doc)
    title = context.get('title', app.config.html_title)
    title = Markup(title).striptags()
    text = description(doctree) or app.config.html_title
    tags = [tag('name', 'description', text)]
    tags += card(app.config, context, title, text)
    context['metatags'] = '\n'.join([context.get('metatags', ''), *tags])


def card(config, context, title, text):
    """Return the tags of a page's card."""
    is_start = context['pagename'] == config.root_doc
    address = context['pageurl']
    properties = {
        'og:type': 'website' if is_start else 'article',
        'og:site_name': config.html_title,
        'og:title': title,
        'og:description': text,
    }
    if address:
        properties |= addresses(config.site_address, address)
    tags = [tag('property', *item) for item in properties.items()]
    kind = 'summary_large_image' if address else 'summary'
    return [*tags, tag('name', 'twitter:card', kind)]


def addresses(site, page):
    """Return the properties of a card that hold whole addresses."""
    width, height = IMAGE_SIZE
    return {
        'og:url': page,
        'og:image': f'{site}{IMAGE}',
        'og:image:width': str(width),
        'og:image:height': str(height),
        'og:image:alt': IMAGE_TEXT,
    }


def tag(kind, name, content):
    """Return a `<meta>` tag."""
    return f'<meta {kind}="{name}" content="{escape(content)}" />'


def description(doctree):
    """Return the sentences that a page begins with, as many as fit."""
    paragraphs = sorted(doctree.findall(nodes.paragraph), key=is_in_a_block)
    if not paragraphs:
        return ''
    text = ' '.join(paragraphs[0].astext().split())
    return text if len(text) <= MAX_LENGTH else shortened(text)


def is_in_a_block(paragraph):
    """Tell paragraphs in lists, notes, tables from those of the text."""
    return not isinstance(paragraph.parent, (nodes.section, nodes.document))


def shortened(text):
    """Cut a text after its last whole sentence that fits, or word."""
    start = text[: MAX_LENGTH - 1]
    sentences, dot, _ = start.rpartition('. ')
    return sentences + '.' if dot else start.rpartition(' ')[0] + '…'
