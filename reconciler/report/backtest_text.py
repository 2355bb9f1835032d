"""`kt-budgets backtest` for a terminal: scores beside the usual guesses, reliability, and where a guess was better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reconciler.forecast.backtest import STABLE_ORIGINS, Backtest, BacktestReport
from reconciler.forecast.scores import SOLID_BIN, Score
from reconciler.model.outlook import BacktestDocument, Scores, WalletScores
from reconciler.report import wording
from reconciler.report.document import Column, Row, Table
from reconciler.report.forecast_layout import NARROWEST, Notice, notice_lines, page, sentence, table_lines
from reconciler.report.screen import PAPER, Screen
from reconciler.report.spans import DASH, Cell, safe_name

METHODS = {
    "forecast": "forecast",
    "run_rate": "run rate of the month",
    "mean_28_days": "28-day mean",
    "linear_30_days": "30-day line",
}
_GUESSES = tuple(METHODS)[1:]


@dataclass(frozen=True, slots=True)
class BacktestPage:
    """What the page shows. `names` tells the wallets' names by key; `months` is how many were asked for."""

    organization: str
    as_of: date
    known: str
    months: int
    report: BacktestReport
    names: Mapping[str, tuple[str, str]]
    notices: Sequence[Notice] = ()

    def name(self, wallet: str) -> str:
        """Return what people call a wallet; its key where no YAML declares it."""
        return " / ".join(self.names.get(wallet, (wallet,)))

    def document(self) -> BacktestDocument:
        return BacktestDocument(
            as_of=self.as_of,
            months=self.months,
            overall=Scores(**_tested(self.report.overall)),
            wallets=tuple(map(self._wallet, self.report.wallets)),
        )

    def _wallet(self, tested: Backtest) -> WalletScores:
        team, environment = self.names.get(tested.wallet, ("", ""))
        named = {"team": team, "environment": environment, "wallet": tested.wallet, "better": tested.better}
        return WalletScores(**named, **_tested(tested))


def _tested(tested: Backtest) -> dict[str, Any]:
    return {"date_error_days": tested.date_error_days, "methods": tested.scores}


def backtest_text(shown: BacktestPage, screen: Screen = PAPER) -> str:
    width = max(screen.width, NARROWEST)
    own = shown.report.overall.scores.get("forecast")
    as_of = f"{wording.long_day(shown.as_of)} {shown.as_of.year}"
    title = f"{safe_name(shown.organization)}, backtest as of {as_of} ({shown.known})"
    blocks = [sentence(title, width, indent=0)]
    if own is None or not own.origins:
        blocks.append(sentence(_NOTHING, width))
    else:
        origins = wording.counted(own.origins, "month-end forecast")
        wallets = wording.counted(len(shown.report.wallets), "wallet")
        blocks += [
            sentence(
                f"{origins} of {wallets} over the last {wording.counted(shown.months, 'whole month')}, each from the"
                " 1st, 8th, 15th and 22nd, with what was known then. Each wallet is replayed by itself: days that many"
                " wallets had in common, such as a holiday of all, count here as its own.",
                width,
            ),
            [*table_lines(_scores(shown.report.overall), width), *_explained(width)],
            _reliability(own, width),
            table_lines(_wallets(shown), width),
            _verdicts(shown, width),
        ]
    blocks.append(notice_lines(shown.notices, width))
    return page(blocks, width=width, colour=screen.colour)


_NOTHING = (
    "There is nothing to test on: a backtest needs a whole month with 28 days of usage before a day of it. Give a"
    " longer export with --usage, or look again later."
)


def _scores(tested: Backtest) -> Table:
    """Return one row for each method; a point forecast has no interval to cover anything."""
    columns = (
        Column("name", ""),
        *(Column(key, key, "right") for key in ("WAPE", "CRPS", "cov80", "cov95", "Brier", "date error")),
    )
    rows = []
    for method, label in METHODS.items():
        score = tested.scores.get(method)
        if score is None:
            continue
        days = tested.date_error_days if method == "forecast" else None
        cells = (
            label,
            _number(score.wape),
            _number(score.crps),
            _share(score.cov80),
            _share(score.cov95),
            _number(score.brier),
            _days(days),
        )
        rows.append(Row(tuple(map(Cell, cells))))
    return Table(columns, tuple(rows))


