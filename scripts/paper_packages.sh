#!/bin/sh
# Print the Debian packages that `make pdf` needs and does not find, one a line.
# Each is looked for by something that it brings, so that a TeX from elsewhere
# will do.
set -eu

have() {
    command -v "$1" || kpsewhich "$1"
}

while read -r thing package; do
    have "$thing" >/dev/null 2>&1 || echo "$package"
done <<'EOF'
xelatex texlive-xetex
unicode-math.sty texlive-latex-recommended
titlesec.sty texlive-latex-extra
pzdr.tfm texlive-fonts-recommended
texgyrepagella-regular.otf fonts-texgyre
texgyrepagella-math.otf fonts-texgyre-math
DejaVuSansMono.ttf fonts-dejavu-core
latexmk latexmk
rsvg-convert librsvg2-bin
EOF
