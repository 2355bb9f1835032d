"""`kt-budgets recommend --write`: recommended targets and alert amounts into the YAML, one value at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.findings import FindingsError, UsageError

if TYPE_CHECKING:
    from reconciler.forecast.question import WalletQuestion
    from reconciler.forecast.recommend import AlertRecommendation, Recommendations, TargetRecommendation
    from reconciler.model.desired import Desired, DesiredBillingBudget
    from reconciler.model.period import Period
    from reconciler.report.recommend_text import Written
    from reconciler.settings import Settings

CARRIED_SHARE = Decimal("0.01")
"""What a wallet holds beyond its own funding, as a share of its target, before it counts as carried over."""
UNSEEN_DAYS = 2
"""Of so many days the balance may lack the spend already, while the usage does not show it yet."""
UNLIKE_SHARE = Decimal("0.25")
"""How far from this month's target the next month's may be for both to have one `monthly`."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One value of one file, and why. `path` is as origins name it; `before` is None where the value is added."""

    path: str
    keys: tuple[str | int, ...]
    before: str | None
    literal: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """The edits that are possible, and why the others are not."""

    edits: tuple[Edit, ...]
    kept: tuple[str, ...]


def draft(
    advice: Recommendations,
    *,
    settings: Settings,
    desired: Desired,
    questions: Mapping[str, WalletQuestion],
    spent: Mapping[str, Decimal | None],
) -> Draft:
    """Return the edits that make the YAML say what is recommended.

    `spent` is what the usage shows of each wallet's period, None for a wallet without usage: a recommendation that
    rests on the plan alone would only repeat the plan, so it is not written.
    """
    edits: list[Edit] = []
    kept: list[str] = []
    for target in advice.targets:
        seen = spent.get(target.wallet)
        if seen is None:
            kept.append(f"{target.team}/{target.environment}: there is no usage to recommend from")
        elif target.target != target.current:
            edits.append(_target(target, desired, questions[target.wallet], settings=settings, spent=seen))
    for alert in _first_alerts(advice):
        found = _budget(desired, alert)
        if found is None or spent.get(found.budget.scope_id) is None:
            continue
        if found.budget.hard_limit:
            kept.append(f"{alert.name}: it is a hard limit, and its amount stops traffic")
        elif alert.amount.amount <= 0:
            kept.append(f"{alert.name}: no amount leaves {alert.reaction_days} days")
        elif alert.amount != alert.current:
            before, literal = f"{alert.current.amount:.2f}", f"{alert.amount.amount:.2f}"
            keys = (*found.origin.keys, "amount")
            edits.append(Edit(found.origin.path, keys, before, literal, f"{alert.name}: {alert.reason}."))
    return Draft(tuple(edits), tuple(kept))


def _target(
    target: TargetRecommendation, desired: Desired, question: WalletQuestion, *, settings: Settings, spent: Decimal
) -> Edit:
    """Return the edit of one target: of `monthly`, or of this month alone.

    A month that has a target of its own keeps one. So does a month that is unlike the next: because money was carried
    over into it, or because the next month by itself needs much more or much less.
    """
    wallet, period, why = desired.wallets[target.wallet], settings.period, _why(target, settings.period)
    literal, overrides = f"{target.target.amount:.2f}", wallet.setting.overrides
    keys = wallet.origin.keys
    if period in overrides:
        before = f"{overrides[period]:.2f}"
        return Edit(wallet.origin.path, (*keys, "overrides", str(period)), before, literal, why)
    alone = _alone(target, question, spent, period=period)
    if not alone or period not in desired.organization.fiscal_year.value:
        return Edit(wallet.origin.path, (*keys, "monthly"), f"{wallet.setting.monthly:.2f}", literal, why)
    why = f"{why} It is for {period.name} alone: {alone}."
    if overrides:
        return Edit(wallet.origin.path, (*keys, "overrides", str(period)), None, literal, why)
    return Edit(wallet.origin.path, (*keys, "overrides"), None, f"{{{period}: {literal}}}", why)


def _why(target: TargetRecommendation, period: Period) -> str:
    from reconciler.report.wording import probability

    return (
        f"{target.team} / {target.environment}: with {target.current} it lasts {period.name} with probability"
        f" {probability(target.now)}, with {target.target} with {probability(target.promised)}; {target.reason}."
    )


def _alone(target: TargetRecommendation, question: WalletQuestion, spent: Decimal, *, period: Period) -> str:
    """Return why a target is no measure for the months after it; an empty text where it is one."""
    own = max(target.current.amount - spent, Decimal(0))
    beyond = question.money_left_desired.amount - own
    spent_since = target.current.amount * UNSEEN_DAYS / period.days
    if beyond > max(Decimal(1), target.current.amount * CARRIED_SHARE) or -beyond > spent_since:
        return f"the wallet holds {'more' if beyond > 0 else 'less'} than what is left of this month's own funding"
    following = period.plus(1)
    need = target.months.get(following)
    if need is not None and abs(need.amount - target.target.amount) > target.target.amount * UNLIKE_SHARE:
        return f"{following.name} by itself needs {need}"
    return ""


def _first_alerts(advice: Recommendations) -> Iterator[AlertRecommendation]:
    """Yield one recommendation for each billing budget: that of the percentage that fires first."""
    first: dict[tuple[str, str, str], AlertRecommendation] = {}
    for alert in advice.alerts:
        key = (alert.team, alert.environment, alert.name)
        if key not in first or alert.percentage < first[key].percentage:
            first[key] = alert
    yield from first.values()


def _budget(desired: Desired, alert: AlertRecommendation) -> DesiredBillingBudget | None:
    return next(
        (
            found
            for found in desired.billing_budgets.values()
            if (found.team, found.environment, found.budget.name) == (alert.team, alert.environment, alert.name)
        ),
        None,
    )


def write(edits: tuple[Edit, ...], *, settings: Settings) -> tuple[Written, ...]:
    """Write `edits` and return them as people name them; nothing is written unless all are possible and valid.

    Raises:
        EditError: when a place cannot be edited. FindingsError: when the YAML would have errors.
    """
    from reconciler.cli.options import write_file
    from reconciler.report.recommend_text import Written
    from reconciler.source.edits import set_value
    from reconciler.source.load import load
    from reconciler.source.problem import dotted

    before: dict[Path, str] = {}
    after: dict[Path, str] = {}
    written = []
    for edit in sorted(edits, key=lambda edit: edit.path):
        file = settings.budgets / edit.path.partition("/")[2]
        if file not in before:
            before[file] = _text(file)
        after[file] = set_value(after.get(file, before[file]), edit.keys, edit.literal)
        written.append(Written(file.as_posix(), dotted(edit.keys), edit.before, edit.literal))
    for file, text in after.items():
        write_file(file, text)
    loaded = load(settings.budgets)
    if loaded.desired is None:
        for file, text in before.items():
            write_file(file, text)
        raise FindingsError(loaded.findings)
    return tuple(written)


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {type(error).__name__}", hint="run `kt-budgets validate`") from None
