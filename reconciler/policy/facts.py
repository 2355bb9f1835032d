"""The facts of a plan: built once, when it is made, kept in it, and read by whoever judges it (decision 0081)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from reconciler.model.change import Allocate, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.forecast import AlertForecast, WalletForecast, WalletOutlook
from reconciler.model.frozen import document
from reconciler.model.guards import Waiver
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.kinds.registry import kinds
from reconciler.model.money import ZERO, cents
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.plan import GuardResult, Plan
from reconciler.model.policy_input import (
    AlertFacts,
    Currencies,
    Declared,
    ObjectFacts,
    PolicyInput,
    WalletFacts,
    WalletSide,
    exact,
)
from reconciler.model.waiver_uses import WaiverUses
from reconciler.model.wallet_ref import WalletRef
from reconciler.policy.approvals import Asked, Step, declared, requirements
from reconciler.policy.guards import ALWAYS, guard_rules
from reconciler.policy.organization_rules import organization_rules
from reconciler.policy.rule import GuardRule, results
from reconciler.policy.rules_before import with_verdicts_before


@dataclass(frozen=True, slots=True)
class Told:
    """What is known where a plan is made, and told by nothing else in it. None and nothing: it is not known.

    `rules` is the YAML whose owners and thresholds say who must approve the plan, and whose own rules judge it as well.
    """

    fiscal_year: Period | None = None
    currencies: Currencies | None = None
    objects: tuple[ObjectFacts, ...] | None = None
    declared: Declared | None = None
    rules: Desired | None = None
    history: Mapping[WalletRef, Mapping[Period, Decimal]] = field(default_factory=dict)
    waiver_uses: Mapping[str, WaiverUses] = field(default_factory=dict)


def judged(drafted: Plan, organization: OrganizationBudget, told: Told) -> Plan:
    """Return a plan with its facts, and with what the guards and rules of `organization` say of them on its day."""
    day, waivers = drafted.as_of, organization.waivers
    facts = _with_approvals(policy_input(drafted, told), organization, told.rules, day)
    said = results(_rules(organization, day), facts, waivers, as_of=day)
    before = told.rules.organization if told.rules else organization
    if before.policies != organization.policies:
        was = results(organization_rules(before, day=day), facts, (*before.waivers, *waivers), as_of=day)
        said = with_verdicts_before(said, was, organization, before)
    guards = (*results(ALWAYS, facts, None, as_of=day), *said)
    return drafted.model_copy(update={"policy_input": facts, "guards": guards})


def _with_approvals(
    facts: PolicyInput, organization: OrganizationBudget, rules: Desired | None, day: date
) -> PolicyInput:
    if rules is None:
        return facts
    step = Step(facts.effects, facts.declared or declared(rules, rules), Asked(facts, organization, day))
    return facts.model_copy(update={"approvals": requirements(rules, step)})


def unasked(plan: Plan) -> Plan:
    """Return `plan` with the fact that nobody has to approve it."""
    return plan.model_copy(update={"policy_input": facts_of(plan).model_copy(update={"approvals": ()})})


def _rules(organization: OrganizationBudget, day: date) -> tuple[GuardRule, ...]:
    return (*guard_rules(organization.guards), *organization_rules(organization, day=day))


def verdict(
    plan: Plan, organization: OrganizationBudget, waivers: Iterable[Waiver], *, as_of: date
) -> tuple[GuardResult, ...]:
    """Return what the guards and rules of `organization` say of `plan` on the day `as_of`."""
    return results(_rules(organization, as_of), facts_of(plan), waivers, as_of=as_of)


def refusals(
    plan: Plan, before: Iterable[Desired], after: Desired, *, as_of: date
) -> Iterator[tuple[GuardResult, bool]]:
    """Yield what refuses `plan`, and whether it is a limit from `before` the change that leads to the YAML `after`.

    What a change says about limits does not take back those that held before. A waiver may come with it: the
    organization's owners, as they were before, must approve that.
    """
    own = after.organization
    found = [(result, True) for each in before for result in _with_waivers_of(own, each.organization, plan, as_of)]
    found += [(result, False) for result in (*plan.guards, *verdict(plan, own, own.waivers, as_of=as_of))]
    yield from ((result, is_before) for result, is_before in found if result.status == "refused")


def applied_under(
    plan: Plan, before: Iterable[Desired], after: Desired, *, as_of: date, withheld: Collection[str] = ()
) -> tuple[Waiver, ...]:
    """Return the waivers that `plan` is applied under: those that limits of now, or of `before`, pass by.

    What is said of teams that are `withheld` uses none.
    """
    own = after.organization
    rules = (*(each.organization for each in before), own)
    said = [*plan.guards, *(one for each in rules for one in _with_waivers_of(own, each, plan, as_of))]
    names = {one.waiver for one in said if one.status == "waived" and not (one.team and one.team in withheld)}
    known = {waiver.counted_as: waiver for each in rules for waiver in each.waivers}
    return tuple(known[name] for name in sorted(names & known.keys()))


def _with_waivers_of(
    own: OrganizationBudget, rules: OrganizationBudget, plan: Plan, as_of: date
) -> tuple[GuardResult, ...]:
    return verdict(plan, rules, (*rules.waivers, *own.waivers), as_of=as_of)


def facts_of(plan: Plan) -> PolicyInput:
    """Return the facts that `plan` is judged by: those that it holds.

    A plan of an earlier version holds none: they are what the rest of it tells. So they are where the changes were
    edited afterwards: what would be carried out is judged, and apply refuses the team whose changes do not follow from
    its YAML.
    """
    noted = plan.policy_input
    if noted is None:
        return policy_input(plan, Told())
    if noted.changes == plan.changes:
        return noted
    told = Told(
        noted.fiscal_year,
        noted.currencies,
        noted.objects,
        noted.declared,
        history=noted.history,
        waiver_uses=noted.waiver_uses,
    )
    return policy_input(plan, told)


def step_of(plan: Plan, start: Desired, after: Desired, *, as_of: date) -> Step:
    """Return what is to be approved of `plan` and of the YAML that goes from `start` to `after`, on the day `as_of`.

    A plan's file can be made by anybody, so what the YAML says is taken from the commits themselves, not from the plan.
    """
    facts = facts_of(plan)
    return Step(facts.effects, declared(start, after), Asked(facts, after.organization, as_of))


def policy_input(plan: Plan, told: Told) -> PolicyInput:
    """Return the facts of a plan, and of what else was known when it was made."""
    return PolicyInput(
        organization=plan.organization,
        currency=plan.currency,
        period=plan.period,
        as_of=plan.as_of,
        fiscal_year=told.fiscal_year,
        currencies=told.currencies,
        funds=plan.funds,
        changes=plan.changes,
        wallets=_wallets(plan),
        history={wallet: dict(months) for wallet, months in told.history.items()},
        objects=told.objects,
        assumptions=plan.assumptions,
        drift=plan.drift,
        waiver_uses=dict(told.waiver_uses),
        later=plan.later,
        declared=told.declared,
    )


def declared_objects(desired: Desired, teams: Collection[str] | None) -> Iterator[ObjectFacts]:
    """Yield the managed objects that git declares of `teams`; None: of all of them, and of the organization."""
    for kind in kinds():
        for key, wanted in desired.of(kind).items():
            if teams is None or wanted.team in teams:
                yield ObjectFacts(
                    kind=kind.name,
                    key=text_of(key),
                    team=wanted.team,
                    environment=wanted.environment,
                    value=kind.document(wanted.value),
                )


def _wallets(plan: Plan) -> dict[WalletRef, WalletFacts]:
    """Return what is known of the wallets that were forecast, and of those whose money changes, by key.

    What was spent is the larger of what the ledger and what the usage say. The plans of an earlier version know the
    usage alone.
    """
    found = {forecast.wallet: _forecast(forecast, plan.spent.get(forecast.wallet)) for forecast in plan.impact}
    for move in plan.changes:
        if isinstance(move, Allocate | Reclaim) and move.wallet not in found:
            spent = plan.spent.get(move.wallet)
            found[move.wallet] = WalletFacts(team=move.team, environment=move.environment, spent=spent)
    return dict(sorted(found.items()))


def _forecast(forecast: WalletForecast, spent: Decimal | None) -> WalletFacts:
    return document(
        WalletFacts,
        {
            "team": forecast.team,
            "environment": forecast.environment,
            "spent": cents(max(spent if spent is not None else ZERO, forecast.known_spend)),
            "confidence": forecast.confidence,
            "history_days": forecast.history_days,
            "month_end": forecast.month_end.quantiles,
            "before": _side(forecast.live),
            "after": _side(forecast.desired),
            "alerts": tuple(facts for alert in forecast.alerts for facts in _alert(alert)),
        },
    )


def _side(outlook: WalletOutlook) -> WalletSide:
    chance = outlook.exhaustion.probability
    return document(
        WalletSide,
        {
            "target": outlook.target,
            "ceiling": outlook.ceiling,
            "money_left": outlook.money_left,
            "runs_out": None if chance is None else exact(chance),
        },
    )


def _alert(alert: AlertForecast) -> Iterable[AlertFacts]:
    after = alert.desired
    if after is not None:
        yield document(
            AlertFacts,
            {
                "name": alert.name,
                "amount": alert.amount,
                "percentage": alert.percentage,
                "fires": exact(after.probability),
                "unwarned": exact(after.no_warning_probability),
            },
        )
