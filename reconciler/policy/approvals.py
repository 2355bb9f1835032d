"""Approvals: who must approve a change, by the rules that held before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.managed_kind import Key, text_of
from reconciler.model.kinds.registry import general_nouns
from reconciler.model.money import ZERO, Money
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.plan import GuardResult
from reconciler.model.policy_input import Declared, Effects, PolicyInput
from reconciler.model.requirement import Requirement
from reconciler.model.wallet_target import telling_months
from reconciler.policy.organization_rules import organization_rules
from reconciler.policy.rule import BuiltIn, Rule, results


@dataclass(frozen=True, slots=True)
class Asked:
    """The facts that an organization's own rules are asked of on a `day`; `own` are the rules after the change."""

    facts: PolicyInput
    own: OrganizationBudget
    day: date


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be approved: what changes do in Keeptrusts, and what the YAML says otherwise than before.

    What the organization's rules ask for is in `asked`, or was noted in `noted` where the plan itself is not there.
    """

    effects: Effects
    declared: Declared
    asked: Asked | None = None
    noted: tuple[GuardResult, ...] = ()


ApprovalRule = Rule[Step, Requirement]


def requirements(rules: Desired, step: Step) -> tuple[Requirement, ...]:
    """Return who must approve a step, in a fixed order without repetitions.

    Owners and thresholds are those of `rules`, the YAML before the change: what a change says about its own approval
    does not count. A team that is new there is approved by the organization's owners.
    """
    return tuple(dict.fromkeys(found for rule in approval_rules(rules) for found in rule.judge(step)))


def approval_rules(rules: Desired) -> tuple[ApprovalRule, ...]:
    """Return the rules of approval of `rules`, in the order in which people are asked."""
    judges: dict[str, Callable[[Desired, Step], Iterator[Requirement]]] = {
        "organization": _organization,
        "teams": _teams,
        "finance": _finance,
        "platform": _platform,
        "rules": _rules,
    }
    return tuple(BuiltIn(name, "approve", partial(judge, rules)) for name, judge in judges.items())


def _organization(rules: Desired, step: Step) -> Iterator[Requirement]:
    if step.declared.organization:
        yield Requirement(reason="the organization's settings change", owners=rules.organization.owners)


def _teams(rules: Desired, step: Step) -> Iterator[Requirement]:
    for team in sorted({*step.effects.teams, *step.declared.teams}):
        what = "its plan, wallets or alerts change" if team in rules.teams else "it is new"
        yield Requirement(
            reason=f"{team}: {what}", owners=rules.approvers(team), team=team, fallback=rules.organization.owners
        )
    if step.effects.is_general:
        yield Requirement(reason=f"the organization's {general_nouns()} change", owners=rules.organization.owners)


def _finance(rules: Desired, step: Step) -> Iterator[Requirement]:
    settings, currency = rules.organization.approvals, rules.organization.currency
    moved = max(step.effects.moved, step.declared.retargeted)
    if settings.finance_above is not None and moved > settings.finance_above:
        words = f"{Money(moved, currency)} move, above {Money(settings.finance_above, currency)}"
        owners = settings.finance or rules.organization.owners
        yield Requirement(reason=words, owners=owners, fallback=rules.organization.owners)


def _platform(rules: Desired, step: Step) -> Iterator[Requirement]:
    owners = rules.organization.approvals.platform or rules.organization.owners
    for key, team in sorted({**step.effects.switched, **step.declared.hard_limits}.items()):
        yield Requirement(
            reason=f"the hard limit of {key} is switched",
            owners=owners,
            team=team or None,
            fallback=rules.organization.owners,
        )


def _rules(rules: Desired, step: Step) -> Iterator[Requirement]:
    """Yield whom the organization's own rules ask for: those of before, and those after the change."""
    found = list(step.noted)
    if step.asked is not None:
        asked = step.asked
        for organization in (rules.organization, asked.own):
            waivers = (*organization.waivers, *asked.own.waivers)
            own = organization_rules(organization, day=asked.day)
            found += results(own, asked.facts, waivers, as_of=asked.day)
    for one in found:
        if one.status == "asks":
            words = f"{one.guard}: {one.message}"
            yield Requirement(
                reason=words, owners=(one.owner,), team=one.team or None, fallback=rules.organization.owners
            )


def declared(start: Desired, after: Desired, *, since: str = "") -> Declared:
    """Return what `after` says otherwise than `start`, which is the YAML of the commit `since`."""
    switched = _hard_limits(start) ^ _hard_limits(after)
    return Declared(
        since=since,
        organization=start.organization != after.organization,
        teams=tuple(sorted(start.edited_teams(after))),
        retargeted=_retargeted(start, after),
        hard_limits={text_of(key): _team(start, after, key) for key in sorted(switched)},
    )


def _retargeted(start: Desired, after: Desired) -> Decimal:
    """Return by how much wallets' targets change together, in the month where that is the most."""
    years = {start.organization.fiscal_year.value, after.organization.fiscal_year.value}
    differing = start.differing_wallets(after).values()
    edited = [(old, new) for old, new in differing if _setting(old) != _setting(new)]
    settings = (wallet.setting for pair in edited for wallet in pair if wallet)
    periods = telling_months(settings, (period for year in years for period in year.periods))
    return max(
        sum((abs(_target(new, period) - _target(old, period)) for old, new in edited), ZERO) for period in periods
    )


def _setting(wallet: DesiredWallet | None) -> object:
    return wallet and (wallet.setting, wallet.absent)


def _target(wallet: DesiredWallet | None, period: Period) -> Decimal:
    return wallet.target(period).amount if wallet else ZERO


def _hard_limits(desired: Desired) -> set[Key]:
    return {key for key, wanted in desired.of(BILLING_BUDGETS).items() if wanted.value.hard_limit}


def _team(start: Desired, after: Desired, key: Key) -> str:
    """Return whose a billing budget is; nobody's where it went from one team to another."""
    sides = (side.of(BILLING_BUDGETS).get(key) for side in (start, after))
    teams = {wanted.team for wanted in sides if wanted}
    return teams.pop() if len(teams) == 1 else ""
