"""The book on paper: what Sphinx's LaTeX needs to become a book.

`bibliography`  no footnotes in the list of references
`cells`         short cells whole and with their output, on one page
`settings`      the document's options, fonts and style files
`structure`     parts, chapters, appendices out of the lists of contents
`together`      sections that have to begin whole
`log`           what LaTeX tells of lines that do not fit; run by `make pdf`

The style files are LaTeX: `bookpage.sty` for the pages, `bookcode.sty` for
the cells.
"""

from theme.paper import bibliography, cells, settings, structure, together


def setup(app):
    bibliography.setup(app)
    cells.setup(app)
    settings.setup(app)
    structure.setup(app)
    together.setup(app)
