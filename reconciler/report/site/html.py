"""The report: one self-contained HTML file of pages that asks nothing of the network.

A page is a module of this package: a function from the `Subject` to a `Page`, named in `_pages`.
"""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape

from reconciler.model.plan import Plan
from reconciler.model.review import ReviewDocument
from reconciler.report.document import Report
from reconciler.report.site.changes import changes
from reconciler.report.site.data import data
from reconciler.report.site.organization import organization
from reconciler.report.site.page import Page, Subject, keys
from reconciler.report.site.review import review
from reconciler.report.site.script import SCRIPT
from reconciler.report.site.style import STYLE
from reconciler.report.site.team import team
from reconciler.report.wallets import WalletStory, stories

MOST_TEAMS = 1000
"""A page takes some 7 KB: a browser opens a report of 1,000 teams in a second, and nobody looks at more of them."""


def html(plan: Plan, report: Report, reviews: Sequence[ReviewDocument] = (), *, most: int = MOST_TEAMS) -> str:
    """Return the whole report of a plan as an HTML document: every wallet is in its tables.

    Of more than `most` teams, those that need attention most have pages and pictures.
    """
    told = stories(plan)
    teams: dict[str, list[WalletStory]] = defaultdict(list)
    for story in told:
        teams[story.team].append(story)
    subject = Subject(
        plan, report, told, tuple(reviews), keys([*teams][:most]), {team: tuple(held) for team, held in teams.items()}
    )
    pages = tuple(_pages(subject))
    sections = "\n".join(_section(page, is_first=index == 0) for index, page in enumerate(pages))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">\n'
        f"<title>{escape(report.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#content">Skip to the content</a>\n'
        f'<header class="top"><p>{escape(report.header)}</p></header>\n{_contents(pages)}\n'
        f'<main id="content">\n{sections}\n</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n'
    )


def _pages(subject: Subject) -> Iterator[Page]:
    yield organization(subject)
    yield changes(subject)
    if subject.reviews:
        yield review(subject)
    yield data(subject)
    for name in subject.keys:
        yield team(subject, name)


def _policy() -> str:
    style, script = (b64encode(sha256(text.encode()).digest()).decode() for text in (STYLE, SCRIPT))
    return f"default-src 'none'; base-uri 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'"


def _section(page: Page, *, is_first: bool) -> str:
    """Return a page; all but the first wait, as text, until somebody looks at them."""
    body = page.body if is_first else f"<noscript>{page.body}</noscript>"
    return f'<section id="{page.key}" aria-label="{escape(page.title)}">{body}</section>'


_FIND = (
    '<div class="tools" data-of="teams" hidden><label>Find a team<input type="search"></label><output></output></div>'
)


def _contents(pages: Sequence[Page]) -> str:
    """Return links to all pages; teams are found by a part of their names."""
    links = "".join(f'<li><a href="#{page.key}">{page.label}</a></li>' for page in pages if page.kind == "page")
    teams = "".join(
        f'<li data-name="{escape(page.label.lower())}"><a href="#{page.key}">{escape(page.label)}</a></li>'
        for page in pages
        if page.kind == "team"
    )
    menu = f'<li><details><summary>Teams</summary><div>{_FIND}<ul id="teams">{teams}</ul></div></details></li>'
    everything = '<li data-script hidden><a href="#all">All pages, to print</a></li>'
    return f'<nav aria-label="Contents"><ul>{links}{menu if teams else ""}{everything}</ul></nav>'
