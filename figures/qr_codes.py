"""Draw the QR codes that lead to the discussions of the chapters."""

import configparser
import io
from pathlib import Path

import segno

TABLE = Path(__file__).parent.parent / 'chapters' / 'discussions.ini'


def addresses(table=TABLE):
    """Return the addresses of the discussions by name of chapter."""
    parser = configparser.ConfigParser(interpolation=None, delimiters='=')
    parser.optionxform = str
    parser.read_string(table.read_text('utf-8'), source=table.name)
    return dict(parser['discussions'])


def svg(address):
    """Return the QR code of an address: black on white, with its margin.

    The margin of four modules is what ISO/IEC 18004 asks for; on a dark page
    a reader would not find the code without it.
    """
    code = segno.make(address, error='m', micro=False)
    file = io.BytesIO()
    code.save(
        file,
        kind='svg',
        scale=5,
        border=4,
        light='#fff',
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        title='QR code',
        desc=f'QR code of the address {address}',
    )
    # segno writes a size or a view box; an image that scales needs both.
    width, height = code.symbol_size(scale=5, border=4)
    view_box = f'<svg viewBox="0 0 {width} {height}" '
    return file.getvalue().decode().replace('<svg ', view_box, 1)
