"""Admission: whether a saved plan may be executed at all, here and now, before anything is read or written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from reconciler.findings import RefusedError, UnauthorizedError, UsageError
from reconciler.model.desired import Desired
from reconciler.model.live import Identity
from reconciler.model.period import Period
from reconciler.model.plan import GuardResult, Plan
from reconciler.policy.facts import verdict

WRITING = "org:billing"
_AGAIN = "run `kt-budgets plan` again and have the new plan reviewed"


def check(plan: Plan, desired: Desired, *, as_of: date, period: Period | None = None, opens: bool = False) -> None:
    """Raise RefusedError unless `plan` is of this organization and of a month that has begun, and no guard refuses.

    `period` is the month that was asked for on the command line, None when none was. The budget files may have moved
    on since the plan was made: which of its teams are still as they were reviewed is told by their fingerprints. That
    the plan was not edited is told where it is read, by the file's own content. Guards and waivers are judged again, as
    the files have them on this day; a plan that `opens` a month is not limited by them.
    """
    if plan.scope and set(plan.scope.teams) != set(plan.fingerprints):
        raise RefusedError("the plan's scope names other teams than the plan itself", hint=_AGAIN)
    if plan.organization != desired.organization.organization:
        raise RefusedError(
            f"the plan is for {plan.organization}, and these budget files are {desired.organization.organization}'s",
            hint="name the folder that the plan was made from with `--budgets`",
        )
    if plan.currency != desired.organization.currency:
        raise RefusedError(
            f"the plan is in {plan.currency}, and org.yaml says `currency: {desired.organization.currency}`;"
            " nothing was written",
            hint=f"write `currency: {plan.currency}` again, or {_AGAIN}",
        )
    if closed := closed_month(plan.period, as_of):
        early = as_of < plan.period.first
        cure = f"apply it on {plan.period.first} or later" if early else f"plan {Period.of(as_of)} instead"
        raise RefusedError(
            f"{closed}; nothing was written",
            hint=f"{cure}; a plan that was made with `--as-of` as a rehearsal is applied with the same `--as-of`",
        )
    if period is not None and period != plan.period:
        raise UsageError(
            f"the plan is for {plan.period}, and --period says {period}", hint=f"leave --period out, or {_AGAIN}"
        )
    organization = desired.organization
    _refuse(plan.guards, "")
    if not opens:
        now = verdict(plan, organization.guards, organization.waivers, as_of=as_of)
        _refuse(now, f", as the files have it on {as_of}")


def closed_month(period: Period, day: date) -> str:
    """Return why money for `period` cannot be sent on `day`, an empty text when it can."""
    if day < period.first:
        return f"{period} has not begun on {day}: the ledger would date its money in an earlier month"
    if day >= period.end:
        return f"{period} is over on {day}: its money would land in a later month"
    return ""


def check_permission(identity: Identity) -> None:
    """Raise UnauthorizedError when Keeptrusts says what the token may do, and writing is not among it."""
    granted = identity.permissions
    if not granted or WRITING in granted or any(_is_wide(permission) for permission in granted):
        return
    raise UnauthorizedError(
        f"the token of {identity.principal} may not write (it may: {', '.join(sorted(granted)[:8])}); nothing was sent",
        hint=f"use a token with the permission {WRITING}",
    )


def _is_wide(permission: str) -> bool:
    return permission.endswith("*") or any(word in permission.lower() for word in ("admin", "owner", "billing"))


def _refuse(guards: Iterable[GuardResult], when: str) -> None:
    refused = [guard for guard in guards if guard.status == "refused"]
    if not refused:
        return
    sentences = "; ".join(
        f"{guard.guard}: {guard.message or f'{guard.value} is beyond {guard.limit}'}" for guard in refused
    )
    hints = dict.fromkeys(guard.hint for guard in refused if guard.hint)
    raise RefusedError(
        f"refused by a guard{when}, and nothing was written: {sentences}", hint="; ".join(hints) or _AGAIN
    )
