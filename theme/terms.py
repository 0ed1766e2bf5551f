"""Link the first use of each term in a chapter to the glossary.

The links are made from the words, so that the text of a chapter stays free of
marks.  The index lists these places too.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

from theme.chapters import is_chapter
from theme.glossary import forms_of_terms, source_of_terms

# Where words are no running text, or a link would be within another.
SKIPPED = (
    nodes.title,
    nodes.literal,
    nodes.literal_block,
    nodes.reference,
    nodes.block_quote,
    nodes.caption,
    nodes.table,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.comment,
    nodes.system_message,
    addnodes.pending_xref,
)


def setup(app):
    app.add_css_file('terms.css')
    app.add_transform(LinkTerms)


class LinkTerms(SphinxTransform):
    """Put links and entries of the index where terms are first used."""

    default_priority = 800  # before Sphinx collects what the index lists

    def apply(self):
        docname = self.env.docname
        if not is_chapter(self.app, docname):
            return
        path = source_of_terms(self.app)
        forms = forms_of_terms(path)
        if forms:
            self.env.note_dependency(str(path))
            link_first_uses(self.document, forms, docname)


def link_first_uses(document, forms, docname):
    """Link the first use of each term in running text, in place."""
    pattern = any_of(forms)
    linked = set()
    for text in list(document.findall(nodes.Text)):
        if not is_skipped(text):
            pieces = with_links(text, pattern, forms, linked, docname)
            text.parent.replace(text, pieces)


def any_of(forms):
    """Return a pattern of whole words: the longest form that fits."""
    longest_first = sorted(forms, key=len, reverse=True)
    words = '|'.join(
        re.escape(form).replace(r'\ ', r'\s+') for form in longest_first
    )
    # A word within quotation marks or hyphens is a name, or another word.
    return re.compile(rf'(?<![\w“"-])(?:{words})(?![\w-])', re.IGNORECASE)


def is_skipped(node):
    """Return whether a node is within one where nothing is linked."""
    while node is not None:
        if isinstance(node, SKIPPED):
            return True
        node = node.parent
    return False


def with_links(text, pattern, forms, linked, docname):
    """Return the nodes that stand for a text; note the terms in `linked`."""
    pieces, end = [], 0
    for match in pattern.finditer(text):
        term = forms[' '.join(match[0].lower().split())]
        if term not in linked:
            linked.add(term)
            pieces.append(nodes.Text(text[end : match.start()]))
            pieces.extend(link(term, match[0], docname))
            end = match.end()
    return [*pieces, nodes.Text(text[end:])]


def link(term, word, docname):
    """Return an entry of the index, its place, and a link to the glossary."""
    place = nodes.make_id(f'use of {term}')
    entry = ('single', term, place, '', None)
    return [
        addnodes.index(entries=[entry]),
        nodes.target('', '', ids=[place]),
        addnodes.pending_xref(
            '',
            nodes.inline('', word, classes=['xref', 'std', 'std-term']),
            refdomain='std',
            reftype='term',
            reftarget=term,
            refexplicit=True,
            refdoc=docname,
            refwarn=True,
        ),
    ]
