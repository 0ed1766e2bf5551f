"""Keep the built pages in step with the sources.

Sphinx rewrites only the pages whose own source changed, and never deletes a
page: titles and numbers of references to other pages would be stale, a broken
reference would pass unnoticed, a deleted chapter would stay published.

So all pages are written again when a fact changed that one page shows of
another.  An edit within a paragraph changes none, and its page alone is
written.  A change of this theme may be one of every page.
"""

import hashlib
import shutil
from pathlib import Path

from sphinx import addnodes

THEME = Path(__file__).parent
PAGES_WITHOUT_SOURCE = {'404', 'search', 'genindex', 'py-modindex'}


def setup(app):
    app.connect('env-get-outdated', read_all_with_another_theme)
    # After Sphinx itself, which assigns the numbers at this event.
    app.connect('env-get-updated', rewrite_all_after_a_change, priority=900)
    app.connect('build-finished', delete_orphans)


def read_all_with_another_theme(app, env, added, changed, removed):
    """Read every source again when a file of the theme is another one."""
    before, now = getattr(env, 'book_theme', None), digest_of_theme()
    env.book_theme = now
    if now == before:
        return []
    # Sphinx looks at the time of a module only, not at what shaped its page.
    shutil.rmtree(Path(app.outdir) / '_modules', ignore_errors=True)
    return sorted(env.found_docs)


def digest_of_theme():
    """Return a digest of the files that decide what pages look like."""
    digest = hashlib.sha256()
    for path in sorted(THEME.rglob('*')):
        if path.suffix in {'.css', '.html', '.js', '.py'}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def rewrite_all_after_a_change(app, env):
    """Write every page again when one shows another fact of a source."""
    before, now = getattr(env, 'book_facts', None), shared_facts(env)
    env.book_facts = now
    return [] if now == before else sorted(env.found_docs)


def shared_facts(env):
    """Return the words and numbers that a page may show of another one.

    They are compared as texts: the environment is stored between builds.
    """
    facts = {name: repr(fact(env)) for name, fact in SHARED.items()}
    facts['found'] = sorted(env.found_docs)
    return facts


def headings(env):
    """Return the title and the contents of each page, with their links."""
    titles = {doc: title.astext() for doc, title in env.titles.items()}
    links = {
        doc: [
            (link['anchorname'], link.astext())
            for link in toc.findall()
            if link.tagname == 'reference'
        ]
        for doc, toc in env.tocs.items()
    }
    return sorted(titles.items()), sorted(links.items())


def contents(env):
    """Return which pages each list of contents holds, in which way."""
    return [
        (doc, sorted((k, v) for k, v in tree.attributes.items() if v))
        for doc, toc in sorted(env.tocs.items())
        for tree in toc.findall(addnodes.toctree)
    ]


def numbers(env):
    """Return the numbers of sections and figures."""
    return (
        sorted(env.toc_secnumbers.items()),
        sorted(env.toc_fignumbers.items()),
    )


def labels(env):
    """Return what the marks of references lead to."""
    data = env.domaindata['std']
    names = 'labels', 'anonlabels', 'objects', 'terms', 'progoptions'
    return [sorted(data.get(name, {}).items()) for name in names]


def descriptions(env):
    """Return the functions and classes that a page describes."""
    return sorted(env.domaindata['py']['objects'].items())


def citations(env):
    """Return which page cites what, and the bibliography."""
    data = env.domaindata['cite']
    cited = {
        (r.docname, key) for r in data['citation_refs'] for key in r.keys
    }
    return sorted(cited), list(data['bibdata'].data.entries.items())


def images(env):
    """Return the names under which images are published."""
    return sorted((uri, name) for uri, (_, name) in env.images.items())


SHARED = {
    'headings': headings,
    'contents': contents,
    'numbers': numbers,
    'labels': labels,
    'descriptions': descriptions,
    'citations': citations,
    'images': images,
}


def delete_orphans(app, exception):
    """Delete pages, notebooks and images that no source stands behind."""
    if exception or app.builder.format != 'html':
        return
    outdir = Path(app.outdir)
    names = app.env.found_docs | PAGES_WITHOUT_SOURCE
    for page in [*outdir.rglob('*.html'), *outdir.rglob('*.ipynb')]:
        name = page.relative_to(outdir).with_suffix('').as_posix()
        if name not in names and not name.startswith('_'):
            page.unlink()
    images = {name for _, name in app.env.images.values()}
    for image in outdir.glob('_images/*'):
        if image.name not in images:
            image.unlink()
