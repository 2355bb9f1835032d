"""Check runs: verdict, annotations and the record of the plan, under our own app's identity.

GitHub appends the annotations of every update, so a check run of a plan is never written over: one that says the same
is left as it is, and anything else is a new one, which GitHub shows in place of the older. Two of one name are shown
beside each other, and either may be the one that a rule waits for: so there is one of the approval, which is changed
(decision 0056).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.forge.check import GATE, PLAN, Check, CheckVerdict, Written, instant
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.repository import Repository, commit_id
from reconciler.http.failures import LostAnswerError
from reconciler.model.json_text import digest_of
from reconciler.model.plan_finding import PlanFinding
from reconciler.policy.plan_record import read_record
from reconciler.policy.rulings import Conclusion

BATCH = 50
"""GitHub takes that many annotations in one request."""

_LARGEST = 65_000
_CONCLUSIONS: dict[Conclusion, str] = {"success": "success", "failure": "failure", "waiting": "action_required"}
_READ: dict[object, Conclusion] = {said: conclusion for conclusion, said in _CONCLUSIONS.items()}


@dataclass(frozen=True, slots=True)
class CheckRun(Check):
    """A check run of ours as it was read back; equal `external_id`s stand for equal content, whichever run wrote it."""

    id: int
    external_id: str


def our_check_runs(
    channel: Channel, repository: Repository, head: str, *, app: str, name: str = PLAN
) -> tuple[CheckRun, ...]:
    """Return every check run with our name that the app wrote for a commit, oldest first."""
    path = f"{repository.path}/commits/{commit_id(head)}/check-runs"
    listed = channel.pages(path, key="check_runs", check_name=name, filter="all")
    ours = (item for item in listed if _is_ours(item, head, app, name))
    return tuple(sorted((_check_run(item) for item in ours), key=lambda check: check.id))


def publish_check(channel: Channel, repository: Repository, head: str, verdict: CheckVerdict, *, app: str) -> Written:
    """Make the newest check run of ours say `verdict`; return what became of it.

    A record of a run that began later is left: this run is an old one that was started again.
    """
    ours = our_check_runs(channel, repository, head, app=app)
    record = read_record(verdict.text)
    if record and any(check.record and record.is_older_than(check.record) for check in ours):
        return Written.SUPERSEDED
    if _says(ours, verdict):
        return Written.UNCHANGED
    path = f"{repository.path}/check-runs"
    batches = [verdict.findings[start : start + BATCH] for start in range(0, len(verdict.findings), BATCH)] or [()]
    opening = {
        "name": PLAN,
        "head_sha": head,
        "external_id": external_id(verdict),
        "status": "in_progress",
        "output": _output(verdict, batches[0]),
    }
    answer = _created(channel, path, opening, repository, head, verdict, app)
    if answer is None:
        return Written.UNCHANGED
    for batch in batches[1:]:
        channel.write("PATCH", f"{path}/{answer['id']}", {"output": _output(verdict, batch)})
    closing = {"status": "completed", "conclusion": _CONCLUSIONS[verdict.conclusion]}
    channel.write("PATCH", f"{path}/{answer['id']}", closing)
    return Written.PUBLISHED


def publish_gate(
    channel: Channel, repository: Repository, head: str, *, conclusion: Conclusion, title: str, summary: str, app: str
) -> Written:
    """Make the check of a commit say this, and return what became of it."""
    said = _CONCLUSIONS[conclusion]
    body: dict[str, Any] = {
        "external_id": f"kt-budgets:gate:{digest_of([said, title, summary]).removeprefix('sha256:')[:40]}",
        "status": "completed",
        "conclusion": said,
        "output": {"title": title[:255], "summary": summary.encode()[:_LARGEST].decode(errors="ignore")},
    }
    for _ in range(2):
        ours = our_check_runs(channel, repository, head, app=app, name=GATE)
        if ours and ours[-1].external_id == body["external_id"] and ours[-1].is_complete:
            return Written.UNCHANGED
        try:
            if ours:
                channel.write("PATCH", f"{repository.path}/check-runs/{ours[-1].id}", body)
            else:
                channel.write("POST", f"{repository.path}/check-runs", {"name": GATE, "head_sha": head, **body})
        except LostAnswerError as error:
            lost = error
        else:
            return Written.PUBLISHED
    raise lost


def external_id(verdict: CheckVerdict) -> str:
    """Return what tells two verdicts apart: equal for equal content, whichever run it came from."""
    listed = [annotation(finding) for finding in verdict.findings]
    content = [_CONCLUSIONS[verdict.conclusion], verdict.title, verdict.summary, verdict.text, listed]
    return f"kt-budgets:1:{digest_of(content).removeprefix('sha256:')[:40]}"


def annotation(finding: PlanFinding) -> dict[str, Any]:
    """Return a finding as GitHub takes it; texts are cut to what fits."""
    line = finding.line or 1
    message = f"{finding.message}\n{finding.hint}".strip() if finding.hint else finding.message
    place = {"start_column": finding.column, "end_column": finding.column} if finding.column else {}
    return {
        "path": finding.path,
        "start_line": line,
        "end_line": line,
        "annotation_level": "failure" if finding.severity == "error" else "warning",
        "title": finding.code[:255],
        "message": message[:16_000] or finding.code[:255],
        **place,
    }


def _created(
    channel: Channel,
    path: str,
    opening: Mapping[str, Any],
    repository: Repository,
    head: str,
    verdict: CheckVerdict,
    app: str,
) -> Mapping[str, Any] | None:
    try:
        answer = channel.write("POST", path, opening)
    except LostAnswerError:
        if _says(our_check_runs(channel, repository, head, app=app), verdict):
            return None
        answer = channel.write("POST", path, opening)
    if not isinstance(answer, Mapping) or not isinstance(answer.get("id"), int):
        raise Channel.unreadable("POST", path, "it holds no check run")
    return answer


def _says(ours: Sequence[CheckRun], verdict: CheckVerdict) -> bool:
    """Whether the newest check run is complete and says the same."""
    return bool(ours) and ours[-1].is_complete and ours[-1].external_id == external_id(verdict)


def _output(verdict: CheckVerdict, batch: Sequence[PlanFinding]) -> dict[str, Any]:
    return {
        "title": verdict.title[:255],
        "summary": _cut(verdict.summary),
        "text": verdict.text[:_LARGEST],
        "annotations": [annotation(finding) for finding in batch],
    }


def _cut(summary: str) -> str:
    """Return the summary within GitHub's limit, which counts bytes."""
    data = summary.encode()
    if len(data) <= _LARGEST:
        return summary
    return data[: _LARGEST - 40].decode(errors="ignore").rpartition("\n")[0] + "\n\n(cut; see the comment)"


def _is_ours(item: Mapping[str, Any], head: str, app: str, name: str) -> bool:
    author = item.get("app")
    slug = author.get("slug") if isinstance(author, Mapping) else None
    return slug == app and item.get("name") == name and item.get("head_sha") == head and isinstance(item.get("id"), int)


def _check_run(item: Mapping[str, Any]) -> CheckRun:
    output = item.get("output")
    return CheckRun(
        id=item["id"],
        external_id=str(item.get("external_id") or ""),
        is_complete=item.get("status") == "completed",
        conclusion=_READ.get(item.get("conclusion")),
        at=instant(item.get("completed_at") or item.get("started_at")),
        record=read_record(output.get("text") if isinstance(output, Mapping) else None),
    )
