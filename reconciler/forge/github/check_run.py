"""The check run: verdict, annotations and the record of the plan, under our own app's identity.

GitHub appends the annotations of every update, so a check run is never written over: one that says the same is left as
it is, and anything else is a new one, which GitHub shows in place of the older.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from reconciler.forge.annotation import BATCH, Annotation
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.failures import unreadable
from reconciler.forge.github.repository import Repository, commit_id
from reconciler.forge.record import PlanRecord, read_record
from reconciler.http.failures import LostAnswerError
from reconciler.model.json_text import digest_of

NAME = "kt-budgets / plan"
Conclusion = Literal["success", "failure", "neutral", "action_required"]
_LARGEST = 65_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check run is to say. `summary` is Markdown; `text` holds the record, or why there is none."""

    conclusion: Conclusion
    title: str
    summary: str
    text: str
    annotations: tuple[Annotation, ...] = ()
    run: str = ""

    @property
    def external_id(self) -> str:
        """What tells two verdicts apart: equal for equal content, whichever run it came from."""
        content = [self.conclusion, self.title, self.summary, self.text, [item.document() for item in self.annotations]]
        return f"kt-budgets:1:{digest_of(content).removeprefix('sha256:')[:40]}"


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A check run of ours as it was read back. `record` is None when it holds none."""

    id: int
    external_id: str
    is_complete: bool
    conclusion: str
    at: datetime | None
    record: PlanRecord | None


def our_check_runs(
    channel: Channel, repository: Repository, head: str, *, app: str, name: str = NAME
) -> tuple[CheckRun, ...]:
    """Return every check run with our name that the app wrote for a commit, oldest first."""
    path = f"{repository.path}/commits/{commit_id(head)}/check-runs"
    listed = channel.pages(path, key="check_runs", check_name=name, filter="all")
    ours = (item for item in listed if _is_ours(item, head, app, name))
    return tuple(sorted((_check_run(item) for item in ours), key=lambda check: check.id))


class Written(StrEnum):
    """What became of a check run."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"


def publish_check(
    channel: Channel, repository: Repository, head: str, verdict: Verdict, *, app: str
) -> tuple[Written, str]:
    """Make the newest check run of ours say `verdict`; return what became of it, and its address.

    A record of a run that began later is left: this run is an old one that was started again.
    """
    ours = our_check_runs(channel, repository, head, app=app)
    record = read_record(verdict.text)
    if record and any(check.record and record.is_older_than(check.record) for check in ours):
        return Written.SUPERSEDED, ""
    if _says(ours, verdict):
        return Written.UNCHANGED, ""
    path = f"{repository.path}/check-runs"
    batches = [verdict.annotations[start : start + BATCH] for start in range(0, len(verdict.annotations), BATCH)] or [
        ()
    ]
    opening = {
        "name": NAME,
        "head_sha": head,
        "external_id": verdict.external_id,
        "status": "in_progress",
        "output": _output(verdict, batches[0]),
    }
    answer = _created(channel, path, opening, repository, head, verdict, app)
    if answer is None:
        return Written.UNCHANGED, ""
    for batch in batches[1:]:
        channel.write("PATCH", f"{path}/{answer['id']}", {"output": _output(verdict, batch)})
    channel.write("PATCH", f"{path}/{answer['id']}", {"status": "completed", "conclusion": verdict.conclusion})
    return Written.PUBLISHED, str(answer.get("html_url") or "")


def _created(
    channel: Channel,
    path: str,
    opening: Mapping[str, Any],
    repository: Repository,
    head: str,
    verdict: Verdict,
    app: str,
) -> Mapping[str, Any] | None:
    try:
        answer = channel.write("POST", path, opening)
    except LostAnswerError:
        if _says(our_check_runs(channel, repository, head, app=app), verdict):
            return None
        answer = channel.write("POST", path, opening)
    if not isinstance(answer, Mapping) or not isinstance(answer.get("id"), int):
        raise unreadable("POST", path, "it holds no check run")
    return answer


def _says(ours: Sequence[CheckRun], verdict: Verdict) -> bool:
    """Whether the newest check run is complete and says the same."""
    return bool(ours) and ours[-1].is_complete and ours[-1].external_id == verdict.external_id


def _output(verdict: Verdict, batch: Sequence[Annotation]) -> dict[str, Any]:
    return {
        "title": verdict.title[:255],
        "summary": _cut(verdict.summary),
        "text": verdict.text[:_LARGEST],
        "annotations": [item.document() for item in batch],
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
        conclusion=str(item.get("conclusion") or ""),
        at=instant(item.get("completed_at") or item.get("started_at")),
        record=read_record(output.get("text") if isinstance(output, Mapping) else None),
    )


def instant(value: object) -> datetime | None:
    """Return the moment that GitHub wrote, None when it is not one."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
