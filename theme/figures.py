"""Give every image the alternative text that its file carries.

d2lbook strips alternative texts from the Markdown, where the brackets hold
the caption anyway.  An SVG file can describe itself: in `<desc>`.
"""

from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)


def setup(app):
    app.connect('doctree-read', describe_images)


def describe_images(app, doctree):
    """Set each image's `alt` from its file, and warn where there is none."""
    for image in doctree.findall(nodes.image):
        text = description(Path(app.srcdir) / image['uri'])
        if text:
            image['alt'] = text
        else:
            logger.warning(
                'image without a description: add <desc> to %s',
                image['uri'],
                location=image,
            )


def description(path):
    """Return the text of an SVG file's `<desc>`, or None."""
    if path.suffix != '.svg' or not path.is_file():
        return None
    desc = ElementTree.parse(path).find('{http://www.w3.org/2000/svg}desc')
    if desc is None or not desc.text:
        return None
    return ' '.join(desc.text.split())
