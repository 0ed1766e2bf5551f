"""How far two colours are apart, as WCAG 2.1 defines it."""

import re

LEAST = 4.5  # success criterion 1.4.3, for text of the usual size


def colour(words):
    """Return the red, green and blue of 'rgb(1, 2, 3)'."""
    red, green, blue = re.fullmatch(
        r'rgb\((\d+), (\d+), (\d+)\)', words
    ).groups()
    return int(red), int(green), int(blue)


def ratio(one, other):
    """Return the contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(rgb):
    """Return a colour's relative luminance, from 0 to 1."""
    red, green, blue = (linear(part / 255) for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(part):
    """Undo the gamma of sRGB."""
    return (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
    )
