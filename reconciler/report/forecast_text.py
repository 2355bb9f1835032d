"""`kt-budgets forecast` for a terminal: one row a wallet, its pictures, the months ahead, the year, the warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reconciler.model.forecast import ForecastNotice, WalletForecast, YearForecast
from reconciler.model.outlook import ForecastDocument
from reconciler.model.period import Period
from reconciler.model.usage import UsageSource
from reconciler.report import wording
from reconciler.report.document import Column, Row, Table
from reconciler.report.forecast_layout import NARROWEST, notice_lines, page, sentence, table_lines, told_once
from reconciler.report.savings import lever_name, planned_words
from reconciler.report.screen import PAPER, Screen
from reconciler.report.spans import Cell, plain, safe_name
from reconciler.report.usage_doubts import usage_summary
from reconciler.report.wallet_notes import wallet_notes
from reconciler.report.wallets import WalletStory, is_known, wallet_table
from reconciler.report.year import covered_words, sure_words, uncounted_words, uncovered_words

FAN_WIDTH = 26


@dataclass(frozen=True, slots=True)
class Palette:
    """The characters of the pictures. `levels` rise; `fan` is spent, to P10, to P50, to P90."""

    levels: str
    fan: tuple[str, str, str, str]
    mark: str = "|"


BLOCKS = Palette("▁▂▃▄▅▆▇█", ("█", "▓", "▒", "░"))
ASCII = Palette("_.-=+*%#", ("#", "=", "-", "."))
"""For terminals that cannot show blocks."""


def sparkline(values: Sequence[Decimal], palette: Palette) -> str:
    """Return one character for each value, from zero up to the largest of them."""
    top = max(values, default=Decimal(0))
    if top <= 0:
        return palette.levels[0] * len(values)
    last = len(palette.levels) - 1
    return "".join(palette.levels[round(max(value, Decimal(0)) / top * last)] for value in values)


def fan(forecast: WalletForecast, palette: Palette, *, width: int = FAN_WIDTH) -> str:
    """Return a bar from nothing to what the month may cost, with a mark at what the month can spend.

    The bar ends at P90 or at the money, whichever is more; every wallet has its own scale.
    """
    quantiles = forecast.month_end.quantiles
    steps = [forecast.known_spend, *(quantiles.get(key, Decimal(0)) for key in ("0.1", "0.5", "0.9"))]
    money = forecast.desired.ceiling
    top = max(*steps, money)
    if top <= 0:
        return ""
    cells = [_shade(top * (2 * cell + 1) / (2 * width), steps, palette) for cell in range(width)]
    at = min(int(money / top * width), width - 1)
    return "".join([*cells[:at], palette.mark, *cells[at + 1 :]]).rstrip()


def _shade(value: Decimal, steps: Sequence[Decimal], palette: Palette) -> str:
    return next((shade for step, shade in zip(steps, palette.fan, strict=True) if value <= step), " ")


_ABOVE, _MAYBE = "!", "~"


@dataclass(frozen=True, slots=True)
class ForecastPage:
    """What the page shows. `weeks` are a wallet's last whole weeks of spend, oldest first.

    `year` is None where only some wallets are shown or no fiscal year holds the period.
    """

    organization: str
    currency: str
    period: Period
    as_of: date
    known: str
    forecasts: Sequence[WalletForecast]
    weeks: Mapping[str, Sequence[Decimal]]
    year: YearForecast | None = None
    usage: UsageSource | None = None
    notices: Sequence[ForecastNotice] = ()

    def document(self) -> ForecastDocument:
        return ForecastDocument(
            wallets=tuple(self.forecasts),
            year=self.year,
            usage=usage_summary(self.usage) if self.usage else None,
            notices=tuple(self.notices),
        )


def forecast_text(shown: ForecastPage, screen: Screen = PAPER) -> str:
    width, palette = max(screen.width, NARROWEST), BLOCKS if screen.blocks else ASCII
    told = wallet_stories(shown.forecasts)
    blocks = [
        sentence(header(shown.organization, shown.period, shown.as_of, shown.known), width, indent=0),
        table_lines(wallet_table(told, shown), width),
        [line for note in wallet_notes(told) for line in sentence(plain(note), width)],
        _pictures(shown, told, palette, width),
        _months(told, width),
        sentence(year_sentence(shown.year, shown.currency), width) if shown.year else [],
        levers(told, shown.currency, width),
        notice_lines(told_once(shown.notices), width),
    ]
    return page(blocks, width=width, colour=screen.colour)


def header(organization: str, period: Period, as_of: date, known: str) -> str:
    """Return the first line: who, which month, seen from when, and from what."""
    return f"{safe_name(organization)}, {period.name}, as of {wording.long_day(as_of)} ({known})"


def wallet_stories(forecasts: Sequence[WalletForecast]) -> tuple[WalletStory, ...]:
    """Return the wallets, the one that runs out first on top."""
    told = (
        WalletStory(
            found.team,
            found.environment,
            found.wallet,
            None,
            found if is_known(found) else None,
            found.desired.target,
        )
        for found in forecasts
    )
    return tuple(sorted(told, key=lambda story: story.urgency))


def _pictures(shown: ForecastPage, told: Sequence[WalletStory], palette: Palette, width: int) -> list[str]:
    """Return the last weeks and the fan of each wallet, and what the fan's shades mean."""
    drawn = [(story, story.forecast) for story in told if story.forecast]
    if not drawn:
        return []
    rows = tuple(
        Row((Cell(story.name), Cell(sparkline(shown.weeks.get(story.wallet, ()), palette)), Cell(fan(found, palette))))
        for story, found in drawn
    )
    columns = (Column("name", ""), Column("weeks", "8 weeks"), Column("fan", shown.period.name))
    spent, low, middle, high = palette.fan
    legend = (
        f"{spent} spent, {low} to P10, {middle} to P50, {high} to P90, {palette.mark} money for the month;"
        " every bar has its own scale."
    )
    return [*table_lines(Table(columns, rows), width), *sentence(legend, width)]


