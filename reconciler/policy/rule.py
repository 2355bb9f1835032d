"""Rules: each looks at the facts of a plan and says what goes beyond a limit; waivers let that pass for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Generic, Literal, Protocol, TypeVar

from reconciler.model.guards import Guard, Waiver
from reconciler.model.plan import GuardResult, GuardStatus
from reconciler.model.policy_input import PolicyInput
from reconciler.model.rule import Level
from reconciler.model.waiver_uses import WaiverUses
from reconciler.policy.waivers import best, used_up, uses_words

F_contra = TypeVar("F_contra", contravariant=True)
V_co = TypeVar("V_co", covariant=True)
WAIVER_DAYS = 14
POLICIES = "policies"
"""The name of what is said where an organization's own rules as a whole cannot be judged."""


class Rule(Protocol[F_contra, V_co]):
    """Something that is asked of facts. It yields a verdict for each thing that is to be said, none where all is well.

    The same facts have the same verdicts: a rule looks at nothing else, the day included.
    """

    @property
    def name(self) -> str: ...

    @property
    def level(self) -> Level: ...
    def judge(self, facts: F_contra, /) -> Iterable[V_co]: ...


@dataclass(frozen=True, slots=True)
class BuiltIn(Generic[F_contra, V_co]):
    """A rule that is a function of this program, with what the organization set already in it."""

    name: str
    level: Level
    judge: Callable[[F_contra], Iterator[V_co]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of a plan: `value` against `limit`, with the `cure`; of a run as a whole it has no team.

    `about` is the place of the change among those of the plan, -1 for the run. `passes` is what is only shown.
    `owner` is who must approve where the level is that. What is not `waivable` could not be judged.
    """

    rule: str
    message: str = ""
    cure: str = ""
    value: Decimal | None = None
    limit: Decimal | None = None
    team: str = ""
    position: str = ""
    about: int = -1
    passes: bool = False
    level: Level = "deny"
    owner: str = ""
    waivable: bool = True


GuardRule = Rule[PolicyInput, Verdict]


def results(
    rules: Iterable[GuardRule], facts: PolicyInput, waivers: Iterable[Waiver] | None, *, as_of: date
) -> tuple[GuardResult, ...]:
    """Return what `rules` say: of the run first, then change by change, waived where a waiver holds on `as_of`.

    None instead of waivers: nothing can be waived.
    """
    listed = None if waivers is None else tuple(waivers)
    said = sorted((verdict for rule in rules for verdict in rule.judge(facts)), key=attrgetter("about"))
    return tuple(_result(verdict, listed, as_of, facts.waiver_uses) for verdict in said)


def _result(
    verdict: Verdict, waivers: tuple[Waiver, ...] | None, as_of: date, uses: Mapping[str, WaiverUses]
) -> GuardResult:
    value = verdict.value
    if not verdict.waivable:
        waivers = None
    covering = [one for one in waivers or () if one.covers(verdict.rule, verdict.team, value, as_of)]
    status: GuardStatus = "passed" if verdict.passes else STATUS[verdict.level]
    hint = verdict.cure
    waiver = best(covering, uses)
    if waiver is not None:
        told = uses_words(waiver, uses.get(waiver.counted_as))
        status, hint = "waived", f"waived until {waiver.until} by {waiver.approved_by}: {waiver.reason}{told}"
    elif covering:
        hint = "; ".join([hint, *(used_up(one, uses.get(one.counted_as)) for one in dict.fromkeys(covering))])
    elif waivers is not None:
        hint = f"{hint}, or add to `waivers:` {_waiver(verdict, as_of)}"
    return GuardResult(
        guard=verdict.rule,
        status=status,
        team=verdict.team,
        value=_number(value),
        limit=_number(verdict.limit),
        message=verdict.message,
        hint=hint,
        position=verdict.position,
        owner=verdict.owner if status == "asks" else "",
        waiver=waiver.counted_as if waiver else "",
    )


STATUS: Mapping[Level, Literal["refused", "warned", "asks"]] = {"deny": "refused", "warn": "warned", "approve": "asks"}
"""What is said of a verdict of each level."""


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _waiver(verdict: Verdict, as_of: date) -> str:
    team = f"team: {verdict.team}, " if verdict.team else ""
    most = "" if verdict.value is None else f"max: {_number(verdict.value)}, "
    until = as_of + timedelta(days=WAIVER_DAYS)
    return (
        f'`- {{{_kind(verdict.rule)}: {verdict.rule}, {team}{most}until: {until}, reason: "...", approved_by: "..."}}`'
    )


def _kind(name: str) -> str:
    """Return by which key a waiver names what it waives."""
    return "guard" if name in {guard.value for guard in Guard} else "rule"
