"""`kt-budgets recommend --write`: recommended targets and alert amounts into the YAML, one value at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.app.file_edits import FileEdit, write_edits
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, BillingBudget
from reconciler.model.money import Money
from reconciler.model.override import override_text
from reconciler.report.wording import probability
from reconciler.source.problem import dotted

if TYPE_CHECKING:
    from reconciler.forecast.recommend import AlertRecommendation, Recommendations, TargetRecommendation
    from reconciler.model.desired import Desired, DesiredObject
    from reconciler.model.outlook import WrittenValue
    from reconciler.model.period import Period
    from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Edit(FileEdit):
    """One value, and why. `before` is None where the value is added.

    `target_of` is the wallet whose target it sets, `under` the one whose target an alert's amount was worked out under.
    """

    literal: str
    before: str | None
    reason: str = ""
    target_of: str = ""
    under: str = ""


BELOW_ZERO = "its credits are more than its spend, so what it needs cannot be told from this month"
UNDER = "it was worked out under a target that is not written"


@dataclass(frozen=True, slots=True)
class Draft:
    """The edits that are possible, and why the others are not."""

    edits: tuple[Edit, ...]
    kept: tuple[str, ...]


def draft(
    advice: Recommendations, *, settings: Settings, desired: Desired, spent: Mapping[str, Decimal | None]
) -> Draft:
    """Return the edits that make the YAML say what is recommended.

    `spent` is what the usage shows of each wallet's period, None for a wallet without usage: a recommendation that
    rests on the plan alone would only repeat the plan, so it is not written; nor is one that rests on credits.
    """
    edits: list[Edit] = []
    kept: list[str] = []
    below_zero = {wallet for wallet, amount in spent.items() if amount is not None and amount < 0}
    for target in advice.targets:
        if spent.get(target.wallet) is None:
            kept.append(f"{target.team}/{target.environment}: there is no usage to recommend from")
        elif target.wallet in below_zero:
            kept.append(f"{target.team}/{target.environment}: {BELOW_ZERO}")
        elif target.target != target.current:
            made = _target(target, desired, period=settings.period)
            kept.append(made) if isinstance(made, str) else edits.append(replace(made, target_of=target.wallet))
    left = {target.wallet for target in advice.targets if target.target != target.current}
    left -= {edit.target_of for edit in edits}
    for alert in _first_alerts(advice):
        found = next(
            (
                found
                for found in desired.of(BILLING_BUDGETS).values()
                if (found.team, found.environment, found.value.name) == (alert.team, alert.environment, alert.name)
            ),
            None,
        )
        if found is None or spent.get(found.value.scope_id) is None:
            continue
        if alert.possible and alert.amount == alert.current:
            continue
        wallet = found.value.scope_id
        why = BELOW_ZERO if wallet in below_zero else UNDER if wallet in left else ""
        made = f"{alert.name}: {why}" if why else _alert(alert, found, settings=settings)
        kept.append(made) if isinstance(made, str) else edits.append(replace(made, under=wallet))
    return Draft(tuple(edits), tuple(kept))


def _alert(alert: AlertRecommendation, found: DesiredObject[BillingBudget], *, settings: Settings) -> Edit | str:
    if not alert.possible:
        return f"{alert.name}: no amount leaves {alert.reaction_days} days"
    if settings.as_of < settings.period.first:
        return f"{alert.name}: it has one amount for every month, and {settings.period.name} has not begun"
    before, literal = f"{alert.current:.2f}", f"{alert.amount:.2f}"
    keys = (*found.origin.keys, "amount")
    return Edit(found.origin.path, keys, literal, before, f"{alert.name}: {alert.reason}.")


def _target(target: TargetRecommendation, desired: Desired, *, period: Period) -> Edit | str:
    """Return the edit of one target: of `monthly` where it holds for the months to come, else of its month alone.

    Of dated steps, the one that holds is edited. A month that has a target of its own keeps one. Only months of the
    fiscal year can have one.
    """
    wallet, year, why = desired.wallets[target.wallet], desired.organization.fiscal_year.value, _why(target, period)
    literal, overrides = f"{target.target:.2f}", wallet.setting.overrides
    keys = wallet.origin.keys
    own, correction = wallet.setting.correction(period, target.target)
    if period in overrides:
        before = f"{target.current:.2f}" if own[-1] == "amount" else override_text(overrides[period])
        return Edit(wallet.origin.path, (*keys, *own), correction, before, why)
    if not target.alone and (at := wallet.setting.place_of(period)) is not None:
        return Edit(wallet.origin.path, (*keys, *at), literal, f"{wallet.setting.usual(period):.2f}", why)
    if period not in year:
        what = f"{target.team}/{target.environment}: {Money(target.target, target.currency)}"
        return f"{what} is for {period.name} alone ({target.alone}), which is not in {year.name}"
    why = f"{why} It is for {period.name} alone: {target.alone or 'no step holds in it'}."
    return Edit(wallet.origin.path, (*keys, *own), correction, None, why)


def _why(target: TargetRecommendation, period: Period) -> str:
    now, then = (Money(amount, target.currency) for amount in (target.current, target.target))
    return (
        f"{target.team} / {target.environment}: with {now} it lasts {period.name} with probability"
        f" {probability(target.lasts_now)}, with {then} with {probability(target.lasts)}; {target.reason}."
    )


def _first_alerts(advice: Recommendations) -> Iterator[AlertRecommendation]:
    """Yield one recommendation for each billing budget: that of the percentage that fires first."""
    first: dict[tuple[str, str, str], AlertRecommendation] = {}
    for alert in advice.alerts:
        key = (alert.team, alert.environment, alert.name)
        if key not in first or alert.percentage < first[key].percentage:
            first[key] = alert
    yield from first.values()


def write(edits: tuple[Edit, ...], *, settings: Settings) -> tuple[WrittenValue, ...]:
    """Write `edits` and return them as people name them; nothing is written unless all are possible and valid.

    Raises:
        FindingsError: with every place that cannot be edited; or when the YAML would have errors.
    """
    from reconciler.model.outlook import WrittenValue

    write_edits(settings.budgets, edits)
    return tuple(
        WrittenValue(
            path=(settings.budgets / edit.path.partition("/")[2]).as_posix(),
            key=dotted(edit.keys),
            before=edit.before,
            after=edit.literal,
        )
        for edit in sorted(edits, key=lambda edit: edit.path)
    )
