"""The plan document, `plan.json`: what is to change, from what it was computed, and what it does."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError
from pydantic.config import JsonDict
from pydantic_core import to_json

from reconciler.findings import StalePlanError, UsageError
from reconciler.model.change import Change
from reconciler.model.drift import DriftItem
from reconciler.model.forecast import TeamAssumptions, WalletForecast, YearForecast
from reconciler.model.frozen import Frozen
from reconciler.model.json_text import canonical_json, digest_of, digest_of_text
from reconciler.model.kinds.registry import kinds
from reconciler.model.later import Later, LaterTarget, Unapplied
from reconciler.model.money import Amount, Funds
from reconciler.model.outcome import Doubt
from reconciler.model.period import Period
from reconciler.model.plan_finding import PlanFinding
from reconciler.model.policy_input import PolicyInput
from reconciler.model.usage_summary import UsageSummary

NOT_COMPARED = "not-compared"
"""The finding of a plan whose YAML could not be compared with what it starts from."""


class Tool(Frozen):
    name: Literal["kt-budgets"] = "kt-budgets"
    version: str


class Source(Frozen):
    """Where the YAML came from. `commit` and `dirty` are None outside git.

    In a pull request, `head` is the last commit of its branch and `base` the one that it is merged onto: then `commit`
    may be a test merge of the two, which no branch holds.
    """

    commit: str | None
    dirty: bool | None
    tree_digest: str
    head: str | None = None
    base: str | None = None


def _unmanaged_kinds() -> list[str]:
    return ["wallet", *(kind.name for kind in kinds()), "user_wallet"]


def _known(kind: str) -> str:
    if kind not in _unmanaged_kinds():
        raise ValueError(f"`{kind}` is no kind of what there is in Keeptrusts")
    return kind


def _published(schema: JsonDict) -> None:
    schema["enum"] = [*_unmanaged_kinds()]


UnmanagedKind = Annotated[str, AfterValidator(_known), Field(json_schema_extra=_published)]
"""A wallet, or one of the kinds of managed objects."""


class Unmanaged(Frozen):
    """Something in Keeptrusts that no YAML declares. It is listed and left alone.

    `amount` is what a wallet has spent, or a billing budget's limit; `held` is what a wallet holds. `reason` says why
    YAML could not declare it, where it could not.
    """

    kind: UnmanagedKind
    key: str
    name: str
    amount: Amount | None = None
    currency: str | None = None
    held: Amount | None = None
    reason: str = ""


class GuardResult(Frozen):
    """A guard on money and what it said. `limit` and `value` are numbers as text, in their own unit."""

    guard: str
    status: Literal["passed", "refused", "waived"]
    team: str = ""
    value: str = ""
    limit: str = ""
    message: str = ""
    hint: str = ""
    position: str = ""


class Scope(Frozen):
    """The teams that a plan is about. `of` counts all there are.

    Their YAML differs from the commit `since`, or the last run left them `unfinished`. `later` is what differs in
    months to come, to the horizon or the end of the fiscal year: nothing of it moves money now.
    """

    since: str
    teams: tuple[str, ...]
    of: int
    unfinished: tuple[str, ...] = ()
    later: tuple[LaterTarget, ...] = ()


class Plan(Frozen):
    """A plan document. `scope` is None where it is about every team, export schedules included.

    `later` is None where there is no commit to compare the YAML with. `doubts` are the wallets whose
    ledger contradicts the journal or cannot be read: nothing is planned for them.

    `spent` is what the ledger shows as spent this month of each wallet whose money changes. `unapplied` is what lies
    merged below a pull request and is not applied yet. `policy_input` are the facts that guards and approvals were
    judged by, None in a plan of an earlier version.
    """

    format: Literal["kt-budgets.plan/1"] = "kt-budgets.plan/1"
    tool: Tool
    organization: str
    currency: str
    period: Period
    as_of: date
    source: Source
    scope: Scope | None = None
    later: Later | None = None
    usage: UsageSummary | None = None
    changes: tuple[Change, ...]
    fingerprints: dict[str, str]
    funds: Funds
    spent: dict[str, Amount] = {}
    impact: tuple[WalletForecast, ...] = ()
    year: YearForecast | None = None
    assumptions: tuple[TeamAssumptions, ...] = ()
    drift: tuple[DriftItem, ...] = ()
    unmanaged: tuple[Unmanaged, ...] = ()
    findings: tuple[PlanFinding, ...] = ()
    guards: tuple[GuardResult, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    unapplied: tuple[Unapplied, ...] = ()
    policy_input: PolicyInput | None = None
    complete: Literal[True] = True
    digest: str = ""


def sealed(plan: Plan) -> Plan:
    """Return `plan` with the digest of everything else in it."""
    return plan.model_copy(update={"digest": digest_of(plan.model_dump(mode="json", exclude={"digest"}))})


def sealed_bytes(plan: Plan) -> tuple[Plan, bytes]:
    """Return `plan` sealed, and the bytes of its plan.json: both from one pass over a large plan (decision 0049)."""
    document = json.loads(canonical := canonical_json(plan.model_dump(mode="json", exclude={"digest"})))
    document["digest"] = digest_of_text(canonical)
    saved = to_json(dict(sorted(document.items())), indent=2) + b"\n"
    return plan.model_copy(update={"digest": document["digest"]}), saved


def plan_text(plan: Plan) -> str:
    """Return the bytes of plan.json as text: sorted keys, indented, one newline at the end."""
    in_order = json.loads(canonical_json(plan.model_dump(mode="json")))
    return to_json(in_order, indent=2).decode() + "\n"


def read_plan(text: str, *, name: str = "plan.json") -> Plan:
    """Return the plan that `text` holds, exactly as it was made.

    Raises UsageError for what is no plan of this version, with every place that is wrong, and StalePlanError when the
    plan was edited after it was made. `name` is what the messages call it.
    """
    document = _plan_document(text, name)
    try:
        plan = Plan.model_validate(document)
        sealed_as = digest_of({key: value for key, value in document.items() if key != "digest"})
    except ValidationError as error:
        raise UsageError(_wrong_places(error, name), hint=_AGAIN) from None
    except (ArithmeticError, ValueError):
        raise UsageError(f"{name} holds a number or a text that no plan can hold", hint=_AGAIN) from None
    if sealed_as != plan.digest:
        raise StalePlanError(
            f"{name} was edited after it was made: its digest does not match its content",
            hint="run `kt-budgets plan` again and have the new plan reviewed",
        )
    return plan


_AGAIN = "run `kt-budgets plan` to make it again"
_MOST_PLACES = 50


def _plan_document(text: str, name: str) -> dict[str, Any]:
    """Return the JSON object that `text` holds, once it says that it is a plan of this version."""
    try:
        document = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{name} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}", hint=_AGAIN
        ) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{name} is not JSON that can be read", hint=_AGAIN) from None
    expected = Plan.model_fields["format"].default
    found = document.get("format") if isinstance(document, dict) else None
    if found != expected:
        what = f"says it is {json.dumps(found)[:80]}" if found is not None else "does not say what it is"
        raise UsageError(f"{name} {what}; `{expected}` is needed", hint=_AGAIN)
    return dict(document)


def _no_number(constant: str) -> None:
    raise ValueError(constant)


def _wrong_places(error: ValidationError, name: str) -> str:
    places = [f"{_json_path(problem['loc'])}: {problem['msg']}" for problem in error.errors(include_url=False)]
    more = [f"and {len(places) - _MOST_PLACES:,} more"] if len(places) > _MOST_PLACES else []
    return f"{name} is no valid plan: {'; '.join([*places[:_MOST_PLACES], *more])}"


def _json_path(location: tuple[int | str, ...]) -> str:
    """Return a place as a JSON path; the kind that pydantic adds for a change is no part of the document."""
    parts = location[:2] + location[3:] if location[:1] == ("changes",) else location
    return "$" + "".join(_json_step(part) for part in parts)


def _json_step(part: int | str) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if part.isidentifier() and part.isascii() else f"[{json.dumps(part[:80])}]"
