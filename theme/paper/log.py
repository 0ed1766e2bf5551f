"""Tell what LaTeX's log says of lines, characters and references.

`python -m theme.paper.log FILE` prints a line for each and fails if there is
one.  LaTeX itself ends well with all of them.
"""

import re
import sys
from pathlib import Path

# Points, which nobody sees: of a line's width, and of a page's height.
WIDTH, HEIGHT = 1, 6

PAGE = re.compile(r'\[(\d+)(?=[\]\s{<]|$)')
PLACE = re.compile(r'^(?:Chapter|Appendix) (\w+)\.$')
WIDE = re.compile(r'^Overfull \\hbox \(([\d.]+)pt too wide\)')
HIGH = re.compile(r'^Overfull \\vbox \(([\d.]+)pt too high\)')
CODE = re.compile(r'^Overfull code \(([\d.]+)pt too wide\): (.*)')
# Further trouble, by what its line in the log says.
TROUBLE = (
    (re.compile(r'^Missing character: There is no (\S+)'), 'no font has {}'),
    (
        re.compile(r"^LaTeX Warning: (?:Reference|Citation) `(.*?)'.* undef"),
        'nothing to refer to: {}',
    ),
    (
        re.compile(r"^LaTeX Warning: Label `(.*?)' multiply defined"),
        'two places of one name: {}',
    ),
)
MARK = re.compile(r'\\PYGZ(\w+) ?\{\}|\\PYG ?\{[^}]*\}|[{}]')
CHARACTERS = {
    'at': '@', 'am': '&', 'bs': '\\', 'ca': '^', 'cb': '}', 'dl': '$',
    'dq': '"', 'gt': '>', 'hy': '-', 'lt': '<', 'ob': '{', 'pc': '%',
    'sh': '#', 'sq': "'", 'ti': '~', 'us': '_',
}  # fmt: skip


def findings(log):
    """Yield a line for each trouble that a log tells, with its place."""
    page, place = 0, 'front'
    lines = log.splitlines()
    for line, following in zip(lines, [*lines[1:], '']):
        chapter = PLACE.match(line)
        if chapter:
            place = f'chapter {chapter[1]}'
        trouble = of_line(line, following)
        if trouble:
            yield f'page {page + 1}, {place}: {trouble}'
        for number in PAGE.findall(line):
            page += int(number) == page + 1


def of_line(line, following):
    """Return the trouble that one line of a log tells, or None."""
    wide = WIDE.match(line)
    if wide and float(wide[1]) > WIDTH:
        return f'a line is {wide[1]} points too wide: {following.strip()}'
    code = CODE.match(line)
    if code and float(code[1]) > WIDTH:
        return f'code is {code[1]} points too wide: {plain(code[2])}'
    high = HIGH.match(line)
    if high and float(high[1]) > HEIGHT:
        return f'a page is {high[1]} points too high'
    for pattern, message in TROUBLE:
        found = pattern.match(line)
        if found:
            return message.format(found[1])
    return None


def plain(code):
    """Return a line of code without the marks of its colours."""
    return MARK.sub(lambda mark: CHARACTERS.get(mark[1], ''), code).strip()


def main():
    log = Path(sys.argv[1]).read_text('utf-8', errors='replace')
    found = list(dict.fromkeys(findings(log)))
    for finding in found:
        print(f'paper: {finding}', file=sys.stderr)
    sys.exit(bool(found))


if __name__ == '__main__':
    main()
