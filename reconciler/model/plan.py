"""The plan document, `plan.json`: what is to change, from what it was computed, and what it does."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationError
from pydantic.config import JsonDict
from pydantic_core import to_json

from reconciler.findings import StalePlanError, UsageError
from reconciler.model.assumption import TeamAssumptions
from reconciler.model.change import Change
from reconciler.model.document import Document
from reconciler.model.drift import DriftItem
from reconciler.model.forecast import WalletForecast, YearForecast
from reconciler.model.frozen import Frozen
from reconciler.model.json_text import canonical_json, digest_of, digest_of_fields
from reconciler.model.kinds.registry import kinds
from reconciler.model.later import Later, LaterTarget, Unapplied
from reconciler.model.money import Amount, Funds
from reconciler.model.outcome import Doubt
from reconciler.model.period import Period
from reconciler.model.plan_finding import PlanFinding
from reconciler.model.policy_input import PolicyInput
from reconciler.model.sealing import sealed_text
from reconciler.model.track_record import TrackRecord
from reconciler.model.usage_summary import UsageSummary
from reconciler.model.year_money import YearMoney

NOT_COMPARED = "not-compared"
"""The finding of a plan whose YAML could not be compared with what it starts from."""


class Tool(Frozen):
    name: Literal["kt-budgets"] = Field("kt-budgets", description="The program that made it.")
    version: str = Field(description="Its version.")


class Source(Frozen):
    """Where the YAML came from. `commit` and `dirty` are None outside git.

    In a pull request, `head` is the last commit of its branch and `base` the one that it is merged onto: then `commit`
    may be a test merge of the two, which no branch holds.
    """

    commit: str | None = Field(description="The commit of the YAML; null outside of git.")
    dirty: bool | None = Field(description="Whether files differ from that commit; null outside of git.")
    tree_digest: str = Field(description="Digest of all budget files.")
    head: str | None = Field(None, description="The last commit of the pull request's branch.")
    base: str | None = Field(None, description="The commit that the pull request is merged onto.")


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

    kind: UnmanagedKind = Field(description="What kind of thing it is.")
    key: str = Field(description="Its key as text.")
    name: str = Field(description="What people call it.")
    amount: Amount | None = Field(None, description="Money that a wallet has spent, or a billing budget's limit.")
    currency: str | None = Field(None, description="Currency of the money, ISO 4217.")
    held: Amount | None = Field(None, description="Money that a wallet holds.")
    reason: str = Field("", description="Why YAML could not declare it; empty where it could.")


GuardStatus = Literal["passed", "refused", "waived", "warned", "asks"]


class GuardResult(Frozen):
    """A guard on money, or a rule, and what it said. `limit` and `value` are numbers as text, in their own unit."""

    guard: str = Field(description="The name of the guard or the rule, as waivers use it.")
    status: GuardStatus = Field(description="What it says of the plan; `asks`: `owner` must approve.")
    team: str = Field("", description="The team; empty where it is about the whole plan.")
    value: str = Field("", description="What the plan comes to, a number as text in the guard's own unit.")
    limit: str = Field("", description="What the guard allows, in the same unit.")
    message: str = Field("", description="What it found, as a sentence.")
    hint: str = Field("", description="What is to be done; empty where it passed.")
    position: str = Field("", description="Where the cause stands: file:line:column.")
    owner: str = Field(
        "", description="Who must approve; left out where nobody is asked.", exclude_if=lambda owner: not owner
    )
    waiver: str = Field(
        "", description="Under which waiver it passes; left out where none is used.", exclude_if=lambda name: not name
    )


class Scope(Frozen):
    """The teams that a plan is about. `of` counts all there are.

    Their YAML differs from the commit `since`, or the last run left them `unfinished`. `later` is what differs in
    months to come, to the horizon or the end of the fiscal year: nothing of it moves money now.
    """

    since: str = Field(description="The commit that the teams' YAML differs from.")
    teams: tuple[str, ...] = Field(description="The teams that the plan is about.")
    of: int = Field(description="How many teams there are.")
    unfinished: tuple[str, ...] = Field(
        (), description="Teams that are among them because the last run left them unfinished."
    )
    later: tuple[LaterTarget, ...] = Field(
        (), description="What their wallets get otherwise in later months; none of it moves money now."
    )


class Plan(Document):
    """A plan document. `scope` is None where it is about every team, export schedules included.

    `later` is None where there is no commit to compare the YAML with. `doubts` are the wallets whose
    ledger contradicts the journal or cannot be read: nothing is planned for them.

    `spent` is what the ledger shows as spent this month of each wallet whose ledger was read. `unapplied` is what lies
    merged below a pull request and is not applied yet. `policy_input` are the facts that guards and approvals were
    judged by, None in a plan of an earlier version.
    """

    commands: ClassVar = ("plan", "show", "apply --period --dry-run")
    format: Literal["kt-budgets.plan/1"] = "kt-budgets.plan/1"
    tool: Tool = Field(description="What made the plan.")
    organization: str = Field(description="The organization's id in Keeptrusts.")
    currency: str = Field(description="Currency of all money here, ISO 4217.")
    period: Period = Field(description="The month that is planned, YYYY-MM.")
    as_of: date = Field(description="The first day that is not known in full, UTC.")
    source: Source = Field(description="Where the YAML came from.")
    scope: Scope | None = Field(
        None, description="The teams that it is about; null for all, export schedules included."
    )
    later: Later | None = Field(
        None,
        description="What the YAML says otherwise for later months; null where there is no commit to compare with.",
    )
    usage: UsageSummary | None = Field(None, description="What the forecast was made from; null without usage.")
    changes: tuple[Change, ...] = Field(description="What is to be done, in order.")
    fingerprints: dict[str, str] = Field(description="By team, a digest of what an approval is bound to.")
    funds: Funds = Field(description="The organization's pool along the run.")
    spent: dict[str, Amount] = Field(
        {}, description="Money that the ledger shows as spent in the month, by wallet whose ledger was read."
    )
    impact: tuple[WalletForecast, ...] = Field(
        (), description="The forecast of each wallet, under live and under desired targets."
    )
    year: YearForecast | None = Field(
        None,
        description="The forecast of the fiscal year; null outside of it, and where other teams are too many.",
    )
    year_money: YearMoney | None = Field(
        None,
        description="What wallets may spend over the fiscal year if the plan is applied and if it is not; null outside"
        " of the year, and in a plan of an earlier version.",
    )
    track_record: TrackRecord | None = Field(
        None, description="How forecasts came out before; null where nothing tells."
    )
    assumptions: tuple[TeamAssumptions, ...] = Field(
        (), description="What each team's plan assumes against what was observed."
    )
    drift: tuple[DriftItem, ...] = Field((), description="What was changed by hand.")
    unmanaged: tuple[Unmanaged, ...] = Field((), description="What no YAML declares; it is left alone.")
    findings: tuple[PlanFinding, ...] = Field((), description="What is to be said about the YAML and the usage.")
    guards: tuple[GuardResult, ...] = Field((), description="What each guard on money says.")
    doubts: tuple[Doubt, ...] = Field(
        (), description="Wallets whose reading is not believed; nothing is planned for them."
    )
    unapplied: tuple[Unapplied, ...] = Field((), description="What is merged below a pull request and not applied yet.")
    policy_input: PolicyInput | None = Field(
        None, description="The facts that guards and approvals were judged by; null in a plan of an earlier version."
    )
    complete: Literal[True] = Field(True, description="Always true: everything was read whole.")
    digest: str = Field("", description="Digest of everything else in the plan.")

    def text(self) -> str:
        """Return the bytes of plan.json as text: sorted keys, indented, one newline at the end."""
        in_order = json.loads(canonical_json(self.fields()))
        return to_json(in_order, indent=2).decode() + "\n"


def sealed(plan: Plan) -> Plan:
    """Return `plan` with the digest of everything else in it."""
    return plan.model_copy(update={"digest": digest_of(plan.model_dump(mode="json", exclude={"digest"}))})


def sealed_bytes(plan: Plan) -> tuple[Plan, bytes]:
    """Return `plan` sealed, and the bytes of its plan.json: both from one pass over a large plan (decision 0049)."""
    digest, saved = sealed_text(plan, seal="digest")
    return plan.model_copy(update={"digest": digest}), saved


def read_plan(text: str, *, name: str = "plan.json") -> Plan:
    """Return the plan that `text` holds, exactly as it was made.

    Raises UsageError for what is no plan of this version, with every place that is wrong, and StalePlanError when the
    plan was edited after it was made. `name` is what the messages call it.
    """
    document = _plan_document(text, name)
    del text
    try:
        plan = Plan.model_validate(document)
        sealed_as = digest_of_fields(document, without="digest")
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
