"""`kt-budgets whatif` for a terminal: the impact table, now and what if, on the same simulated days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from reconciler.model.forecast import ForecastNotice, WalletForecast, YearForecast
from reconciler.model.outlook import WhatIfDocument, YearWhatIf
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.report import wording
from reconciler.report.document import Column, Row, Table
from reconciler.report.forecast_layout import NARROWEST, notice_lines, page, sentence, table_lines, told_once
from reconciler.report.forecast_text import header, levers, wallet_stories, year_sentence
from reconciler.report.screen import PAPER, Screen
from reconciler.report.spans import Cell, plain, safe_name, shift
from reconciler.report.wallet_notes import wallet_notes
from reconciler.report.wallets import WalletStory, wallet_table


@dataclass(frozen=True, slots=True)
class WhatIfPage:
    """Each wallet as it is now and as it would be, in the same order. `supposed` are sentences."""

    organization: str
    currency: str
    period: Period
    as_of: date
    known: str
    supposed: Sequence[str]
    now: Sequence[WalletForecast]
    then: Sequence[WalletForecast]
    year_now: YearForecast | None = None
    year_then: YearForecast | None = None
    notices: Sequence[ForecastNotice] = ()

    def document(self) -> WhatIfDocument:
        return WhatIfDocument(
            supposed=tuple(self.supposed),
            now=tuple(self.now),
            wallets=tuple(self.then),
            year=YearWhatIf(now=self.year_now, what_if=self.year_then),
            notices=tuple(self.notices),
        )


def whatif_text(shown: WhatIfPage, screen: Screen = PAPER) -> str:
    width = max(screen.width, NARROWEST)
    before = {found.wallet: found for found in shown.now}
    told = wallet_stories([beside(before[found.wallet], found) for found in shown.then])
    blocks = [
        sentence(header(shown.organization, shown.period, shown.as_of, shown.known), width, indent=0),
        [line for each in shown.supposed for line in sentence(f"what if: {each}", width)],
        table_lines(_impact(shown, told, before), width),
        [line for note in wallet_notes(told) for line in sentence(plain(note), width)],
        table_lines(_months(told, before), width),
        _year(shown, width),
        levers(told, shown.currency, width),
        notice_lines(told_once(shown.notices), width),
    ]
    return page(blocks, width=width, colour=screen.colour)


def beside(now: WalletForecast, then: WalletForecast) -> WalletForecast:
    """Return `then` with the outlook of `now`, under the money of the YAML, in the place of the live one."""
    fired = {(alert.name, alert.percentage, alert.declared): alert.desired for alert in now.alerts}
    alerts = tuple(
        alert.model_copy(update={"live": fired.get((alert.name, alert.percentage, alert.declared), alert.live)})
        for alert in then.alerts
    )
    return then.model_copy(update={"live": now.desired, "alerts": alerts})


def _impact(shown: WhatIfPage, told: Sequence[WalletStory], before: dict[WalletRef, WalletForecast]) -> Table:
    """Return a plan's table of wallets, with target and month end as they are and as they would be."""
    table = wallet_table(told, shown)
    rows = []
    for row, story in zip(table.rows, told, strict=True):
        cells = list(row.cells)
        if story.forecast is not None:
            old, new = before[story.wallet], story.forecast
            changed = {
                "target": shift(wording.whole(old.desired.target), wording.whole(new.desired.target)),
                "ceiling": shift(wording.whole(old.desired.ceiling), wording.whole(new.desired.ceiling)),
                "month_end": shift(
                    wording.whole(old.month_end.quantiles.get("0.5")), wording.interval(new.month_end.quantiles)
                )
                if old.month_end != new.month_end
                else Cell(wording.interval(new.month_end.quantiles)),
            }
            cells = [changed.get(column.key, cell) for column, cell in zip(table.columns, cells, strict=True)]
        rows.append(Row(tuple(cells)))
    columns = (replace(column, short="target") if column.key == "target" else column for column in table.columns)
    return Table(tuple(columns), tuple(rows))


def _months(told: Sequence[WalletStory], before: dict[WalletRef, WalletForecast]) -> Table:
    """Return the medians of the months ahead, now and what if."""
    known = [story for story in told if story.forecast and story.forecast.months]
    months = sorted({month.period for story in known for month in (story.forecast.months if story.forecast else ())})
    rows = []
    for story in known:
        old, new = (_medians(found) for found in (before[story.wallet], story.forecast))
        rows.append(Row((Cell(story.name), *(shift(old.get(month, ""), new.get(month, "")) for month in months))))
    columns = (Column("name", ""), *(Column(str(month), f"{month.first:%b %y}", "right") for month in months))
    return Table(columns, tuple(rows))


def _medians(found: WalletForecast | None) -> dict[Period, str]:
    months = found.months if found else ()
    return {month.period: wording.whole(month.quantiles["0.5"]) for month in months}


def _year(shown: WhatIfPage, width: int) -> list[str]:
    if shown.year_now is None or shown.year_then is None:
        return []
    currency = safe_name(shown.currency, 8)
    if shown.year_now == shown.year_then:
        return sentence(year_sentence(shown.year_now, currency), width)
    return [
        *sentence(f"now: {year_sentence(shown.year_now, currency)}", width),
        *sentence(f"what if: {year_sentence(shown.year_then, currency)}", width),
    ]
