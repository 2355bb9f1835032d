"""What became of a landing, in words: why something of it was not applied, and what mends it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.app.forge_session import forge_words
from reconciler.findings import BudgetsError, ExitCode, Finding
from reconciler.model.landing import ORGANIZATION, Landing
from reconciler.model.merges import LandingOutcome, LandingStatus, most_serious
from reconciler.model.outcome import DONE, Result, Status, exit_code_of
from reconciler.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Unplanned:
    """Why nothing can be planned for a team for now, what ends that (`cure`), and the exit code that it stands for."""

    reason: str
    cure: str
    exit_code: ExitCode


@dataclass(frozen=True, slots=True)
class StepApproval:
    """Who approved a step. The teams of `refused` lack an approval, named in `missing`; those of `stale` would now get
    something else than what was shown, those of `limited` are beyond a limit, and those of `unplanned` wait because
    nobody can tell what is to be changed for them. Each has its reason, and `reason` is what stops all of them. What is
    `unseen` was shown to nobody as it is now. `stood_in` says who approved in place of owners who could not, and
    `afterwards` how one approves what is merged.
    """

    approved_by: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    stale: Mapping[str, str] = field(default_factory=dict)
    limited: Mapping[str, str] = field(default_factory=dict)
    unplanned: Mapping[str, Unplanned] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    stood_in: tuple[str, ...] = ()
    unseen: bool = False
    reason: str = ""
    afterwards: str = ""

    @property
    def withheld(self) -> dict[str, str]:
        """The teams that must not be applied, and why."""
        waiting = {team: why.reason for team, why in self.unplanned.items()}
        return {**self.stale, **self.limited, **waiting, **self.refused}

    def waiting(self, unplanned: Mapping[str, Unplanned]) -> StepApproval:
        """Return this where teams are `unplanned`: what there is of their plan is neither shown nor compared."""
        stale = {team: why for team, why in self.stale.items() if team not in unplanned}
        asked = (self.stale or self.refused).keys() - unplanned.keys()
        return replace(self, unplanned=unplanned, stale=stale, unseen=self.unseen and bool(asked))


@dataclass(frozen=True, slots=True)
class Why:
    """Why something of a step is left out: the `verdict` on it, what of it is `withheld` with the reason, and which
    parts stand `behind` an earlier landing. `plan` is what would be applied now, and nothing comes of what is said of
    the teams that were `released`.
    """

    verdict: StepApproval = field(default_factory=StepApproval)
    withheld: Mapping[str, str] = field(default_factory=dict)
    behind: Mapping[str, Landing] = field(default_factory=dict)
    plan: Plan | None = None
    released: Collection[str] = ()


def settled(
    landing: Landing,
    *,
    parts: Iterable[str] = (),
    why: Why | None = None,
    result: Result | None = None,
    refused: BudgetsError | None = None,
    failed: BudgetsError | None = None,
    apart: Sequence[Finding] = (),
    problem: str = "",
) -> LandingOutcome:
    """Return the outcome of a landing of which `parts` are not applied.

    `refused` and `failed` are what ended it as a whole. With `apart` the YAML has errors without what it stands behind,
    and `problem` is what is wrong with its own YAML.
    """
    known = why or Why()
    left = frozenset(parts)
    moved = _moved(result, known.withheld)
    judged = replace(known.verdict, unplanned={**known.verdict.unplanned, **_doubted(result, moved)})
    whole, cure, code = _whole(refused, failed, apart, problem)
    reasons = {**(dict.fromkeys(left, whole) if whole else {}), **_reasons(known), **moved}
    stale = frozenset(judged.stale) | (moved.keys() - judged.unplanned.keys())
    status = _status(landing, left, result, failed, reasons, stale)
    reasons |= {team: _released(team) for team in known.released} if status == "applied" else {}
    return LandingOutcome(
        pull_request=landing.pull_request,
        commit=landing.commit,
        base=landing.base,
        teams=landing.teams,
        status=status,
        approved_by=judged.approved_by,
        missing=judged.missing,
        stood_in=judged.stood_in,
        refused=dict(sorted(reasons.items())) if status != "nothing" else {},
        stale=tuple(sorted(stale)),
        run=result.run if result else None,
        reason=whole or (judged.reason if status != "nothing" else "") or _sentence(status, left, result),
        plan=known.plan.digest if known.plan and judged.unseen and left else "",
        cure=cure or _cure(landing, status, judged, stale, known.behind),
        exit_code=_code(status, code, result, judged, reasons),
    )


def _reasons(why: Why) -> dict[str, str]:
    """Return why each part is left out, the most telling reason where there are several."""
    behind = {part: _behind(part, earlier) for part, earlier in why.behind.items()}
    return {**behind, **why.verdict.withheld, **why.withheld}


def _whole(
    refused: BudgetsError | None,
    failed: BudgetsError | None,
    apart: Sequence[Finding],
    problem: str,
) -> tuple[str, str, ExitCode | None]:
    """Return why nothing of a landing was applied, the cure, and its exit code."""
    if problem:
        return problem, f"merge a {forge_words().request} that corrects it, or reverts it", ExitCode.FINDINGS
    if apart:
        first = apart[0]
        words = f"without what is merged before it and not applied, its YAML has errors: {first.position}: "
        return words + first.message, "have what stands before it applied first", ExitCode.REFUSED
    error = refused or failed
    if error is None:
        return "", "", None
    retry = f"it is tried again within the hour by itself; or start the apply {forge_words().pipeline} by hand"
    hint = f"{error.hint}; {retry}" if failed and error.hint else retry if failed else error.hint
    return error.message, hint, error.exit_code


def _moved(result: Result | None, withheld: Mapping[str, str]) -> dict[str, str]:
    """Return the teams that the run itself refused, because what is live moved while it was prepared."""
    if result is None:
        return {}
    return {team: reason for team, reason in result.stale.items() if team not in withheld}


def _doubted(result: Result | None, moved: Mapping[str, str]) -> dict[str, Unplanned]:
    """Return which of the teams that `moved` has refused were refused because a wallet came to be in doubt."""
    return {
        team: Unplanned(reason, doubt.hint, exit_code_of([doubt]) or ExitCode.STALE)
        for doubt in (result.run.doubts if result else ())
        for team, reason in moved.items()
        if reason.startswith(doubt.reason)
    }


def _status(
    landing: Landing,
    left: frozenset[str],
    result: Result | None,
    failed: BudgetsError | None,
    reasons: Mapping[str, str],
    stale: Iterable[str],
) -> LandingStatus:
    statuses = {outcome.status for outcome in result.run.outcomes} if result else set()
    if Status.UNKNOWN in statuses:
        return "unknown"
    if failed is not None or (result and (result.stopped or result.interrupted)):
        return "failed"
    if not left:
        return "applied" if result else "nothing"
    if statuses & DONE or (result and left != landing.parts):
        return "partly"
    if reasons and set(reasons) <= set(stale):
        return "stale"
    if Status.FAILED in statuses or (result and not reasons):
        return "failed"
    return "refused"


def _code(
    status: LandingStatus,
    whole: ExitCode | None,
    result: Result | None,
    judged: StepApproval,
    reasons: Mapping[str, str],
) -> int:
    by_status = {
        "applied": ExitCode.DONE,
        "nothing": ExitCode.DONE,
        "partly": ExitCode.PARTIAL,
        "refused": ExitCode.REFUSED,
        "stale": ExitCode.STALE,
        "unknown": ExitCode.UNKNOWN,
        "failed": ExitCode.PARTIAL,
    }
    waiting = [int(why.exit_code) for team, why in judged.unplanned.items() if team in reasons]
    is_refused = status == "refused" and reasons.keys() <= judged.unplanned.keys() - judged.refused.keys()
    codes = [*waiting, *([] if is_refused else [int(by_status[status])]), *([int(whole)] if whole is not None else [])]
    is_only_withheld = result is not None and result.exit_code is ExitCode.STALE and judged.withheld
    if result is not None and not is_only_withheld:
        codes.append(int(result.exit_code))
    return int(most_serious(codes))


def _released(team: str) -> str:
    return (
        f"{team} is released: nothing comes of what is merged for it; `kt-budgets adopt {team}` takes it back as it is"
    )


def _behind(part: str, earlier: Landing) -> str:
    what = f"{called(earlier)} changes it too and is not approved"
    return f"{_named(part)}: {what}; nothing is applied on top of that for it"


def called(landing: Landing) -> str:
    """Return what people call a landing: its change request, or the commit that was pushed."""
    return forge_words().landed(landing.pull_request, landing.commit)


def _sentence(status: LandingStatus, left: frozenset[str], result: Result | None) -> str:
    if status == "nothing":
        return "there is nothing to apply: what it changed was applied with another merge, or taken back"
    if status == "unknown":
        return "it is not known whether a write arrived"
    if result is not None and result.stopped is not None:
        return f"the run stopped: {result.stopped.message}"
    if result is not None and result.interrupted:
        return "the run was interrupted after a step"
    if result is not None and result.denied:
        return f"Keeptrusts does not let this token write: {result.denied}"
    if status == "partly":
        return f"not applied: {', '.join(_named(part) for part in sorted(left))}"
    return ""


def _cure(
    landing: Landing, status: LandingStatus, judged: StepApproval, stale: Iterable[str], behind: Mapping[str, Landing]
) -> str:
    if status in ("applied", "nothing"):
        return ""
    words = forge_words()
    if status == "unknown":
        return f"start the resume {words.pipeline}, which proves or finishes it"
    name, cures = called(landing), list(dict.fromkeys(why.cure for why in judged.unplanned.values()))
    who = "; ".join(judged.missing) or "its owners"
    who += f", {judged.afterwards}" if judged.afterwards else ""
    if judged.unseen:
        cures.append(f"have {name} approved once more ({who}): its comment shows what would be applied now")
    elif judged.refused:
        cures.append(f"ask for the missing approval ({who}) of {name}, or revert it")
    if judged.limited:
        cures.append(f"stay within the limit, or add a waiver to org.yaml in a {words.request} of its own")
    if behind:
        before = ", ".join(dict.fromkeys(map(called, behind.values())))
        cures.append(f"have {before} approved, or revert it")
    if stale and not cures:
        cures.append("what is live moved while it was prepared: nothing has to be done")
    if not cures:
        cures.append(f"start the resume {words.pipeline}, then the apply {words.pipeline}")
    return "; ".join(cures) + f". It is tried again within the hour, or at once by the apply {words.pipeline}"


def _named(part: str) -> str:
    return part if part != ORGANIZATION else "the organization's settings"
