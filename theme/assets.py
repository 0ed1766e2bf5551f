"""Replace d2lbook's script and style sheet by the book's style sheet.

d2lbook's `d2l.js` asks other servers for analytics and comments on every
page, hides QR codes and adds copy buttons of its own.
"""

from pathlib import Path

STATIC = Path(__file__).parent / 'static'
TEMPLATES = Path(__file__).parent / 'templates'
DROPPED = 'd2l.js', 'd2l.css'


def setup(app):
    app.connect('config-inited', replace_assets)
    app.connect('html-page-context', mend_search)
    app.add_css_file('book.css')
    app.add_css_file('site.css')
    app.add_js_file('boxes.js')
    app.add_js_file('reading.js')
    app.add_js_file('search-field.js')
    keep_doctrees_out_of_the_pages(app)


def replace_assets(app, config):
    """Publish the files of `static/`, and none of d2lbook's.

    The book's templates replace those of the theme.
    """
    config.templates_path = [str(TEMPLATES)]
    config.html_static_path = [str(STATIC)]
    for files in app.registry.js_files, app.registry.css_files:
        files[:] = [file for file in files if file[0] not in DROPPED]


def mend_search(app, pagename, templatename, context, doctree):
    """Add the script that makes search results show what they found."""
    if pagename == 'search':
        app.add_js_file('search.js')


def keep_doctrees_out_of_the_pages(app):
    """Move Sphinx's cache, pickles by default beside the pages, elsewhere.

    d2lbook calls sphinx-build without its option for that.
    """
    outdir, doctreedir = Path(app.outdir), Path(app.doctreedir)
    if outdir in doctreedir.parents:
        app.doctreedir = str(outdir.parent / f'doctrees-{outdir.name}')
