"""List the pages for search engines, once the site has an address."""


def setup(app):
    if app.config.site_address:
        app.setup_extension('sphinx_sitemap')
        app.config.sitemap_url_scheme = '{link}'
        app.config.sitemap_excludes = ['404.html', 'search.html']
