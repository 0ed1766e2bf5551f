"""Keep the built pages in step with the sources.

Sphinx rewrites only the pages whose own source changed, and never deletes a
page: titles and numbers of references to other pages would be stale, a broken
reference would pass unnoticed, a deleted chapter would stay published.
"""

from pathlib import Path

PAGES_WITHOUT_SOURCE = {'404', 'search', 'genindex', 'py-modindex'}


def setup(app):
    app.connect('env-get-outdated', note_changes)
    app.connect('env-updated', rewrite_all_after_a_change)
    app.connect('build-finished', delete_orphans)


def note_changes(app, env, added, changed, removed):
    env.book_changed = bool(added or changed or removed)
    return []


def rewrite_all_after_a_change(app, env):
    """Write every page again when any source was added, changed, removed."""
    return sorted(env.found_docs) if env.book_changed else []


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
