"""What will change when: every date of the YAML after a day, each with the money that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from reconciler.findings import Keys, Origin
from reconciler.forecast.levers.registry import levers
from reconciler.model.calendar import SOON, CalendarEntry, CalendarKind
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.money import Money
from reconciler.model.override import Relative
from reconciler.model.period import Period
from reconciler.plan.yaml_words import says_of, spoken

Placed = tuple[CalendarEntry, Origin]

_AHEAD = 12


def calendar(desired: Desired, as_of: date) -> list[Placed]:
    """Return what changes after `as_of`, in order, each with its place; what is over and still there comes first."""
    found = [*_wallets(desired, as_of), *_let_pass(desired, as_of), *_rules(desired, as_of), *_plans(desired, as_of)]
    found += _year(desired, as_of)
    return sorted(found, key=lambda item: (item[0].day, item[0].team, item[0].environment, item[0].kind, item[0].what))


def _wallets(desired: Desired, as_of: date) -> Iterator[Placed]:
    now, year = Period.of(as_of), desired.organization.fiscal_year.value
    for wallet in desired.wallets.values():
        turns = [turn.months_since(now) for turn in wallet.setting.turns()]
        months = max(_AHEAD, year.periods[-1].months_since(now), *turns)
        for month in map(now.plus, range(1, months + 1)):
            before, after = wallet.target(month.plus(-1)), wallet.target(month)
            if before != after:
                yield _target(wallet, month, before, after, as_of)


def _target(wallet: DesiredWallet, month: Period, before: Money, after: Money, as_of: date) -> Placed:
    setting, earlier = wallet.setting, month.plus(-1)
    override = setting.overrides.get(month)
    place = setting.place_of(month)
    keys: Keys = ("overrides", str(month)) if override is not None else place or ("monthly",)
    ends = override is None and place is None and earlier not in setting.overrides
    if override is not None:
        what = f"{override} for this month" if isinstance(override, Relative) else "this month has its own target"
    elif place is None:
        what = "its last step is over: it gets nothing"
    elif earlier in setting.overrides and setting.holds_alike(earlier, month):
        what = "back to the usual target"
    else:
        what = "another step begins"
    kind: CalendarKind = "override" if override is not None or earlier in setting.overrides else "target"
    entry = _entry(
        as_of,
        earlier.last if ends else month.first,
        kind,
        what,
        team=wallet.team,
        environment=wallet.environment,
        ends=ends,
        before=before.amount,
        after=after.amount,
    )
    return entry, Origin(wallet.origin.path, (*wallet.origin.keys, *keys))


def _let_pass(desired: Desired, as_of: date) -> Iterator[Placed]:
    organization, path = desired.organization, desired.organization_path
    for index, waiver in enumerate(organization.waivers):
        says = says_of(waiver, "max") or spoken
        most = f" up to {says(waiver.max, organization.currency)}" if waiver.max is not None else ""
        waived = f"{'guard' if waiver.guard else 'rule'} {waiver.waived}"
        times = (
            "" if waiver.uses is None else f", for {waiver.uses:,} {'plan' if waiver.uses == 1 else 'plans'} at most"
        )
        what = f"the {waived} is let pass{most} for the last time{times}: {waiver.reason}"
        entry = _entry(as_of, waiver.until, "waiver", what, team=waiver.team or "", ends=True)
        yield entry, Origin(path, ("waivers", index, "until"))
    for index, accepted in enumerate(organization.acknowledged_drift):
        what = f"the drift of {accepted.key} is accepted for the last time: {accepted.reason}"
        entry = _entry(as_of, accepted.until, "acknowledgement", what, team=accepted.team or "", ends=True)
        yield entry, Origin(path, ("acknowledged_drift", index, "until"))


def _rules(desired: Desired, as_of: date) -> Iterator[Placed]:
    """Yield the days on which rules begin to hold, and after which they hold no more."""
    for name, rules in desired.organization.policies.items():
        is_file = "/" in name
        path, keys = (f"{desired.folder}/{name}", ()) if is_file else (desired.organization_path, ("policies", name))
        for index, rule in enumerate(rules.rules):
            if rule.starts is not None and rule.starts > as_of:
                what = f"the rule {rule.name} begins to hold: {rule.reason}"
                yield _entry(as_of, rule.starts, "rule", what), Origin(path, (*keys, "rules", index, "from"))
            if rule.until is not None:
                what = f"the rule {rule.name} holds for the last time: {rule.reason}"
                yield _entry(as_of, rule.until, "rule", what, ends=True), Origin(path, (*keys, "rules", index, "until"))


def _plans(desired: Desired, as_of: date) -> Iterator[Placed]:
    currency = desired.organization.currency
    for name, team in desired.teams.items():
        for lever in levers() if team.state == "present" else ():
            for keys, day, what in lever.turns(team.plan, lambda amount: str(Money(amount, currency))):
                if day > as_of:
                    yield _entry(as_of, day, "plan", what, team=name), Origin(desired.team_path(name), keys)


def _year(desired: Desired, as_of: date) -> Iterator[Placed]:
    year = desired.organization.fiscal_year.value
    last = year.periods[-1].last
    if last >= as_of:
        what = f"{year.name} ends: overrides are for its months alone"
        yield _entry(as_of, last, "fiscal_year", what, ends=True), Origin(desired.organization_path, ("fiscal_year",))


def _entry(
    as_of: date,
    day: date,
    kind: CalendarKind,
    what: str,
    *,
    team: str = "",
    environment: str = "",
    ends: bool = False,
    before: Decimal | None = None,
    after: Decimal | None = None,
) -> CalendarEntry:
    return CalendarEntry(
        day=day,
        days=(day - as_of).days,
        kind=kind,
        ends=ends,
        soon=ends and kind != "fiscal_year" and day - as_of <= SOON,
        team=team,
        environment=environment,
        what=what,
        before=before,
        after=after,
        position="",
    )
