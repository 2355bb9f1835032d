"""What is said of a plan beside its figures: findings of the scope and the month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.apply.preflight import closed_month
from reconciler.findings import Finding, Origin, Position, Severity
from reconciler.model.change import Change
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.money import ZERO, Money
from reconciler.model.period import Period
from reconciler.model.plan import NOT_COMPARED
from reconciler.model.year_targets import ANNUAL_TARGET_EXCEEDED, YearTargets
from reconciler.plan.consequences import rest_words
from reconciler.plan.diff import Diff
from reconciler.report import wording
from reconciler.report.wording import counted
from reconciler.settings import Settings
from reconciler.source.marks import positions

if TYPE_CHECKING:
    from reconciler.app.planning.scope import Aim
    from reconciler.model.applied import LastApplied
    from reconciler.model.forecast import WalletForecast
    from reconciler.model.later import Later, LaterTarget
    from reconciler.model.wallet_ref import WalletRef


def remarks(
    settings: Settings,
    desired: Desired,
    diff: Diff,
    aim: Aim | None,
) -> Iterator[Finding]:
    yield from _not_compared(desired, aim)
    yield from _not_payable(settings, desired, diff.changes)


def _not_payable(settings: Settings, desired: Desired, changes: Sequence[Change]) -> Iterator[Finding]:
    """Yield that changes of a month that is over, or has not begun, are not applied as they are planned."""
    closed = closed_month(settings.period, settings.as_of)
    if not changes or not closed:
        return
    is_over = settings.as_of >= settings.period.end
    yield Finding(
        Position(desired.organization_path, 1, 1),
        "month-over" if is_over else "month-to-come",
        Severity.WARNING,
        f"this plan cannot be applied: {closed}",
        f"plan {Period.of(settings.as_of)} instead"
        if is_over
        else f"merge the YAML; from {settings.period.first} on `kt-budgets apply --period {settings.period}` funds it",
    )


def _not_compared(desired: Desired, aim: Aim | None) -> Iterator[Finding]:
    """Yield that nobody can tell what else of the YAML differs, where it should be told."""
    if aim and aim.unknown:
        yield Finding(
            Position(desired.organization_path, 1, 1),
            NOT_COMPARED,
            Severity.WARNING,
            f"what the YAML says otherwise than before cannot be told: {aim.unknown}; owners, limits and later months"
            " may change without being shown",
            "compare the files by hand, or plan again where that commit can be read",
        )


def first_reclaim(
    desired: Desired, impact: Sequence[WalletForecast], period: Period, *, last: LastApplied | None, later: Later | None
) -> Iterator[Finding]:
    """Yield what `unused: reclaim` takes back when the next month opens, where nothing was applied yet.

    A change of it is told among what else the YAML says otherwise.
    """
    is_told = later is not None and any(item.key == "unused" for item in later.expectations)
    if last is not None or is_told or desired.organization.unused != "reclaim" or not impact:
        return
    origin = Origin(desired.organization_path, ("unused",))
    yield Finding(
        positions(desired.files, [origin])[origin],
        "unused-goes-back",
        Severity.WARNING,
        f"`unused: reclaim`: {rest_words(impact, period, desired.organization.currency, unused='reclaim')}",
        "write `unused: keep` to leave it in its wallets",
    )


def later_short(desired: Desired, impact: Sequence[WalletForecast], later: Later | None) -> Iterator[Finding]:
    """Yield the wallets that get less than before in later months, and less than half of the cases of one cost.

    A month is looked at by itself, without what is carried into it. One that is to be gone gets nothing on purpose.
    """
    lowered: dict[WalletRef, dict[Period, LaterTarget]] = defaultdict(dict)
    for target in later.targets if later else ():
        if target.after is not None and (target.before is None or target.after < target.before):
            lowered[target.wallet][target.period] = target
    short = []
    for found in impact:
        cuts = lowered.get(found.wallet, {})
        lacking = [(cuts[each.period], each.quantiles.get("0.5")) for each in found.months if each.period in cuts]
        needs = [
            (target, middle) for target, middle in lacking if middle is not None and middle > (target.after or ZERO)
        ]
        wallet = desired.wallets.get(found.wallet)
        if needs and wallet is not None and not wallet.absent:
            short.append((wallet, needs))
    places = positions(desired.files, [wallet.origin for wallet, _ in short])
    for wallet, needs in short:
        yield _short(wallet, needs, places[wallet.origin])


def _short(wallet: DesiredWallet, needs: Sequence[tuple[LaterTarget, Decimal]], place: Position) -> Finding:
    (first, middle), others = needs[0], len(needs) - 1
    before = "" if first.before is None else f" and no longer {Money(first.before, wallet.currency)}"
    so = f", and so {'are' if others > 1 else 'is'} {counted(others, 'month')} after it" if others else ""
    return Finding(
        place,
        "later-short",
        Severity.WARNING,
        f"{wallet.team}/{wallet.environment} gets {Money(first.after or ZERO, wallet.currency)}{before} in"
        f" {first.period}, and half of the cases cost more than {wallet.currency} {wording.whole(middle)}: by"
        f" itself that month is short{so}",
        f"give it {wording.whole(middle)} or more then, or write into `plan` what makes it cheaper",
    )


def year_known(findings: Sequence[Finding], found: YearTargets, desired: Desired) -> tuple[Finding, ...]:
    """Return `findings` with the annual target compared with what was spent, where the YAML alone knew no day."""
    others = tuple(finding for finding in findings if finding.code != ANNUAL_TARGET_EXCEEDED)
    target = desired.organization.annual_target
    if target is None or found.total <= target:
        return others
    origin = Origin(desired.organization_path, ("annual_target",))
    place = positions(desired.files, [origin])[origin]
    warning = Finding(place, ANNUAL_TARGET_EXCEEDED, Severity.WARNING, found.sentence(target), found.cure(target))
    return (*others, warning)
