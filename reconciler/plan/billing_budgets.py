"""Billing budgets: create, update, delete; three-way, so that absence alone never deletes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import ValidationError

from reconciler.findings import Severity
from reconciler.model.applied import LastApplied
from reconciler.model.billing_budget import BillingBudget, BillingBudgetKey
from reconciler.model.change import Change, CreateBillingBudget, DeleteBillingBudget, UpdateBillingBudget
from reconciler.model.desired import Desired, Origin
from reconciler.model.live import Live
from reconciler.model.plan import Unmanaged
from reconciler.model.team import BillingBudgetSetting
from reconciler.plan.note import Note
from reconciler.plan.scope import Teams

BudgetChange = CreateBillingBudget | UpdateBillingBudget | DeleteBillingBudget


def budget_document(budget: BillingBudget) -> dict[str, object]:
    """Return a billing budget as it stands in `before` and `after`."""
    return budget.model_dump(mode="json")


def budget_changes(desired: Desired, live: Live, last_applied: LastApplied) -> Iterator[tuple[BudgetChange, Origin]]:
    """Yield every change of a billing budget with the place that asks for it: deletes, updates, creates."""
    yield from _deletes(desired, live, last_applied)
    creates = []
    unclear = live.unreadable_of("billing_budget")
    for key, wanted in sorted(desired.billing_budgets.items()):
        found = live.billing_budgets.get(key)
        if found is None and any(item.may_be(key) for item in unclear):
            continue
        about = {"team": wanted.team, "environment": wanted.environment, "key": str(key)}
        after = budget_document(wanted.budget)
        if found is None:
            creates.append((CreateBillingBudget(**about, after=after), wanted.origin))
        elif found.budget != wanted.budget:
            yield UpdateBillingBudget(**about, before=budget_document(found.budget), after=after), wanted.origin
    yield from creates


def _deletes(desired: Desired, live: Live, last_applied: LastApplied) -> Iterator[tuple[BudgetChange, Origin]]:
    for key, found in sorted(live.billing_budgets.items()):
        owner = _deleting_team(desired, key, last_applied)
        if owner is None:
            continue
        team, environment, origin = owner
        before = budget_document(found.budget)
        yield DeleteBillingBudget(team=team, environment=environment, key=str(key), before=before), origin


def _deleting_team(
    desired: Desired, key: BillingBudgetKey, last_applied: LastApplied
) -> tuple[str, str | None, Origin] | None:
    """Return whose deletion this is: declared absent, or dropped from a team file that is still there."""
    if key in desired.billing_budgets:
        return None
    if absent := desired.absent_billing_budgets.get(key):
        return absent.team, absent.environment, absent.origin
    team = last_applied.billing_budgets.get(str(key))
    if team is not None and team in desired.teams:
        return team, None, Origin(desired.team_path(team), ("billing_budgets",))
    return None


def undeclared_budgets(desired: Desired, live: Live, changes: Iterable[Change]) -> frozenset[BillingBudgetKey]:
    """Return the live billing budgets that are there after `changes` as they are now: git has no say in them."""
    deleted = {change.key for change in changes if isinstance(change, DeleteBillingBudget)}
    return frozenset(
        key for key in live.billing_budgets if key not in desired.billing_budgets and str(key) not in deleted
    )


def unmanaged_budgets(desired: Desired, live: Live, last_applied: LastApplied) -> Iterator[Unmanaged]:
    """Yield the billing budgets that git neither declares nor deletes."""
    surplus = [found.budget for found in live.duplicate_billing_budgets]
    unknown = [
        found.budget
        for key, found in sorted(live.billing_budgets.items())
        if key not in desired.billing_budgets and _deleting_team(desired, key, last_applied) is None
    ]
    for budget in [*unknown, *surplus]:
        yield Unmanaged(
            kind="billing_budget",
            key=str(budget.key),
            name=budget.name,
            amount=budget.amount,
            currency=budget.currency,
            reason=why_not_declared(budget, desired.organization.currency),
        )


def why_not_declared(budget: BillingBudget, currency: str) -> str:
    """Return why YAML in `currency` cannot say what `budget` is, an empty text where it can."""
    document = budget_document(budget)
    fields = {name: document[name] for name in ("name", "amount", "alert_percentages", "hard_limit", "period")}
    scope = {"type": budget.scope_type, "id": budget.scope_id}
    reasons = [f"it is in {budget.currency}"] if budget.currency != currency else []
    try:
        BillingBudgetSetting.model_validate({**fields, "scope": scope})
    except ValidationError as error:
        wrong = dict.fromkeys(str(problem["loc"][0]) for problem in error.errors(include_url=False))
        reasons += [f"its {_FIELDS.get(name, name)} {_shown(document, name)}" for name in wrong]
    return f"YAML cannot declare {' and '.join(reasons)}" if reasons else ""


_FIELDS = {"alert_percentages": "alert percentages", "hard_limit": "hard limit"}


def _shown(document: dict[str, object], name: str) -> str:
    """Return the value of a field for a sentence."""
    if name == "scope":
        return f"{document['scope_type']} {document['scope_id']}"
    value = document[name]
    return ", ".join(f"{item}%" for item in value) if isinstance(value, list | tuple) else str(value)


def unclear_budgets(desired: Desired, live: Live, teams: Teams) -> Iterator[Note]:
    """Yield a note for each declared billing budget of `teams` that Keeptrusts holds and that cannot be understood."""
    for found in live.unreadable_of("billing_budget"):
        for key, wanted in desired.billing_budgets.items():
            if key in live.billing_budgets or not found.may_be(key) or (teams is not None and wanted.team not in teams):
                continue
            yield Note(
                origin=wanted.origin,
                code="unclear-billing-budget",
                severity=Severity.WARNING,
                message=f"Keeptrusts holds {key} ({found.id or 'without an id'}) in a form that is not understood:"
                f" {found.reason}; it is neither compared nor changed",
                hint="correct it in Keeptrusts, or delete it there: the next plan then creates it",
            )


def repeated_budgets(desired: Desired, live: Live) -> Iterator[Note]:
    """Yield a note for each declared billing budget that Keeptrusts holds more than once."""
    for surplus in live.duplicate_billing_budgets:
        wanted = desired.billing_budgets.get(surplus.budget.key)
        if wanted is not None:
            yield Note(
                origin=wanted.origin,
                code="repeated-billing-budget",
                severity=Severity.WARNING,
                message=f"Keeptrusts holds more than one billing budget {surplus.budget.key}; the oldest is managed,"
                f" {surplus.id} is left alone",
                hint=f"delete {surplus.id} in Keeptrusts if it is not needed",
            )


def vanished_teams(desired: Desired, last_applied: LastApplied, teams: Teams) -> Iterator[Note]:
    """Yield a note for each of `teams` whose file disappeared since the last apply."""
    known = set(last_applied.billing_budgets.values())
    for team in sorted((known if teams is None else set(teams)) - set(desired.teams)):
        path = desired.team_path(team)
        yield Note(
            origin=Origin(path),
            code="team-file-vanished",
            severity=Severity.WARNING,
            message=f"{path} was applied before and is gone; its wallets and billing budgets are left as they are",
            hint="to take its money back and delete its alerts, bring the file back with `state: absent`, without what"
            " another team has taken over",
        )
