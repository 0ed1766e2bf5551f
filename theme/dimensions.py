"""Give every image its width and height, so that it takes its place at once.

Without them a browser moves the text when an image arrives.
"""

from pathlib import Path

from docutils import nodes
from sphinx.util.images import get_image_size


def setup(app):
    app.connect('doctree-resolved', measure_images)


def measure_images(app, doctree, docname):
    """Set each image's size in pixels, which the style sheet may change."""
    if app.builder.format != 'html':
        return
    for image in doctree.findall(nodes.image):
        size = get_image_size(Path(app.srcdir) / image['uri'])
        if size:
            image['width'], image['height'] = map(str, size)
