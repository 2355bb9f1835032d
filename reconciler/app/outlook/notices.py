"""What is said beside the figures of a look ahead: what was left out, what is doubtful, and where figures come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.journal.standing import unreadable
from reconciler.report import wording

if TYPE_CHECKING:
    from reconciler.app.outlook.look import Outlook
    from reconciler.findings import Finding
    from reconciler.forecast.question import Forecast, WalletQuestion
    from reconciler.model.forecast import ForecastNotice, WalletForecast
    from reconciler.model.usage import DailyUsage


def forecast_notices(outlook: Outlook, forecast: Forecast) -> tuple[ForecastNotice, ...]:
    """Return all that is to be said of a forecast: what a wallet's history shows with its days and figures."""
    seen = {(one.code, one.message): one for one in seen_notices(forecast.wallets)}
    said = _notices(notices(outlook, forecast.warnings))
    return tuple(seen.get((one.code, one.message), one) for one in said)


def outlook_notices(outlook: Outlook, seen: Iterable[ForecastNotice]) -> tuple[ForecastNotice, ...]:
    """Return what is to be said about ledgers and usage, and what was `seen` in the history of wallets."""
    return (*_notices(notices(outlook)), *seen)


def left_alone(asked: Iterable[WalletQuestion]) -> tuple[ForecastNotice, ...]:
    """Return what a plan says of wallets that it leaves as they were found, whatever the YAML wants."""
    from reconciler.model.forecast import ForecastNotice

    return tuple(
        ForecastNotice(
            code=left.code,
            message=left.reason,
            hint=left.hint,
            team=question.wallet.team,
            environment=question.wallet.environment,
        )
        for question in asked
        if (left := question.left_out)
    )


def seen_notices(forecasts: Iterable[WalletForecast]) -> Iterator[ForecastNotice]:
    """Yield what the histories of wallets show beyond level and calendar, each with its wallet's name."""
    from reconciler.model.forecast import ForecastNotice

    for wallet in forecasts:
        for one in wallet.notices:
            yield ForecastNotice.of(one, team=wallet.team, environment=wallet.environment)


def _notices(told: Iterable[tuple[str, str, str]]) -> Iterator[ForecastNotice]:
    from reconciler.model.forecast import ForecastNotice

    for code, message, hint in told:
        yield ForecastNotice(code=code, message=message, hint=hint)


def notices(outlook: Outlook, warnings: Sequence[Finding] = ()) -> list[tuple[str, str, str]]:
    """Return what is to be said about the ledgers, the usage and the forecast: code, sentence, hint."""
    wallets, declared = outlook.live.wallets if outlook.live else {}, outlook.desired.wallets
    unread = [
        (
            "unreadable-wallet",
            f"{declared[key].team}/{declared[key].environment} is left out: {doubt.reason}",
            doubt.hint,
        )
        for key, doubt in unreadable(wallets).items()
        if key in declared
    ]
    doubts = [(doubt.code, f"{doubt.position}: {doubt.message}", doubt.hint) for doubt in outlook.doubts]
    together = "no-history" if outlook.settings.usage else None
    missing = [warning for warning in warnings if warning.code == together]
    others = [(warning.code, warning.message, warning.hint) for warning in warnings if warning.code != together]
    return [*_no_rows(outlook, missing), *unread, *doubts, *others]


def _no_rows(outlook: Outlook, missing: Sequence[Finding]) -> Iterator[tuple[str, str, str]]:
    """Yield one notice for all wallets of which the usage that was given holds nothing."""
    if missing:
        asked, declared = {warning.origin for warning in missing}, outlook.desired.wallets.values()
        names = sorted(f"{each.team}/{each.environment}" for each in declared if each.origin in asked)
        named = f"{wording.counted(len(missing), 'wallet')}: {wording.listed(names, 8)}"
        yield (
            "no-history",
            f"the usage that was given holds no rows before {outlook.settings.as_of} for {named}",
            "check that it is the right export, its dates and its teams; or set `plan.baseline_monthly`",
        )


def known_words(outlook: Outlook) -> str:
    """Return which usage, and which money, the figures come from."""
    money = "" if outlook.live else ", money by the targets"
    is_by_ledger = outlook.live is not None and outlook.seen is not outlook.usage
    return f"{'spend by the ledger alone' if is_by_ledger else usage_words(outlook.usage)}{money}"


def usage_words(usage: DailyUsage | None) -> str:
    """Return which usage the figures come from."""
    if usage is None or usage.source.last_day is None:
        return "without usage"
    return f"usage to {wording.long_day(usage.source.last_day)}, {wording.rows(usage.source.rows)}"
