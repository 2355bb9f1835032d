"""What a plan's YAML says otherwise and no move of money shows: owners, limits, waivers, how a month opens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model.change import Allocate, ObjectChange, Reclaim
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.kinds.registry import kinds
from reconciler.model.later import LaterExpectation, LaterTarget
from reconciler.model.plan import Plan
from reconciler.report import wording
from reconciler.report.spans import Span, Words, code, marked, safe_name, strong, visible, words

_OWNERS = 4
_LONG = 320
_NAMED = 3
_TELLING = ("unused", "state", "owners", "approvals.finance_above", "approvals", "guards", "waivers")
"""The keys of settings that a verdict names first."""


def settings(plan: Plan, targets: Sequence[LaterTarget]) -> tuple[LaterExpectation, ...]:
    """Return the settings that differ, without those that a change or `targets`, of later months, tell already."""
    if plan.later is None:
        return ()
    told = _Told(plan, targets)
    return tuple(item for item in plan.later.declared if not told.knows(item))


class _Told:
    """What is told where money moves, where alerts and schedules change, and among the months to come."""

    def __init__(self, plan: Plan, targets: Sequence[LaterTarget]) -> None:
        self._months: dict[tuple[str, str], set[str]] = {}
        self._objects: dict[str, list[ObjectChange]] = {}
        self._leaving = {target.team for target in targets if target.after is None}
        for target in targets:
            self._months.setdefault((target.team, target.environment), set()).add(str(target.period))
        for change in plan.changes:
            if isinstance(change, Allocate | Reclaim):
                self._months.setdefault((change.team, change.environment), set()).add(str(plan.period))
            else:
                self._objects.setdefault(change.team, []).append(change)

    def knows(self, item: LaterExpectation) -> bool:
        section, _, rest = item.key.partition(".")
        if not item.key:
            return not item.after and item.team in self._leaving
        if section == "wallets":
            return self._knows_target(item.team, *_wallet_key(rest))
        return any(self._knows_object(item, kind) for kind in kinds() if kind.section == section)

    def _knows_target(self, team: str, environment: str, field: str, month: str) -> bool:
        told = self._months.get((team, environment), set())
        return field != "team_id" and (month in told if month else bool(told))

    def _knows_object(self, item: LaterExpectation, kind: ManagedKind[V]) -> bool:
        field = item.key.rpartition(".")[2]
        for change in self._objects.get(item.team, ()):
            before, after = change.documents()
            known = f"{kind.entry} {change.name},"
            if f"{item.name},".startswith(known) and (not before or not after or before.get(field) != after.get(field)):
                return True
        return False


def _wallet_key(rest: str) -> tuple[str, str, str]:
    """Return the environment, the field and the month of a key below `wallets`; environments may hold dots."""
    environment, dot, month = rest.rpartition(".overrides.")
    if dot:
        return environment, "overrides", month.removesuffix(".amount")
    for field in ("monthly", "team_id", "overrides"):
        if rest.endswith(f".{field}"):
            return rest.removesuffix(f".{field}"), field, ""
    return rest, "", ""


def setting_notes(listed: Sequence[LaterExpectation]) -> tuple[Words, ...]:
    """Return a sentence for each setting: whose, from and to, what follows, its place and who approves it."""
    return tuple(_sentence(item) for item in listed)


def _sentence(item: LaterExpectation) -> Words:
    whose = strong(safe_name(item.team) if item.team else "The organization")
    before, after = (visible(text, _LONG) for text in (item.before, item.after))
    what = f", {visible(item.name, 160)}: "
    shown: tuple[str | Span, ...] = (before or "none", " → ", strong(after or "none"))
    if not item.key:
        shown = ("new in the YAML, ", strong(after)) if after else ("leaves the YAML (", before, ")")
        what = " is " if after else " "
    meaning = marked(visible(item.meaning, _LONG))
    return words(whose, what, *shown, "; " if meaning else "", meaning, ".", *_place(item), *_approved(item))


def _place(item: LaterExpectation) -> Iterator[str | Span]:
    if item.position:
        yield from (" ", code(visible(item.position, 160)))


def _approved(item: LaterExpectation) -> Iterator[str | Span]:
    """Yield who approves it: one of each group is enough, and two groups are asked where a team has a new name."""
    groups = dict.fromkeys(owners for owners in (item.approvers, item.also_approvers) if owners)
    for number, owners in enumerate(groups):
        yield ", and by " if number else ", to be approved by "
        for index, owner in enumerate(owners[:_OWNERS]):
            yield from (" or " if index else "", code(visible(owner.removeprefix("@"), 128)))
        if len(owners) > _OWNERS:
            yield f" or {len(owners) - _OWNERS:,} more"


def setting_words(plan: Plan, listed: Sequence[LaterExpectation]) -> Iterator[str]:
    """Yield in a few words what settings differ, money first."""
    for item in listed:
        if item.key == "unused" and not item.team and item.amount is not None:
            yield _rest_words(plan, item)
    others = [item for item in listed if item.key != "unused" or item.team or item.amount is None]
    others.sort(key=lambda item: (item.team, _rank(item)))
    whose = list(dict.fromkeys(item.team for item in others))
    apart = whose if len(whose) <= _NAMED else [team for team in whose if not team]
    for team in apart:
        named = list(dict.fromkeys(visible(item.name, 60) for item in others if item.team == team))
        yield _whose_words(team, named, [item for item in others if item.team == team])
    if rest := [item for item in others if item.team not in apart]:
        yield f"{setting_names(rest)} {'change' if len(rest) > 1 else 'changes'}"


def _whose_words(team: str, named: Sequence[str], items: Sequence[LaterExpectation]) -> str:
    if not items[0].key:
        return f"{safe_name(team)} {'is new' if items[0].after else 'leaves the YAML'}"
    whose = safe_name(team) if team else "the organization"
    verb = "change" if len(named) > 1 or named[0].endswith("s") else "changes"
    if any(", " in each for each in named):
        return f"for {whose}, the {wording.listed([_inside_out(each) for each in named], 3)} {verb}"
    return f"the {wording.listed(named, 3)} of {whose} {verb}"


def _inside_out(named: str) -> str:
    """Return `target of 2026-06 (wallet prod)` for `wallet prod, target of 2026-06`."""
    around, comma, inner = named.rpartition(", ")
    return f"{inner} ({around})" if comma else named


def _rest_words(plan: Plan, item: LaterExpectation) -> str:
    when = f"on 1 {item.period.first:%B}"
    amount = f"{safe_name(plan.currency, 8)} {wording.brief(item.amount)}" if item.amount is not None else ""
    if item.after == "reclaim":
        return f"about {amount} of unused money goes back to the organization wallet {when}"
    return f"about {amount} of unused money stays in wallets {when}"


def setting_names(listed: Sequence[LaterExpectation]) -> str:
    """Return what the settings are called that differ, those that decide over money and people first."""
    alike: dict[str, list[LaterExpectation]] = {}
    for item in sorted(listed, key=lambda item: (_rank(item), item.team)):
        alike.setdefault(item.name if item.team and item.key else f"{item.team} {item.name}", []).append(item)
    named = [_short_name(items) for items in alike.values()]
    left = sum(len(items) for items in list(alike.values())[_NAMED:])
    more = [wording.counted(left, "more setting")] if left else []
    return wording.listed([*named[:_NAMED], *more])


def _rank(item: LaterExpectation) -> int:
    parts = [item.key.partition(".")[0], item.key]
    return next((place for place, key in enumerate(_TELLING) if key in parts), len(_TELLING))


def _short_name(items: Sequence[LaterExpectation]) -> str:
    first = items[0]
    if first.key == "unused" and first.amount is not None:
        back = "goes back" if first.after == "reclaim" else "stays"
        return f"unused money ({wording.brief(first.amount)} {back} on 1 {first.period.first:%B})"
    if not first.key:
        return f"the team {safe_name(first.team)}"
    whose = f"{len(items):,} teams" if len(items) > 1 else safe_name(first.team)
    return f"{visible(first.name, 60)} of {whose}" if first.team else visible(first.name, 60)
