"""What is said beside the figures of a look ahead: what was left out, what is doubtful, and where figures come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.journal.standing import unreadable
from reconciler.report import wording

if TYPE_CHECKING:
    from reconciler.app.outlook.look import Outlook
    from reconciler.findings import Finding
    from reconciler.model.usage import DailyUsage


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
    missing = [warning for warning in warnings if warning.code == "no-history"] if outlook.settings.usage else []
    others = [(warning.code, warning.message, warning.hint) for warning in warnings if warning not in missing]
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
    return f"{usage_words(outlook.usage)}{money}"


def usage_words(usage: DailyUsage | None) -> str:
    """Return which usage the figures come from."""
    if usage is None or usage.source.last_day is None:
        return "without usage"
    return f"usage to {wording.long_day(usage.source.last_day)}, {wording.rows(usage.source.rows)}"
