"""Alerts and export schedules that the YAML does not declare yet: to be written, or left out with the reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from reconciler.model.imported import NotDeclared
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, BillingBudget, why_not_declared
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES, ExportSchedule
from reconciler.model.kinds.managed_kind import ManagedKind, V, text_of
from reconciler.model.kinds.registry import kinds
from reconciler.model.money import is_payable
from reconciler.model.unclear import Unclear, Unreadable
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.importing.grouping import Place
from reconciler.plan.importing.sources import Sources


@dataclass(frozen=True, slots=True)
class AlertDraft:
    """An alert that is not in the YAML yet; `environment` is that of the wallet it watches, where that is written."""

    team: str
    environment: str | None
    value: BillingBudget


def alerts_of(sources: Sources, written: Collection[WalletRef]) -> Iterator[AlertDraft | NotDeclared]:
    """Yield the alerts to be added, and those that are left out; `written` are the wallets that YAML will declare."""
    listing = sources.live.of(BILLING_BUDGETS)
    declared = sources.desired.of(BILLING_BUDGETS) if sources.desired else {}
    for key, found in listing.objects.items():
        value = found.value
        if key in declared:
            continue
        place = sources.grouping.places.get(value.scope_id)
        if why := _why_not(sources, value, place):
            yield _left_out(BILLING_BUDGETS, value, sources, *why)
        elif place is not None:
            is_written = WalletRef.team(value.scope_id) in written
            yield AlertDraft(place.team, place.environment if is_written else None, value)
    yield from _doubles(BILLING_BUDGETS, sources)


def schedules_of(sources: Sources) -> Iterator[ExportSchedule | NotDeclared]:
    """Yield the export schedules to be added, and those that are left out."""
    declared = sources.desired.of(EXPORT_SCHEDULES) if sources.desired else {}
    for key, found in sources.live.of(EXPORT_SCHEDULES).objects.items():
        if key in declared:
            continue
        if sources.is_accepted(text_of(key)):
            yield _left_out(EXPORT_SCHEDULES, found.value, sources, _ACCEPTED)
        elif reason := EXPORT_SCHEDULES.stray(found.value, currency=sources.currency).reason:
            yield _left_out(
                EXPORT_SCHEDULES, found.value, sources, reason, "correct it in Keeptrusts, then import again"
            )
        elif not all(map(sources.writable, _texts(found.value))):
            yield _left_out(EXPORT_SCHEDULES, found.value, sources, *_UNSEEN)
        else:
            yield found.value
    yield from _doubles(EXPORT_SCHEDULES, sources)


def unreadable_of(sources: Sources) -> Iterator[NotDeclared]:
    """Yield what Keeptrusts lists and nobody can understand."""
    return (_unreadable(found) for found in sources.live.unreadable)


def _texts(schedule: ExportSchedule) -> tuple[str, ...]:
    return schedule.name, schedule.cron, schedule.s3.bucket, schedule.s3.prefix


_UNSEEN = "its name holds a character that nobody can see, which YAML refuses", "rename it in Keeptrusts"
_ACCEPTED = "org.yaml accepts that git does not declare it"


def _why_not(sources: Sources, value: BillingBudget, place: Place | None) -> tuple[str, ...]:
    """Return why an alert is left out, and what to do; nothing where it is written."""
    if sources.is_accepted(text_of(value.key)):
        return (_ACCEPTED,)
    if reason := why_not_declared(value, sources.currency):
        return reason, "change it in Keeptrusts to what YAML can say, then import again; it is left alone"
    if not sources.writable(value.name):
        return _UNSEEN
    if not is_payable(value.amount, sources.currency):
        return (f"{sources.currency} has no coins for {value.amount:,.2f}",)
    if value.scope_type != "team":
        scope = f"{{type: {value.scope_type}, id: {value.scope_id}}}"
        hint = f"to have a team own it, declare it by hand in that team's file with `scope: {scope}`"
        return f"it watches {_an(value.scope_type)}, and every alert of the YAML is a team's", hint
    if value.scope_id in sources.grouping.skipped:
        return ("the map leaves its team out",)
    if place is None:
        return "it watches a team of which nobody knows whose it is", "name the team in a file for `--map`"
    return sources.why_closed(place.team)


def _an(scope: str) -> str:
    return f"an {scope}" if scope == "agent" else "the organization" if scope == "organization" else f"a {scope}"


def _doubles(kind: ManagedKind[V], sources: Sources) -> Iterator[NotDeclared]:
    listed = sources.live.of(kind)
    for found in listed.surplus:
        reason = f"Keeptrusts holds {text_of(kind.key(found.value))} more than once; another of it is managed"
        hint = f"delete {found.id} in Keeptrusts if it is not needed"
        yield _left_out(kind, found.value, sources, reason, hint, key=found.id)
    for key, rivals in listed.rivals.items():
        unclear = Unclear.several([each.id for each in rivals])
        for found in rivals:
            reason = f"Keeptrusts holds {text_of(key)} {unclear.how}"
            yield _left_out(kind, found.value, sources, reason, unclear.cure, key=found.id)


def _left_out(
    kind: ManagedKind[V], value: V, sources: Sources, reason: str, hint: str = "", *, key: str = ""
) -> NotDeclared:
    stray = kind.stray(value, currency=sources.currency)
    return NotDeclared(
        kind=kind.name,
        key=key or text_of(kind.key(value)),
        name=kind.key(value)[-1],
        amount=stray.amount,
        currency=stray.currency,
        reason=reason,
        hint=hint,
    )


def _unreadable(found: Unreadable) -> NotDeclared:
    names = {kind.name: kind.noun for kind in kinds()}
    reason = f"this {names.get(found.kind, found.kind)} cannot be understood: {found.reason}"
    return NotDeclared(
        kind=found.kind, key=found.key, name=found.name or found.key, reason=reason, hint="correct it in Keeptrusts"
    )