def _months(told: Sequence[WalletStory], width: int) -> list[str]:
    """Return the months ahead, a column each: the median, marked where it or P90 is above the month's target."""
    forecasts = [(story.name, story.forecast) for story in told if story.forecast]
    months = sorted({month.period for _, forecast in forecasts for month in forecast.months})
    if not months:
        return []
    rows = []
    for label, forecast in forecasts:
        by_month = {month.period: (month.target, month.quantiles) for month in forecast.months}
        rows.append(
            Row((Cell(label), *(_month(*by_month[month]) if month in by_month else Cell("") for month in months)))
        )
    columns = (Column("name", ""), *(Column(str(month), f"{month.first:%b %y}", "right") for month in months))
    note = f"Months ahead, the middle (P50): {_ABOVE} it is above the month's target, {_MAYBE} only P90 is."
    return [*sentence(note, width), *table_lines(Table(columns, tuple(rows)), width)]


def _month(target: Decimal, quantiles: Mapping[str, Decimal]) -> Cell:
    middle, high = quantiles["0.5"], quantiles["0.9"]
    mark = _ABOVE if middle > target else _MAYBE if high > target else " "
    return Cell(f"{wording.whole(middle)}{mark}")


def year_sentence(year: YearForecast, currency: str) -> str:
    """Return the fiscal year in one sentence, and another where it does not cover all that was spent."""
    if not year.quantiles:
        others = f" {uncovered}" if (uncovered := uncovered_words(year, currency)) else ""
        return f"{safe_name(year.name, 24)}: not known, for no wallet has a forecast.{others}"
    words = f"{safe_name(year.name, 24)}: {safe_name(currency, 8)} {_year_range(year.quantiles)}"
    words += covered_words(year) + uncounted_words(year)
    words += f", {planned}" if (planned := planned_words(year)) else ""
    others = f" {uncovered}" if (uncovered := uncovered_words(year, currency)) else ""
    if year.annual_target is None:
        return f"{words}; there is no annual target.{others}"
    words += f", against an annual target of {wording.brief(year.annual_target)}"
    if year.within_probability is None:
        return f"{words}.{others}"
    return f"{words}: {sure_words(year)} sure to stay within it.{others}"


def _year_range(quantiles: Mapping[str, Decimal]) -> str:
    low, middle, high = (wording.whole(quantiles.get(key)) for key in ("0.1", "0.5", "0.9"))
    return f"{middle} ({low} to {high} in 8 of 10 cases)"


def levers(told: Sequence[WalletStory], currency: str, width: int) -> list[str]:
    """Return what the plan's levers bring to the mean month end of each wallet; nothing for levers that bring none."""
    lines: list[str] = []
    for story in told:
        moved = [lever for lever in (story.forecast.levers if story.forecast else ()) if lever.contribution]
        if moved:
            parts = (
                f"{lever_name(lever, 80)} {wording.exact(lever.contribution)}".replace("−", "-") for lever in moved
            )
            lines += sentence(f"{story.name}: {', '.join(parts)}", width, indent=4)
    if not lines:
        return []
    return [
        *sentence(f"What the plan's assumptions still add to the average month end, {safe_name(currency, 8)}:", width),
        *lines,
    ]
