"""Add the page that a server shows for an address that leads nowhere."""

from urllib.parse import urlsplit

PAGE = {
    'title': 'Page not found',
    'body': (
        '<h1>Page not found</h1>'
        '<p>Nothing is at this address, or nothing any more. '
        'The contents and the search lead to every chapter.</p>'
    ),
}


def setup(app):
    app.connect('html-page-context', forget_address, priority=400)
    if app.config.site_address:
        # The page is shown at any address: its links must be whole.
        app.setup_extension('notfound.extension')
        app.config.notfound_context = PAGE
        prefix = urlsplit(app.config.site_address).path
        app.config.notfound_urls_prefix = prefix
    else:
        app.connect('html-collect-pages', collect_page)


def collect_page(app):
    """Return the page, whose links are relative as on all others."""
    return [('404', PAGE, 'page.html')]


def forget_address(app, pagename, templatename, context, doctree):
    """Say that this page stands at no address of its own."""
    if pagename == '404':
        context['pageurl'] = None
