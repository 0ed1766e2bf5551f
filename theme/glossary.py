"""Make a glossary of the paragraphs that explain terms.

On the page `glossary`, such a paragraph begins with a term in bold, other
forms of it in parentheses, and a colon.  It becomes an entry of Sphinx's own
glossary, which `:term:` refers to and the index lists.
"""

import re
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx import addnodes
from sphinx.domains.std import make_glossary_term
from sphinx.transforms import SphinxTransform

PAGE = 'glossary'
ENTRY = re.compile(r'^\*\*(.+?)\*\*(?: \((.+?)\))?: ', re.MULTILINE)
FORMS = re.compile(r'^(?:\s*\([^)]+\))?:\s*')


def setup(app):
    app.add_transform(MakeGlossary)


class MakeGlossary(SphinxTransform):
    """Turn the paragraphs of terms into a list of definitions."""

    default_priority = 790  # before Sphinx collects what the index lists

    def apply(self):
        if self.env.docname != PAGE:
            return
        paragraphs = list(self.document.findall(explains_a_term))
        if not paragraphs:
            return
        entries = nodes.definition_list(classes=['simple', 'glossary'])
        paragraphs[0].parent.insert(
            paragraphs[0].parent.index(paragraphs[0]),
            addnodes.glossary('', entries),
        )
        for paragraph in paragraphs:
            entries += self.entry(paragraph)

    def entry(self, paragraph):
        """Return the entry of a paragraph, which leaves the page."""
        paragraph.parent.remove(paragraph)
        strong, explanation = paragraph[0], paragraph[1]
        term = make_glossary_term(
            self.env,
            strong.children,
            None,
            paragraph.source,
            paragraph.line,
            None,
            self.document,
        )
        text = FORMS.sub('', explanation.astext())
        paragraph[:2] = [nodes.Text(text)]
        return nodes.definition_list_item(
            '', term, nodes.definition('', paragraph)
        )


def explains_a_term(node):
    """Return whether a node is a paragraph that explains a term."""
    return (
        isinstance(node, nodes.paragraph)
        and len(node) > 1
        and isinstance(node[0], nodes.strong)
        and FORMS.match(node[1].astext()) is not None
    )


def source_of_terms(app):
    """Return the path of the notebook that holds the glossary's text."""
    return Path(app.srcdir).parent / 'eval' / f'{PAGE}.ipynb'


def forms_of_terms(path):
    """Return a table from each form of a term, in small letters, to it."""
    if not path.is_file():
        return {}
    forms = {}
    for cell in nbformat.read(path, as_version=4).cells:
        for term, others in ENTRY.findall(cell.source):
            for form in [term, *filter(None, others.split(', '))]:
                forms[form.lower()] = term
    return forms
