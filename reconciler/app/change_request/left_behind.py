"""Landings that were left behind: merged, and not applied an hour later, each with why and what mends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.app.change_request.replay import IN_ITS_PLACE
from reconciler.app.checkout import git
from reconciler.app.forge_session import forge_words
from reconciler.findings import BudgetsError, ExitCode
from reconciler.model.forge_words import ForgeWords
from reconciler.model.landing import Landing, teams_of
from reconciler.model.merges import LandingOutcome
from reconciler.model.waiting import Dispatch, State, Waiting

PATIENCE = timedelta(hours=1)
"""How long a landing may be pending before somebody is told."""

AWAITED = "approved, and no run has applied it"
"""The reason of an outcome for which nothing is missing but a run."""


def landed_at(budgets: Path, commits: Sequence[str]) -> dict[str, datetime]:
    """Return by its id when each commit was made, by its committer's clock."""
    asked = ("log", "--no-walk=unsorted", "--format=%H %cI", *commits, "--")
    listed = git(budgets, *asked).decode().splitlines() if commits else []
    return {commit: datetime.fromisoformat(at) for commit, _, at in (line.partition(" ") for line in listed)}


def is_late(at: datetime, now: datetime) -> bool:
    """Whether what was merged `at` should be applied by `now`. A clock that is ahead of ours is not believed."""
    return not now - PATIENCE < at <= now


def untold(
    landing: Landing, parts: frozenset[str], at: datetime, *, words: ForgeWords, unread: bool = False
) -> Waiting:
    """Return that `parts` of a landing are not applied, where nobody was asked why.

    With Keeptrusts `unread` the forge was asked for the pull request, and says of what has none that it was pushed.
    """
    teams = teams_of(parts) or ()
    pushed = _upper(words.landed(None, landing.commit)) if unread else landing.commit[:12]
    what = words.landed(landing.pull_request, landing.commit) if landing.pull_request else pushed
    start = words.start("apply", "`kt-budgets plan`, and `kt-budgets apply` of what it shows")
    when = " once Keeptrusts answers" if unread else ""
    errors = f"; its YAML has errors: {landing.problem}" if landing.problem else ""
    return Waiting(
        kind="landing",
        state="errors" if landing.problem else "not applied",
        teams=teams,
        pull_request=landing.pull_request,
        commit=landing.commit,
        since=_instant(at),
        sentence=f"{what}, merged {_day(at)}, is not applied for {_listed(parts)}{errors}.",
        cure=f"Merge a {words.request} that corrects or reverts it."
        if landing.problem
        else _sentence(f"{start}{when}"),
        dispatch=_apply(landing.pull_request, landing.commit),
    )


def told(outcome: LandingOutcome, parts: frozenset[str], at: datetime) -> Waiting:
    """Return that `parts` of a landing are not applied, by what applying it now would come to."""
    state = _state(outcome)
    words = forge_words()
    what = _upper(words.landed(outcome.pull_request, outcome.commit))
    tried = f"It is tried again every hour; or start the apply {words.pipeline}."
    return Waiting(
        kind="landing",
        state=state,
        teams=teams_of(parts) or (),
        pull_request=outcome.pull_request,
        commit=outcome.commit,
        since=_instant(at),
        sentence=f"{what}, merged {_day(at)}, is not applied for {_listed(parts)}: {_why(outcome, parts)}.",
        missing=outcome.missing,
        cure=_sentence(outcome.cure) if outcome.cure else tried,
        dispatch=_apply(outcome.pull_request, outcome.commit),
    )


def taken_off(applied: str, head: str, parts: frozenset[str]) -> Waiting:
    """Return that the branch was pushed back by force to `head`, from a commit that was `applied`."""
    return Waiting(
        kind="landing",
        state="not applied",
        teams=teams_of(parts) or (),
        commit=applied,
        sentence=f"{applied[:12]} was applied and is not on the branch any more: it was pushed back by force to"
        f" {head[:12]}, which says something else of {_listed(parts)}. Nothing is taken back for that.",
        cure=f"Push {applied} to the branch again, or merge a {forge_words().request} that says what is to hold from"
        " now on.",
        dispatch=Dispatch(workflow="apply.yml"),
    )


def untellable(error: BudgetsError) -> Waiting:
    """Return that nobody can tell what is merged and not applied."""
    return Waiting(
        kind="landing",
        state="unknown",
        sentence=f"What is merged and not applied cannot be told: {error.message}.",
        cure=_sentence(error.hint or "run it again"),
        dispatch=Dispatch(workflow="apply.yml"),
    )


def _state(outcome: LandingOutcome) -> State:
    if outcome.exit_code == ExitCode.FINDINGS:
        return "errors"
    lacking = {part for part, why in outcome.refused.items() if why != AWAITED and not why.endswith(IN_ITS_PLACE)}
    if outcome.refused and not lacking:
        return "not applied"
    if outcome.stale and lacking <= set(outcome.stale):
        return "plan moved"
    if outcome.status == "refused" and not outcome.missing and outcome.exit_code in (ExitCode.STALE, ExitCode.UNKNOWN):
        return "not applied"
    return "unknown" if outcome.status in ("failed", "unknown") else "not approved"


def _why(outcome: LandingOutcome, parts: frozenset[str]) -> str:
    reasons: dict[str, list[str]] = {}
    for part, why in outcome.refused.items():
        if part in parts or why != AWAITED:
            reasons.setdefault(why.strip(" ."), []).append(part)
    if not reasons:
        return outcome.reason.strip(" .") or AWAITED
    single = len(reasons) == 1
    shown = [why if single or _names(why, listed) else f"{_listed(listed)}: {why}" for why, listed in reasons.items()]
    missing = f". Missing: {'; '.join(outcome.missing)}" if outcome.missing else ""
    return "; ".join(shown[:10]) + (f"; and {len(shown) - 10} more" if len(shown) > 10 else "") + missing


def _names(why: str, parts: list[str]) -> bool:
    return any(part and why.startswith(f"{part}:") for part in parts)


def _listed(parts: frozenset[str] | list[str]) -> str:
    names = [part or "the organization's settings" for part in sorted(parts)]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _apply(number: int | None, commit: str) -> Dispatch:
    inputs: Mapping[str, str] = {"pull_request": str(number)} if number else {"commit": commit}
    return Dispatch(workflow="apply.yml", inputs=dict(inputs))


def _sentence(text: str) -> str:
    text = text.strip()
    return _upper(text) + ("" if text.endswith(".") else ".")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _day(at: datetime) -> str:
    return f"{_utc(at):%Y-%m-%d %H:%M} UTC"


def _instant(at: datetime) -> str:
    return f"{_utc(at):%Y-%m-%dT%H:%M:%SZ}"


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
