# SPDX-License-Identifier: GPL-2.0
"""Sphinx: `make docs` writes HTML to build/docs. Nothing but Sphinx itself is needed."""
project = "pvhv"
author = "the pvhv authors"
version = release = "0.1"
extensions = []
# Literal blocks here are diagrams and shell lines, not Python.
highlight_language = "none"
html_theme = "alabaster"
html_show_copyright = False
html_show_sphinx = False
