"""The page of a team: each wallet's month, what makes it up, what the plan assumes, its ledger and its later months."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from reconciler.model.change import Allocate, Reclaim
from reconciler.model.forecast import AlertForecast, AlertOutlook, WalletForecast
from reconciler.report import wording
from reconciler.report.chart import chart
from reconciler.report.charts.fan import fan
from reconciler.report.charts.layers import layers
from reconciler.report.details import assumption_table
from reconciler.report.document import Column, Row, Table
from reconciler.report.notices import drifted
from reconciler.report.site.page import Page, Subject, forecasts
from reconciler.report.site.parts import bullets, figure, table, titled
from reconciler.report.spans import DASH, Cell, marked, safe_name, safe_place, shift, visible
from reconciler.report.wallet_notes import wallet_notes
from reconciler.report.wallets import WalletStory, fires, wallet_table


def team(subject: Subject, name: str) -> Page:
    told, title = subject.teams[name], safe_name(name)
    body = (
        f'<h1 tabindex="-1">{escape(title)}</h1>'
        + titled("Wallets", table(wallet_table(told, subject.plan)), bullets(wallet_notes(told)))
        + "".join(_wallet(story) for story in told)
        + titled("Is the annual plan still true?", _assumptions(subject, name))
        + titled(f"The ledger of {subject.plan.period.name}", table(_ledger(subject, told)), _by_hand(subject, name))
        + titled("Later months", _later(told))
    )
    return Page(subject.keys[name], title, title, body, "team")


def _wallet(story: WalletStory) -> str:
    drawn, built = chart(story), layers(story)
    pictures = (figure(fan(drawn)) if drawn else "") + (figure(built) if built else "")
    notices = story.forecast.notices if story.forecast else ()
    seen = [marked(f"{visible(one.message)} {visible(one.hint)}".strip()) for one in notices]
    return titled(
        story.name,
        f'<div class="pair">{pictures}</div>' if pictures else "",
        titled("Alerts", table(_alerts(story.forecast)), level=3) if story.forecast else "",
        titled("What its history shows", bullets(seen), level=3),
    )


def _alerts(forecast: WalletForecast) -> Table:
    """Return every alert: when it fires now and then, and how many days are left to act."""
    columns = (
        Column("name", "Alert"),
        Column("amount", "Fires at", "right"),
        Column("fires", "Fires"),
        Column("days", "Days to react", "right"),
    )
    rows = [
        Row(
            (
                Cell(f"{safe_name(alert.name)}, {alert.percentage}%{'' if alert.declared else ' (not in git)'}"),
                Cell(wording.exact(alert.fires_at)),
                shift(_fires(alert.live), _fires(alert.desired)),
                shift(_days(alert.live), _days(alert.desired)),
            )
        )
        for alert in sorted(forecast.alerts, key=_order)
    ]
    return Table(columns, tuple(rows))


def _order(alert: AlertForecast) -> tuple[object, ...]:
    return alert.fires_at, alert.name


def _fires(outlook: AlertOutlook | None) -> str:
    return "none" if outlook is None else fires(outlook)


def _days(outlook: AlertOutlook | None) -> str:
    days = outlook.reaction_days.get("0.5") if outlook else None
    return DASH if days is None else str(days)


def _assumptions(subject: Subject, name: str) -> str:
    found = (one for one in subject.plan.assumptions if one.team == name and one.assumptions)
    return "".join(table(assumption_table(safe_name(name), one.assumptions)) for one in found)


def _ledger(subject: Subject, told: tuple[WalletStory, ...]) -> Table:
    """Return what each wallet was funded with this month, what moves, what is spent and what is left, to the cent."""
    columns = (
        Column("name", "Wallet"),
        Column("funded", "Funded so far", "right"),
        Column("moves", "Merging moves", "right"),
        Column("target", "Funded then", "right"),
        Column("spent", "Spent by the ledger", "right"),
        Column("left", "Money left now", "right"),
        Column("then", "Money left then", "right"),
    )
    rows = [Row(tuple(map(Cell, (story.name, *_entries(subject, story))))) for story in told]
    return Table(columns, tuple(rows))


def _entries(subject: Subject, story: WalletStory) -> Iterator[str]:
    change, forecast = story.change, story.forecast
    live, desired = (forecast.live, forecast.desired) if forecast else (None, None)
    yield wording.exact(change.funded_before if change else live.target if live else None)
    yield _signed(change)
    yield wording.exact(change.funded_after if change else live.target if live else None)
    yield wording.exact(subject.plan.spent.get(story.wallet))
    yield wording.exact(live.money_left if live else None)
    yield wording.exact(desired.money_left if desired else None)


def _signed(change: Allocate | Reclaim | None) -> str:
    if change is None:
        return "nothing"
    return f"{'+' if isinstance(change, Allocate) else '−'}{wording.exact(change.amount)}"


def _by_hand(subject: Subject, name: str) -> str:
    plan = subject.plan
    return bullets(drifted(item, plan.currency) for item in plan.drift if item.team == name)


def _later(told: tuple[WalletStory, ...]) -> str:
    """Return the months ahead as a matrix: a row a month, two columns a wallet; above its target is said in words."""
    known = [(story, {month.period: month for month in found.months}) for story, found in forecasts(told)]
    months = sorted({period for _, by_month in known for period in by_month})
    columns = [Column("month", "Month")]
    for story, _ in known:
        name = safe_place("", story.environment).removeprefix(f"{DASH} / ")
        columns += [
            Column("target", f"{name}: target", "right"),
            Column("spend", f"{name}: middle (8 in 10 months)", "right"),
        ]
    rows = []
    for period in months:
        cells = [Cell(period.name)]
        for _, by_month in known:
            month = by_month.get(period)
            cells.append(Cell(wording.whole(month.target if month else None)))
            is_above = month is not None and month.quantiles["0.5"] > month.target
            told_ = wording.interval(month.quantiles) if month else DASH
            cells.append(Cell(f"{told_}, above target", strong=True) if is_above else Cell(told_))
        rows.append(Row(tuple(cells)))
    return table(Table(tuple(columns), tuple(rows)))
