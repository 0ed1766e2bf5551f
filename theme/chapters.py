"""Tell which pages are chapters."""

from theme.notebooks import executed


def is_chapter(app, docname):
    """Return whether a page holds code and is no page of solutions."""
    return '/' not in docname and executed(app, docname) is not None
