"""Give the regions of a page, and what opens them, names to be told by.

Readers who cannot see the page move between its regions, or from one control
to the next, and hear their names.  sphinx-book-theme leaves the banner empty,
the contents of the page without a name, and what unfolds a chapter's pages
without a word.
"""


def setup(app):
    # The theme makes the contents' function at the default priority, 500.
    app.connect('html-page-context', name_toggles, priority=600)


def name_toggles(app, pagename, templatename, context, doctree):
    """Say in the contents which pages a toggle unfolds."""
    generate = context['generate_toctree_html']

    def generate_named(**options):
        contents = generate(**options)
        for summary in contents.find_all('summary'):
            title = summary.find_parent('li').a.get_text()
            summary['aria-label'] = f'Pages of {title}'
        return contents

    context['generate_toctree_html'] = generate_named
