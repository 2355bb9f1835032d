"""The first page: the verdict, the year against its target, all wallets, and where the money goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape

from reconciler.report import wording
from reconciler.report.chart import chart
from reconciler.report.charts.money import money
from reconciler.report.charts.multiple import thumbnail
from reconciler.report.charts.year import year
from reconciler.report.document import Row, Standing, Table
from reconciler.report.forecast_text import year_sentence
from reconciler.report.site.page import Page, Subject
from reconciler.report.site.parts import bullets, figure, inline, notices, sentences, table, titled
from reconciler.report.spans import Cell, Words
from reconciler.report.wallet_notes import wallet_notes
from reconciler.report.wallets import SAFE, WalletStory, chance, wallet_table

KEY = "organization"
_FIRST = 24
"""So many pictures are drawn at once; the others when somebody asks for them."""
_ROWS = 100
"""So many rows are there at once; the others when somebody searches, sorts, or asks for them."""


def organization(subject: Subject) -> Page:
    report, drawn = subject.report, money(subject.stories, subject.plan.currency)
    body = (
        f'<h1 tabindex="-1">{inline(report.headline)}</h1>'
        f'<p class="lead">{sentences((*report.lead, *report.approve))}</p>'
        + table(report.decision, "short")
        + bullets((*report.by_hand, *report.brief_notes, *report.urgent))
        + notices("Refused", report.refusals, "notice refusal")
        + notices("Waived", report.waivers, "notice")
        + titled("What the plans assumed and the data do not show", table(report.failing, "short"))
        + titled("The year", _year(subject))
        + titled("Wallets", _wallets(subject), bullets(report.wallet_notes), bullets(_other_notes(subject)))
        + notices("Warnings", (*report.warnings, *report.running_out), "notice")
        + notices("Standing notices, not caused by this change", report.standing, "notice")
        + titled("Each wallet's month, the likeliest to run out first", _many(subject))
        + titled("Where the money goes", figure(drawn) if drawn else "")
    )
    return Page(KEY, report.title, "Organization", body)


def _other_notes(subject: Subject) -> list[Words]:
    said = set(subject.report.wallet_notes)
    return [note for note in wallet_notes(subject.stories) if note not in said]


def _year(subject: Subject) -> str:
    found = subject.plan.year
    if found is None:
        return ""
    drawn = year(found, subject.plan.currency, subject.plan.as_of)
    told = f"<p>{escape(year_sentence(found, subject.plan.currency))}</p>"
    return told + (figure(drawn) if drawn else "")


def _wallets(subject: Subject) -> str:
    """Return the table of all wallets, worst first, with what finds, sorts and filters its rows."""
    told = subject.stories
    shown = wallet_table(told, subject.plan)
    keys = [column.key for column in shown.columns]
    rows = tuple(
        Row(tuple(_sorted_by(key, cell, story) for key, cell in zip(keys, row.cells, strict=True)))
        for row, story in zip(shown.rows, told, strict=True)
    )
    marks = [f' data-name="{escape(story.name.lower())}" data-kinds="{_kinds(story)}"' for story in told]
    first, rest = (
        table(Table(shown.columns, rows[part]), "stack sortable", rows=marks[part], links=subject.links)
        for part in (slice(_ROWS), slice(_ROWS, None))
    )
    if rest:
        more = f'<p data-script hidden><button type="button">Show all {len(told):,} wallets</button></p>'
        rest = f"{more}<noscript>{rest}</noscript>"
    return (
        f'{_TOOLS if len(told) > 1 else ""}<div id="wallets" data-total="{len(told)}">{first}{rest}</div>'
        if first
        else ""
    )


_TOOLS = (
    '<div class="tools" data-of="wallets" hidden><label>Find a wallet<input type="search"></label><label>Show<select>'
    '<option value="">all wallets</option><option value="changes">whose money changes</option><option value="out">'
    f'that may run out (more than {1 - SAFE:.0%} likely)</option><option value="unknown">without a forecast</option>'
    "</select></label><output></output></div>"
)


def _kinds(story: WalletStory) -> str:
    kinds = ["changes"] if story.is_changed else []
    if story.lasts is None:
        return " ".join([*kinds, "unknown"])
    return " ".join([*kinds, *(["out"] if story.standing in ("short", "risky") else [])])


_SORTS: dict[str, Callable[[WalletStory], object]] = {
    "target": lambda story: story.target,
    "ceiling": lambda story: story.forecast and story.forecast.desired.ceiling,
    "spent": lambda story: story.forecast and story.forecast.spend_to_date,
    "month_end": lambda story: story.forecast and story.forecast.month_end.quantiles.get("0.5"),
    "runs_out": lambda story: None if story.lasts is None else 1 - story.lasts,
}


def _sorted_by(key: str, cell: Cell, story: WalletStory) -> Cell:
    """Return a cell that is put in order by its figure: money as money, and a day by how likely the money runs out."""
    found = _SORTS[key](story) if key in _SORTS else None
    return cell if found is None else replace(cell, sort=str(found))


def _many(subject: Subject) -> str:
    risky = sorted(subject.stories, key=lambda story: (story.lasts is None, story.lasts or 0.0, story.urgency))
    shown = [story for story in risky if story.forecast and story.team in subject.keys]
    if len(shown) < 2:
        return ""
    pictures = [_small(story, subject) for story in shown]
    first, rest = pictures[:_FIRST], pictures[_FIRST:]
    more = (
        f"<details data-more><summary>{wording.counted(len(rest), 'wallet')} more</summary>"
        f'<noscript><ul class="many">{"".join(rest)}</ul></noscript></details>'
        if rest
        else ""
    )
    return f'<ul class="many">{"".join(first)}</ul>{more}{_others(subject)}'


def _others(subject: Subject) -> str:
    """Say which teams have neither a page nor a picture, where there are such teams."""
    others = len(subject.teams) - len(subject.keys)
    if not others:
        return ""
    have = f"The {len(subject.keys):,} teams that need attention most have a page and pictures here"
    return f"<p>{have}; the wallets of the {wording.counted(others, 'other team')} are in the table above alone.</p>"


_STANDING: dict[Standing, str] = {
    "short": "likely to run out",
    "risky": "may run out",
    "tight": "tight",
    "safe": "lasts",
    "unknown": "not known",
}


def _small(story: WalletStory, subject: Subject) -> str:
    drawn, forecast = chart(story), story.forecast
    picture = thumbnail(drawn) if drawn else ""
    ends = wording.interval(forecast.month_end.quantiles) if forecast else ""
    likely = f"<span>runs out: {escape(chance(forecast.desired))}</span>" if forecast else ""
    standing = f"<span><strong>{_STANDING[story.standing]}</strong></span>{likely}"
    name = f'<a href="#{subject.keys[story.team]}">{escape(story.name)}</a>'
    return f"<li>{name}{picture}{standing}<span>ends at {ends}</span></li>"
