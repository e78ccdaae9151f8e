"""Configuration of Sphinx. Nothing is loaded from elsewhere: there is no mathjax and no intersphinx."""

from __future__ import annotations

from rankeval.versions import __version__

project = "rankeval"
release = version = __version__
author = "the authors of rankeval"
copyright = author
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

myst_heading_anchors = 4
highlight_language = "text"

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_numpy_docstring = False
napoleon_use_rtype = False

html_theme = "pydata_sphinx_theme"
html_title = "rankeval"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "rankeval"},
    "icon_links": [],
    "navbar_align": "left",
    "show_toc_level": 2,
    "show_prev_next": True,
    "footer_start": ["last-updated"],
    "footer_end": [],
    "article_header_start": ["breadcrumbs"],
}