def _explained(width: int) -> list[str]:
    return sentence(
        "WAPE: how far the month end was off, as a share of what was spent: 0.05 is 5%. CRPS: the same for the whole"
        " forecast range and not its middle alone. cov80, cov95: how often the month ended within the range that is to"
        " hold it in 80% and in 95% of the cases; near 80% and 95% is right. Brier: how far the said chance to run out"
        " was off, from 0 (never) to 1. Date error: days between the expected and the real day on which money ran out,"
        " in the middle case. Less is better, but for cov80 and cov95.",
        width,
    )


def _reliability(score: Score, width: int) -> list[str]:
    if not score.reliability:
        return []
    columns = (
        Column("name", ""),
        Column("said", "forecast", "right"),
        Column("was", "happened", "right"),
        Column("count", "forecasts", "right"),
    )
    rows = tuple(
        Row(
            (
                Cell(f"{round(entry.low * 100)}% to {round(entry.low * 100) + 10}%"),
                Cell(_share(entry.forecast)),
                Cell(_share(entry.happened)),
                Cell(f"{entry.count:,}{'' if entry.count >= SOLID_BIN else ' (few)'}"),
            )
        )
        for entry in score.reliability
    )
    error = (
        f"The two are {_number(score.calibration_error)} apart on average (expected calibration error); 0.05 is"
        " 5 points of 100."
    )
    title = (
        "Chance that the money runs out: what was said, and how often it happened. Each forecast is asked for five"
        " amounts around what the month would cost by the mean of the last 28 days, 0.8 to 1.25 times that, and not for"
        " what its wallet held."
    )
    return [*sentence(title, width), *table_lines(Table(columns, rows), width), *sentence(error, width)]


def _wallets(shown: BacktestPage) -> Table:
    """Return WAPE by wallet and method, with the coverage of the forecast."""
    columns = (
        Column("name", ""),
        Column("origins", "forecasts", "right"),
        *(Column(method, f"WAPE {label}", "right", label) for method, label in METHODS.items()),
        Column("cov80", "cov80", "right"),
        Column("best", "nearest"),
    )
    rows = []
    for tested in shown.report.wallets:
        own = tested.scores["forecast"]
        errors = {method: tested.scores[method].wape for method in METHODS if method in tested.scores}
        cells = (
            shown.name(tested.wallet),
            f"{own.origins:,}",
            *(_number(errors.get(method)) for method in METHODS),
            _share(own.cov80),
            METHODS[min(errors, key=lambda method: errors[method])],
        )
        rows.append(Row(tuple(map(Cell, cells))))
    return Table(columns, tuple(rows))


def _verdicts(shown: BacktestPage, width: int) -> list[str]:
    """Say plainly where a naive method was better, and whether it was so all the time."""
    lines: list[str] = []
    for tested in shown.report.wallets:
        own = tested.scores["forecast"].wape
        better: list[str] = [
            method for method in _GUESSES if method in tested.scores and tested.scores[method].wape < own
        ]
        if not better:
            continue
        best: str = tested.better or min(better, key=lambda method: tested.scores[method].wape)
        told = shown.name(tested.wallet)
        words = f"{told}: {METHODS[best]} was nearer, WAPE {_number(tested.scores[best].wape)} against {_number(own)}"
        lines += sentence(f"{words}; {_consequence(tested)}", width)
    if not lines:
        return sentence("No usual guess was nearer for any wallet.", width)
    return lines


def _consequence(tested: Backtest) -> str:
    if tested.better:
        return (
            "that was so by a tenth in both halves of the time; see in `kt-budgets forecast` what is unusual about it."
        )
    if tested.scores["forecast"].origins < STABLE_ORIGINS:
        return "too few forecasts to rely on that."
    return "not by a tenth in both halves of the time, so the forecast stays."


def _number(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return DASH if value is None else f"{value:.0%}"


def _days(value: float | None) -> str:
    return DASH if value is None else f"{value:.1f} days"
