"""The commands of an author: pages that follow the text, checks, a skeleton.

`python -m authoring.serve`        pages that follow the text
`python -m authoring.lint`         the traps of the dialect, misspelt words
`python -m authoring.links`        links of the built pages
`python -m authoring.new_chapter`  a chapter that builds, to be filled
"""
