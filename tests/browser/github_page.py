"""Markdown as GitHub shows it: GitHub's own parser, what its sanitiser lets through, and a look with its measures."""

from __future__ import annotations

from pathlib import Path

import nh3
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

TAGS = frozenset(
    {"a", "b", "blockquote", "br", "code", "del", "details", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img"}
    | {"ins", "kbd", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "summary", "sup"}
    | {"table", "tbody", "td", "th", "thead", "tr", "ul"}
)
"""The elements that a comment may hold, of those that GitHub lets through."""

_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "td": {"align"}, "th": {"align"}, "pre": {"lang"}}
_STYLE = Path(__file__).with_name("github.css").read_text(encoding="utf-8")


def github_page(markdown: str) -> str:
    """Return a page with one comment, as GitHub shows it to a reader."""
    return _page(sanitised(rendered(markdown)))


def unguarded_page(markdown: str) -> str:
    """Return the same page without the sanitiser: what a host that trusts us would show."""
    return _page(rendered(markdown))


def rendered(markdown: str) -> str:
    """Return the HTML of GitHub's Markdown, raw HTML left as it stands."""
    return str(github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))


def sanitised(html: str) -> str:
    """Return `html` without what GitHub takes out of a comment: scripts, handlers, styles, comments."""
    return nh3.clean(html, tags=set(TAGS), attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto"})


def _page(comment: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Comment</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\n{_STYLE}</style>\n</head>\n<body>\n<article>\n"
        "<header><strong>kt-budgets</strong> commented</header>\n"
        f'<div class="comment">\n{comment}\n</div>\n</article>\n</body>\n</html>\n'
    )
