"""Say below each page which book it is and what its outputs come from.

d2lbook executes the chapters in the environment that builds the pages, and
again when the pinned versions change (`dependencies` in `config.ini`).
"""

import platform
from html import escape
from importlib.metadata import PackageNotFoundError, version

from sphinx.util.i18n import format_date

PACKAGES = {'mxnet': 'MXNet', 'numpy': 'NumPy'}


def setup(app):
    app.connect('html-page-context', add_colophon)


def add_colophon(app, pagename, templatename, context, doctree):
    """Fill the theme's place for a footer of one's own."""
    # The date is SOURCE_DATE_EPOCH's where that is set, as everywhere in
    # Sphinx: then two builds of the same sources are the same.
    date = format_date('%-d %B %Y', language=app.config.language)
    context['theme_extra_footer'] = (
        f'<p class="colophon">Version {escape(app.config.release)}, '
        f'built on {date}. The outputs come from {producers()}.</p>'
    )


def producers():
    """Return the names and versions of what the cells were run with."""
    found = [f'{PACKAGES[name]} {number}' for name, number in installed()]
    return ', '.join([*found, f'Python {platform.python_version()}'])


def installed():
    """Yield the packages of the outputs that are here, with versions."""
    for name in PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue
