"""Draw the QR codes that lead to the discussions of the chapters."""

import io

import segno

ADDRESSES = {
    'changed-models': 'https://github.com/apache/mxnet/issues/19257',
    'read-write': 'https://discuss.gluon.ai/t/topic/1255',
    'deferred-init': 'https://discuss.gluon.ai/t/topic/6320',
}


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
