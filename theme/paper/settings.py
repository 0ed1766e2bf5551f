"""Set the options of the printed book.

d2lbook's conf.py has settings for a book of its own, with a preamble that
replaces headers and headings.  Nothing of them remains but the names of the
macros that it writes before each cell; `bookcode.sty` defines these.
"""

from pathlib import Path

from sphinx.util.texescape import escape

FOLDER = Path(__file__).parent
STYLES = 'bookpage', 'bookcode'

# Found by file name, so that no other font can take their place unseen.
FONTS = r"""
\usepackage{unicode-math}
\setmainfont{texgyrepagella}[
  Extension=.otf, UprightFont=*-regular, ItalicFont=*-italic,
  BoldFont=*-bold, BoldItalicFont=*-bolditalic]
\setsansfont{texgyreheros}[
  Extension=.otf, UprightFont=*-regular, ItalicFont=*-italic,
  BoldFont=*-bold, BoldItalicFont=*-bolditalic]
\setmonofont{DejaVuSansMono}[
  Extension=.ttf, UprightFont=*, ItalicFont=*-Oblique,
  BoldFont=*-Bold, BoldItalicFont=*-BoldOblique, Scale=0.8]
\setmathfont{texgyrepagella-math.otf}
"""

# 78 columns of the monospaced font take 411 points: with the space inside a
# frame, that is the width between these margins.
PAGE = 'hmargin={30mm,30mm},vmargin={28mm,30mm},marginpar=8mm'
COLOURS = (
    'InnerLinkColor={rgb}{0.05,0.3,0.5},OuterLinkColor={rgb}{0.05,0.3,0.5},'
    'TitleColor={rgb}{0.1,0.15,0.2},'
    # Sphinx draws boxes with backgrounds, rounded or open on one side only
    # if it reads here that some box will be; `bookcode.sty` says which.
    'VerbatimColor={rgb}{0.96,0.96,0.96},VerbatimBorderColor={rgb}{.8,.8,.8},'
    'pre_border-radius=2pt'
)

ELEMENTS = {
    'papersize': 'a4paper',
    'pointsize': '11pt',
    'extraclassoptions': 'oneside,openany',
    'fontpkg': FONTS,
    'fncychap': '',
    'fvset': r'\fvset{fontsize=\normalsize,baselinestretch=0.88}',
    'sphinxsetup': f'{PAGE},{COLOURS}',
    # At this size, the words of the figures are as large as code is.
    'pxunit': '0.65bp',
    'figure_align': 'htbp',
    'releasename': 'Version',
    'tocdepth': r'\setcounter{tocdepth}{1}',
    'preamble': '\n'.join(rf'\usepackage{{{name}}}' for name in STYLES),
    # `structure` writes these two: the title page holds a sentence of text.
    'maketitle': '',
    'tableofcontents': '',
}


def setup(app):
    app.connect('config-inited', set_options)
    app.connect('builder-inited', set_colours_of_code)


def set_options(app, config):
    """Replace d2lbook's settings for LaTeX."""
    copyright = escape(config.copyright, config.latex_engine)
    config.latex_elements = {
        **ELEMENTS,
        'extrapackages': rf'\newcommand{{\bookcopyright}}{{{copyright}}}',
    }
    config.latex_additional_files = [
        str(FOLDER / f'{name}.sty') for name in STYLES
    ]
    config.latex_table_style = ['booktabs', 'colorrows']
    config.latex_use_xindy = False
    config.latex_domain_indices = False
    config.rsvg_converter_args = []


def set_colours_of_code(app):
    """Colour code so that it can be read in print, grey print included."""
    if app.builder.format == 'latex':
        app.config.pygments_style = 'a11y-high-contrast-light'
