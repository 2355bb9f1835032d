"""All that a run says, writes down and does, as text: for stories that are compared word for word."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from apply.loop import Loop
from apply.world import Fault, World

from reconciler.apply.acceptance import Accepted
from reconciler.apply.resume import Permission, resume
from reconciler.findings import BudgetsError
from reconciler.journal.record import Record
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.outcome import Result
from reconciler.model.write import WriteResult

Step = Result | BudgetsError | str | None
Story = Callable[[Loop], Iterator[Step]]


@dataclass
class OwnAnswers(World):
    """A world in which some faults answer as a test says, and count as what they are besides that."""

    answers: dict[Fault, WriteResult] = field(default_factory=dict)

    def _faulty(self, fault: Fault, book: Any) -> WriteResult:
        result = super()._faulty(fault, book)
        return self.answers.get(fault, result)


@dataclass
class Telling:
    """What was told of a loop so far. Operations are told by what they are, since their ids are long."""

    loop: Loop
    lines: list[str] = field(default_factory=list)
    told: int = 0
    sent: int = 0
    names: dict[str, str] = field(default_factory=dict)
    since: Any = None

    def __post_init__(self) -> None:
        self.since = self.loop.world.clock.now()

    def say(self, what: Result | BudgetsError | str | None) -> None:
        """Add what came of a step, and what it left in the journal and sent."""
        if isinstance(what, str):
            self.lines.append(f"- {what}")
        elif isinstance(what, BudgetsError):
            self.lines.append(f"{type(what).__name__}: {what.message} [{what.hint}]")
        elif what is None:
            self.lines.append("nothing")
        else:
            self.lines += _result(what)
        records = self.loop.records()
        for record in records[self.told :]:
            self._learn(record)
            self.lines.append(f"  {record.step} {record.operation or ''} {_facts(record)}".rstrip())
        self.told = len(records)
        sends, self.sent = self.loop.world.sends[self.sent :], len(self.loop.world.sends)
        seconds = (self.loop.world.clock.now() - self.since).total_seconds()
        self.lines.append(f"  sent {', '.join(sends) or 'nothing'}; at {seconds:g} s")

    def text(self) -> str:
        funded = ", ".join(
            f"{key} {self.loop.world.funded(key, self.loop.period)}" for key in sorted(self.loop.world.accounts)
        )
        found = "\n".join([*self.lines, f"funded: {funded}; doubles: {len(self.loop.world.doubles)}", ""])
        for operation, name in self.names.items():
            found = found.replace(operation, name)
        return found

    def _learn(self, record: Record) -> None:
        for change in record.facts.get("plan", {}).get("changes", ()) if record.step == "started" else ():
            if "op" in change:
                rest = " rest" if change.get("carried_from") else ""
                name = f"<{change['kind']}{rest} {change['wallet']}>"
                taken = sum(known.startswith(name[:-1]) for known in self.names.values())
                self.names.setdefault(change["op"], f"{name[:-1]} {taken + 1}>" if taken else name)


def _result(result: Result) -> Iterator[str]:
    run = result.run
    facts = {
        "converged": run.converged,
        "interrupted": result.interrupted,
        "stopped": result.stopped.message if result.stopped else "",
        "denied": result.denied,
    }
    yield f"exit {int(result.exit_code)}: {', '.join(f'{name} {value}' for name, value in facts.items() if value)}"
    for outcome in run.outcomes:
        what = f"{outcome.op} {outcome.amount if outcome.amount is not None else ''}".rstrip()
        yield f"  {outcome.status}: {what} {outcome.transaction or '-'} {outcome.reason}".rstrip()
    yield from (f"  stale {team}: {reason}" for team, reason in result.stale.items())
    yield from (f"  differs: {difference}" for difference in result.differences)
    yield from (f"  doubt {doubt.kind} {doubt.wallet}: {doubt.reason} [{doubt.hint}]" for doubt in run.doubts)
    yield from (f"  left out {item.wallet}" for item in run.left_out)


_BY_ADA = {"who": "ada", "url": "", "why": {}, "principal": "key_1"}
_USUAL: dict[str, dict[str, Any]] = {
    "started": {
        **_BY_ADA,
        "commit": "c0ffee",
        "stale": {},
        "plan": [
            *("assumptions", "doubts", "drift", "findings", "impact", "later", "policy_input", "scope", "spent"),
            *("track_record", "unapplied", "unmanaged", "usage", "year", "year_money"),
        ],
    },
    "resumed": _BY_ADA,
    "finished": {"commit": "c0ffee", "plan": "its digest", "differences": [], "stale": {}},
    "intent": {"attempt": 1},
}
"""Facts that are left out where they are as usual; `plan` tells what of a plan the journal keeps nothing of."""


def _facts(record: Record) -> str:
    facts = dict(record.facts)
    if isinstance(plan := facts.get("plan"), dict):
        facts["plan"] = [name for name, value in plan.items() if value in (None, [], {}, "")]
    elif "plan" in facts:
        facts["plan"] = "its digest"
    if "change" in facts:
        facts["change"] = facts["change"].get("amount") or facts["change"].get("key")
    if "landed" in facts:
        facts["counts once done"] = facts.pop("landed")["parts"]
    facts.pop("outcomes", None)
    facts.pop("judged_by", None)
    for name, usual in _USUAL.get(record.step, {}).items():
        if facts.get(name) == usual:
            del facts[name]
    return json.dumps(facts, ensure_ascii=False) if facts else ""


def moves_of(changes: Iterable[Change]) -> list[Allocate | Reclaim]:
    return [change for change in changes if isinstance(change, Allocate | Reclaim)]


def with_world(loop: Loop, **changes: Any) -> Loop:
    """Return the loop with another world, and the same YAML."""
    return replace(loop, world=World(**changes))


def often(fault: Fault, times: int) -> Iterator[Fault]:
    return iter([fault] * times)


def tried(step: Callable[[], Step]) -> Step:
    try:
        return step()
    except BudgetsError as error:
        return error


def words(operation: str, reason: str = "the gateway log shows nothing") -> Permission:
    return Permission(operation=operation, reason=reason)


def accepting(text: str, reason: str = "finance booked it") -> Permission:
    return Permission(accepted=(Accepted.parse(text),), reason=reason)


def operation(loop: Loop) -> str:
    """Return the first operation that the loop would send, or has sent."""
    sent = [record.operation for record in loop.records() if record.step == "intent"]
    return str(sent[0]) if sent else moves_of(loop.plan().changes)[0].op


def knowing(loop: Loop, permission: Permission | None = None) -> Result | None:
    """Resume as the command does, which names the wallets of the YAML."""
    wallets = {key: wanted.currency for key, wanted in loop.wanted.wallets.items()}
    return resume("org_acme", loop.environment(), permission, wallets=wallets)


def told(wanted: Desired, tell: Story) -> str:
    """Return all that is said, written down and sent in a story of `wanted`."""
    loop = Loop(wanted, OwnAnswers(), settle=10)
    telling = Telling(loop)
    for step in tell(loop):
        telling.say(step)
    return telling.text()
