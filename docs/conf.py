"""The site of the documentation: `make docs` builds it into docs/_build."""

from reconciler.version import __version__

project = "kt-budgets"
version = release = __version__
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": "AI budgets as code for Keeptrusts", "page_width": "70em", "sidebar_width": "16em"}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
html_copy_source = False
myst_heading_anchors = 3
myst_fence_as_directive = []
suppress_warnings = ["misc.highlighting_failure"]
