"""JSON by its standard: what Python's `json` admits beyond it is refused.

RFC 8259 leaves duplicate names open and has neither NaN nor infinities.
"""

from __future__ import annotations

import json

from d2l_rw.errors import FormatError, expect


def dumps(value) -> bytes:
    """Return a value as JSON in UTF-8, with a final newline.

    Raises:
        TypeError, ValueError: if JSON cannot hold the value.

    >>> dumps({'epoch': 3})
    b'{"epoch": 3}\\n'
    """
    return (json.dumps(value, allow_nan=False) + '\n').encode()


def loads(data: bytes):
    """Return the value that JSON in UTF-8 stands for.

    Raises:
        FormatError: if the bytes are not JSON, or not strictly.

    >>> loads(b'{"epoch": 3}')
    {'epoch': 3}
    """
    try:
        return json.loads(
            data.decode(),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        place = len(error.doc[: error.pos].encode())
        raise FormatError('JSON', 'a value', error.msg, place) from None
    except UnicodeDecodeError as error:
        found, place = error.reason, error.start
        raise FormatError('JSON', 'UTF-8', found, place) from None
    except RecursionError:
        raise FormatError('JSON', 'flat values', 'deep ones') from None
    except FormatError:
        raise
    except ValueError as error:  # Python's limit on the digits of a number
        raise FormatError('JSON', 'a short number', error) from None


def _unique(pairs: list[tuple]) -> dict:
    found: dict = {}
    for name, value in pairs:
        expect(name not in found, 'JSON', 'each name once', repr(name))
        found[name] = value
    return found


def _no_constant(name: str) -> None:
    raise FormatError('JSON', 'a finite number', name)
