"""What a comment and a check run say of a plan, or of findings in its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.app.checkout import parents
from reconciler.app.suggestions import located
from reconciler.findings import BudgetsError
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.check import CheckVerdict
from reconciler.forge.comment import Marked, Stamp, plan_fields, stamped
from reconciler.model.forge_words import ForgeWords
from reconciler.model.plan import Plan
from reconciler.model.plan_finding import PlanFinding
from reconciler.policy.plan_record import record_of, record_text
from reconciler.report.comment import findings_title
from reconciler.report.document import Asked
from reconciler.report.markdown import fitted
from reconciler.report.remarks import in_order, remarks
from reconciler.report.spans import Words
from reconciler.report.summary import summarise

_ROOM = 58_500
"""Characters and bytes for a plan: what is added to it, its marker included, keeps the comment below 60,000."""
MOST_ANNOTATIONS = 250


def merged_onto(budgets: Path, pull: ChangeRequest) -> str | None:
    """Return the commit that the checkout was merged onto for testing, else the pull request's own base.

    None is what git does not tell.
    """
    try:
        above = parents(budgets, "HEAD")
    except BudgetsError:
        return None
    return above[0] if above[1:] == (pull.head,) else pull.base


def comment_of(
    plan: Plan,
    stamp: Stamp,
    *,
    approvals: Sequence[Asked] | None = None,
    neighbours: Sequence[Words] | None = None,
    words: ForgeWords,
) -> Marked:
    """Return the comment that shows a plan; the rest is as for `summarise`."""
    shown = fitted(summarise(plan, approvals=approvals, neighbours=neighbours, forge=words), limit=_ROOM)
    return stamped(shown.text, stamp, plan_fields(plan, cut=shown.cut))


def verdict_of(
    plan: Plan,
    text: str,
    *,
    repository: str,
    pull: ChangeRequest,
    base: str | None,
    budgets: Path,
    run: tuple[int, int] | None = None,
) -> CheckVerdict:
    """Return what the check run says about a plan for the last head of `pull`, as `run` made it and `text` shows it.

    `base` is what was merged onto, as `merged_onto` has it.
    """
    record = record_of(plan, repository=repository, pull_request=pull.number, head=pull.head, run=run, base=base)
    refused = is_refused(plan)
    return CheckVerdict(
        conclusion="failure" if refused else "success",
        title="".join(span.text for span in summarise(plan).headline),
        summary=text,
        text=record_text(record),
        findings=annotated(remarks(plan, located=located(budgets))),
    )


def verdict_of_findings(findings: tuple[PlanFinding, ...], text: str, *, budgets: Path) -> CheckVerdict:
    """Return what the check run says about YAML with errors. It holds no record: there is nothing to approve."""
    return CheckVerdict(
        conclusion="failure",
        title=findings_title(findings),
        summary=text,
        text="There is no record: there is no plan.",
        findings=annotated(in_order(findings, located=located(budgets))),
    )


def annotated(findings: tuple[PlanFinding, ...]) -> tuple[PlanFinding, ...]:
    """Return those that are shown at their lines, of which the last says how many are not.

    A forge may take fifty in one request, and a thousand requests in an hour.
    """
    if len(findings) <= MOST_ANNOTATIONS:
        return findings
    kept, rest = findings[: MOST_ANNOTATIONS - 1], findings[MOST_ANNOTATIONS - 1 :]
    errors = sum(one.severity == "error" for one in rest)
    more = f"{len(rest):,} findings more are not shown at their lines, {errors:,} of them errors"
    hint = "see the full report, or run `kt-budgets validate`"
    told = {"code": "more-findings", "message": more, "hint": hint, "severity": "error" if errors else "warning"}
    return (*kept, rest[0].model_copy(update=told))


def is_refused(plan: Plan) -> bool:
    """Whether a guard or an error in the YAML stands against the plan."""
    return any(guard.status == "refused" for guard in plan.guards) or any(
        finding.severity == "error" for finding in plan.findings
    )
