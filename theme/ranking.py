"""Tell the search which chapter is about which word.

Sphinx's index knows on which pages a word stands, and not how often: a page
that mentions it in passing would come before the one about it.  The counts go
into a script of their own, which only the page of the search loads.
"""

import json
from collections import Counter
from pathlib import Path

from docutils import nodes
from sphinx.search.en import SearchEnglish

from theme.chapters import is_chapter

SCRIPT = 'ranking.js'
HEADING = 8  # a word in a heading counts as much as so many elsewhere
DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'


def setup(app):
    app.connect('html-page-context', add_script)
    app.connect('build-finished', write_script)


def add_script(app, pagename, templatename, context, doctree):
    """Load the counts on the page of the search."""
    if pagename == 'search':
        app.add_js_file(SCRIPT)


def write_script(app, exception):
    """Write the counts of the words of all chapters."""
    if exception or app.builder.format != 'html':
        return
    names = sorted(n for n in app.env.found_docs if is_chapter(app, n))
    counts = [count_words(app.env.get_doctree(name)) for name in names]
    ranking = {'chapters': names, 'words': shares(counts)}
    text = json.dumps(ranking, separators=(',', ':'), sort_keys=True)
    script = Path(app.outdir) / '_static' / SCRIPT
    script.write_text(f'const RANKING = {text};\n', 'utf-8')


def count_words(doctree):
    """Count a page's words by their stems, as Sphinx's search forms them."""
    language = SearchEnglish({})
    counts = Counter()
    for node in doctree.findall(nodes.Text):
        if isinstance(node.parent, nodes.raw):
            continue  # for paper, not for pages
        weight = HEADING if isinstance(node.parent, nodes.title) else 1
        for word in language.split(node.astext()):
            stem = language.stem(word.lower())
            if language.word_filter(stem):
                counts[stem] += weight
    return counts


def shares(counts):
    """Return for each stem a digit a page: z where it stands most often."""
    digits = {}
    highest = len(DIGITS) - 1
    for stem in set().union(*counts):
        most = max(count[stem] for count in counts)
        digits[stem] = ''.join(
            DIGITS[-(-highest * count[stem] // most)] for count in counts
        )
    return digits
