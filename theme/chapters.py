"""Tell which pages are chapters."""

from theme.evaluated import is_executed


def is_chapter(app, docname):
    """Return whether a page holds code and is no page of solutions."""
    return '/' not in docname and is_executed(app, docname)
