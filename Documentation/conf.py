# SPDX-License-Identifier: GPL-2.0
"""Sphinx: `make docs` writes HTML to build/docs. Nothing but Sphinx itself is needed."""
import os

project = "pvhv"
author = "the pvhv authors"
with open(os.path.join(os.path.dirname(__file__), "../VERSION"), encoding="ascii") as f:
    version = release = f.read().strip()
extensions = []
# Literal blocks here are diagrams and shell lines, not Python.
highlight_language = "none"
html_theme = "alabaster"
html_show_copyright = False
html_show_sphinx = False

# `make man` builds these from the same sources.
man_pages = [
    ("pvctl", "pvctl", "run virtual machines with the pvhv module", author, 1),
    ("pvhv", "pvhv", "virtual machines without hardware virtualization", author, 4),
]
