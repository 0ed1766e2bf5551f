"""The Sphinx extension that turns d2lbook's pages into this book's pages.

d2lbook converts every chapter to reStructuredText and writes a `conf.py` for
it.  The modules here adjust what comes out, one matter each:

`assets`     d2lbook's script and style sheet out, the book's in
`bundle`     all notebooks as one zip file
`cards`      what search engines and previews of links show of a page
`citations`  the list of references as valid HTML
`colophon`   versions and date below each page
`figures`    alternative texts
`formulas`   formulas as MathML, which needs no script
`glossary`   the page that explains terms
`hints`      hints of exercises, folded
`index_page` the page of the index
`launch`     links that run a chapter elsewhere
`citations`  the list of references as a list
`figures`    alternative texts
`formulas`   formulas as MathML, which needs no script
`landmarks`  names for the regions of a page
`notebooks`  each chapter as a notebook to download
`notfound`   the page for wrong addresses
`numbering`  chapters numbered through all parts
`openings`   what a chapter promises, and what a run of it takes
`outdated`   pages that are stale, or that nothing stands behind any more
`outputs`    outputs of cells, letter by letter
`paper`      the book as LaTeX, for `make pdf`
`ranking`    which chapter is about which word, for the search
`terms`      the first use of each term, linked to the glossary
`settings`   the site's address and repository
`sitemap`    the list of pages for search engines
`weight`     what the theme loads without need out
`tables`     empty corners of tables
"""

from theme import (
    assets,
    bundle,
    cards,
    citations,
    colophon,
    figures,
    formulas,
    glossary,
    hints,
    index_page,
    launch,
    landmarks,
    notebooks,
    notfound,
    numbering,
    openings,
    outdated,
    outputs,
    paper,
    ranking,
    terms,
    settings,
    sitemap,
    weight,
    tables,
)

MODULES = (
    settings,  # which others read
    assets,
    bundle,
    cards,
    citations,
    colophon,
    figures,
    formulas,
    glossary,
    hints,
    index_page,
    launch,
    landmarks,
    notebooks,
    notfound,
    numbering,
    openings,
    outdated,
    outputs,
    paper,
    ranking,
    terms,
    sitemap,
    weight,
    tables,
)


def setup(app):
    """Register every module with Sphinx."""
    for module in MODULES:
        module.setup(app)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
