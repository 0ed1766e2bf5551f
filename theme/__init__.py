"""The Sphinx extension that turns d2lbook's pages into this book's pages.

d2lbook converts every chapter to reStructuredText and writes a `conf.py` for
it.  The modules here adjust what comes out, one matter each:

`assets`     d2lbook's script and style sheet out, the book's in
`bundle`     all notebooks as one zip file
`cards`      what search engines and previews of links show of a page
`citations`  the list of references as a list
`colophon`   versions and date below each page
`dimensions` sizes of images
`figures`    alternative texts
`formulas`   formulas as MathML, which needs no script
`glossary`   the page that explains terms
`hints`      hints of exercises, folded
`index_page` the page of the index
`landmarks`  names for the regions of a page
`launch`     links that run a chapter elsewhere
`measuring`  blocks of code that the theme's script need not measure
`notebooks`  each chapter as a notebook to download
`notfound`   the page for wrong addresses
`numbering`  chapters numbered through all parts
`openings`   what a chapter promises, and what a run of it takes
`outdated`   pages that are stale, or that nothing stands behind any more
`outputs`    outputs of cells, letter by letter
`paper`      the book as LaTeX, for `make pdf`
`pruning`    rules of style sheets that no page can use out
`ranking`    which chapter is about which word, for the search
`settings`   the site's address and repository
`sitemap`    the list of pages for search engines
`tables`     empty corners of tables
`terms`      the first use of each term, linked to the glossary
`weight`     what the theme loads without need out
"""

from theme import (
    assets,
    bundle,
    cards,
    citations,
    colophon,
    dimensions,
    figures,
    formulas,
    glossary,
    hints,
    index_page,
    landmarks,
    launch,
    measuring,
    notebooks,
    notfound,
    numbering,
    openings,
    outdated,
    outputs,
    paper,
    pruning,
    ranking,
    settings,
    sitemap,
    tables,
    terms,
    weight,
)

MODULES = (
    settings,  # which others read
    assets,
    bundle,
    cards,
    citations,
    colophon,
    dimensions,
    figures,
    formulas,
    glossary,
    hints,
    index_page,
    landmarks,
    launch,
    measuring,
    notebooks,
    notfound,
    numbering,
    openings,
    outdated,
    outputs,
    paper,
    pruning,
    ranking,
    sitemap,
    tables,
    terms,
    weight,
)


def setup(app):
    """Register every module with Sphinx."""
    for module in MODULES:
        module.setup(app)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
