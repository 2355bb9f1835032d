"""Checks: statuses of a commit under our bot's name, and the records that they seal.

A status carries who wrote it, and a finished one stays as it is: another one is added. Its description has no room for
a record, so that stands in a note of the bot, and the description ends with the note's digest. Maintainers can edit a
note, and whoever is a Developer can write a status: nobody but the bot can make the two agree (decision 0080).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.findings import RejectedError
from reconciler.forge.check import GATE, PLAN, Check, CheckVerdict, Written, instant
from reconciler.forge.gitlab.merge_request import Project, login_of
from reconciler.forge.gitlab.note import RECORD, Notes
from reconciler.forge.gitlab.pipeline import Pipeline
from reconciler.http.failures import ForbiddenError, LostAnswerError
from reconciler.model.json_text import digest_of
from reconciler.policy.plan_record import read_record
from reconciler.policy.rulings import Conclusion

_LONGEST = 255
_SEALED = re.compile(r" \[(?P<seal>[0-9a-f]{40})(?: !(?P<number>[1-9][0-9]{0,9}) (?P<note>[0-9]{1,20}))?\]$")
_STATES: dict[Conclusion, str] = {"success": "success", "failure": "failed", "waiting": "pending"}
_CONCLUSIONS: dict[str, Conclusion] = {
    "success": "success",
    "failed": "failure",
    "pending": "waiting",
    "running": "waiting",
}


@dataclass(frozen=True, slots=True)
class _Status:
    """A status as it was read: `seal` is the digest of what it says, `note` where its record is."""

    check: Check
    state: str
    seal: str
    number: int = 0
    note: int = 0


@dataclass(frozen=True, slots=True)
class Statuses:
    """The checks that `recorder` wrote, a user name, empty where nobody is known to. `page` leads to this run."""

    project: Project
    notes: Notes
    recorder: str
    page: str = ""

    def checks(self, commit: str, name: str) -> tuple[Check, ...]:
        """Return every check of that name on a commit, oldest first, with the records that are as they were sealed."""
        read: dict[int, dict[int, str]] = {}
        return tuple(self._with_record(found, read) for found in self._read(commit, name))

    def publish(self, commit: str, verdict: CheckVerdict) -> Written:
        """Add a check that says `verdict`, unless the newest one does; an older run adds none."""
        found = self._read(commit, PLAN)
        record = read_record(verdict.text)
        if record is None:
            return self._say(commit, PLAN, verdict.conclusion, verdict.title, _content(verdict), found)
        checks = self.checks(commit, PLAN)
        if any(check.record and record.is_older_than(check.record) for check in checks):
            return Written.SUPERSEDED
        body = _record_note(verdict)
        seal = _seal(body)
        if found and found[-1].seal == seal and checks[-1].record == record:
            return Written.UNCHANGED
        number = record.pull_request
        place = f" !{number} {self._noted(number, body)}"
        reference = f"refs/merge-requests/{number}/head"
        return self._say(commit, PLAN, verdict.conclusion, verdict.title, seal, (), place=place, reference=reference)

    def publish_gate(
        self, commit: str, where: Pipeline | None, conclusion: Conclusion, title: str, summary: str
    ) -> Written:
        """Make the newest check say this: one that waits is changed, one that is finished gets a successor.

        It stands in the pipeline `where` GitLab looks for it, which its seal names: some GitLabs do not tell the
        pipeline of a status. What stands in an older one counts for nothing, to GitLab either.
        """
        at = where.sha if where else commit
        seal = _digest(conclusion, title, summary, *([where.id] if where else ()))
        found = self._read(at, GATE, where)
        return self._say(at, GATE, conclusion, title, seal, found, where=where)

    def _noted(self, number: int, body: str) -> int:
        """Write the record into a note, and return its id; one that was written by a lost request is taken."""
        for _ in range(2):
            known = [note for note, found in self.notes.records(number) if _normal(found) == _normal(body)]
            if known:
                return known[-1]
            try:
                return self.notes.add(number, body)[0]
            except LostAnswerError as error:
                lost = error
        raise lost

    def _say(
        self,
        commit: str,
        name: str,
        conclusion: Conclusion,
        title: str,
        seal: str,
        found: Sequence[_Status],
        *,
        place: str = "",
        reference: str = "",
        where: Pipeline | None = None,
    ) -> Written:
        """Write a status, unless the last of those that were `found` says the same.

        `reference` is where a commit is that is on no branch, or on the default branch alone, as what came from a fork:
        there whoever may not merge may write none.
        """
        if found and found[-1].seal == seal:
            return Written.UNCHANGED
        sealed = f" [{seal}{place}]"
        description = title[: _LONGEST - len(sealed)] + sealed
        body: dict[str, Any] = {"name": name, "state": _STATES[conclusion], "description": description}
        body |= {"pipeline_id": where.id} if where else {}
        body |= {"target_url": self.page} if 0 < len(self.page) <= _LONGEST else {}
        path = f"{self.project.path}/statuses/{self.project.commit(commit).rpartition('/')[2]}"
        if found and found[-1].check.conclusion == conclusion == "waiting":
            self.project.channel.write("POST", path, {**body, "state": "canceled"})
        try:
            self._write(path, body, reference)
        except LostAnswerError:
            again = self._read(commit, name, where)
            if not again or again[-1].seal != seal:
                self._write(path, body, reference)
        return Written.PUBLISHED

    def _write(self, path: str, body: Mapping[str, Any], reference: str) -> None:
        try:
            self.project.channel.write("POST", path, body)
        except (ForbiddenError, RejectedError) as error:
            if not reference or (isinstance(error, RejectedError) and error.status != 404):
                raise
            self.project.channel.write("POST", path, {**body, "ref": reference})

    def _read(self, commit: str, name: str, where: Pipeline | None = None) -> list[_Status]:
        """Return our statuses of a commit; with a pipeline, those in it, and those of which that is not told."""
        if not self.recorder:
            return []
        path = f"{self.project.commit(commit)}/statuses"
        listed = self.project.channel.pages(path, name=name, all="true", order_by="id", sort="asc")
        ours = [
            item
            for item in listed
            if item.get("name") == name
            and item.get("sha") == commit
            and login_of(item.get("author")).lower() == self.recorder.lower()
            and isinstance(item.get("id"), int)
            and item.get("status") in _CONCLUSIONS
            and (where is None or item.get("pipeline_id") in (None, where.id))
        ]
        return [_status(item) for item in sorted(ours, key=lambda item: int(item["id"]))]

    def _with_record(self, found: _Status, read: dict[int, dict[int, str]]) -> Check:
        """Return the check, with its record where the note still is what was sealed; `read` keeps notes by request."""
        if not found.note:
            return found.check
        if found.number not in read:
            read[found.number] = self._notes_of(found.number)
        body = read[found.number].get(found.note, "")
        return replace(found.check, record=read_record(body) if _seal(body) == found.seal else None)

    def _notes_of(self, number: int) -> dict[int, str]:
        """Return the bodies of notes by their id, whoever wrote them: their digest is sealed."""
        try:
            listed = self.project.channel.pages(
                f"{self.project.request(number)}/notes", activity_filter="only_comments"
            )
            return {item["id"]: str(item.get("body")) for item in listed if isinstance(item.get("id"), int)}
        except RejectedError as error:
            if error.status == 404:
                return {}
            raise


def _status(item: Mapping[str, Any]) -> _Status:
    match = _SEALED.search(str(item.get("description") or ""))
    state = str(item.get("status"))
    at = instant(item.get("finished_at")) or instant(item.get("created_at"))
    check = Check(_CONCLUSIONS[state], state != "running", at, None)
    if match is None:
        return _Status(check, state, "")
    return _Status(check, state, match["seal"], int(match["number"] or 0), int(match["note"] or 0))


def _content(verdict: CheckVerdict) -> str:
    """Return the digest of all that a check says, its record left out."""
    findings = [item.model_dump(mode="json") for item in verdict.findings]
    return _digest(verdict.conclusion, verdict.title, verdict.summary, findings)


def _record_note(verdict: CheckVerdict) -> str:
    """Return the note of a record. It names the rest of what the check says, so that its digest seals all of it."""
    title = "<details><summary>Record of the plan, for kt-budgets</summary>"
    return f"{RECORD} {_content(verdict)} -->\n{title}\n\n{verdict.text.strip()}\n\n</details>\n"


def _seal(body: str) -> str:
    return _digest(_normal(body))


def _digest(*facts: object) -> str:
    return digest_of(list(facts)).removeprefix("sha256:")[:40]


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
