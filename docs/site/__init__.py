"""Builds the documentation site: ``python -m docs.site`` from the top of the repository.

``navigation`` names the pages, ``staging`` copies them with their links turned to the site, ``generated``
writes the pages that come from the code (help of commands, API, examples), Sphinx makes HTML, and ``checks``
looks at it. The examples are not run here, as sphinx-gallery would do: compiling included they take minutes.
Their output stands beside them, and a test compares.
"""
