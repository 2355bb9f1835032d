"""What a GitLab knows: the same people, requests and issues as the other forge's stand-in, kept as GitLab keeps them.

Approvals of a merge request are of nobody's commit: they have a time, and versions of the merge request have one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from forge.github_standin import Pull, State

BOT = "project_7_bot_5f1e"
OTHER_BOT = "project_7_bot_0000"
PROJECT = 7
TOKENS = {
    "glpat-bot": BOT,
    "glpat-other": OTHER_BOT,
    "glpat-dana": "dana",
    "glpat-reader": BOT,
}
READ_ONLY = {"glpat-reader"}
OPENED = "2026-06-18T09:00:00.000Z"
NOREPLY = "users.noreply.gitlab.test"

STICKY = re.compile(r"\A<!-- kt-budgets:v1[ >]")
_STATES = {"APPROVED": "approved", "CHANGES_REQUESTED": "requested changes", "DISMISSED": "unapproved"}


@dataclass
class GitLabState(State):
    """`statuses` are those of commits. With `tells_when`, approvals have a time, as since GitLab 18.

    `squashed` are merge requests that a squash commit alone brought in, `rebased` those that came in as they are, and
    `trained` those that a merge train rebased, whose last commit on the branch is told by no document.
    `lag` is how many listings still miss what was written just now. `blocked` people are members and may do nothing.
    `group_bots` are members of groups, by login. `service_accounts` are no persons, which their names do not say.
    `token_ends` is the last day of every token, None where GitLab lets tokens live for ever.
    `protected` has the least access level that may push, by branch: 0 is no one.
    `pipelines` are those of merge requests and of statuses, and `tests` the parents of merges that GitLab made to test
    them. Without `tells_pipelines` a status does not tell its own, as it did not always.
    `thumb` is the one that people give after the merge, and `thumbs_before` are those of others long before it.
    `addresses` are e-mail addresses of accounts besides NAME@acme.test.
    """

    statuses: list[dict[str, Any]] = field(default_factory=list)
    pipelines: list[dict[str, Any]] = field(default_factory=list)
    tests: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tells_pipelines: bool = True
    tells_when: bool = True
    squashed: set[int] = field(default_factory=set)
    rebased: set[int] = field(default_factory=set)
    trained: set[int] = field(default_factory=set)
    pushed_at: dict[tuple[int, str], str] = field(default_factory=dict)
    pushers: dict[tuple[int, str], str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    pipelines_must_succeed: bool = True
    protected: dict[str, int] = field(default_factory=lambda: {"main": 0})
    group_bots: dict[str, set[str]] = field(default_factory=lambda: {BOT: {"acme"}})
    service_accounts: set[str] = field(default_factory=set)
    thumb: str = "thumbsup"
    thumbs_before: dict[str, str] = field(default_factory=dict)
    lag: int = 0
    ids: dict[str, int] = field(default_factory=dict)
    merged_at: dict[int, str] = field(default_factory=dict)
    token_ends: str | None = None

    def id_of(self, login: str) -> int:
        return self.ids.setdefault(login, 100 + len(self.ids))

    @property
    def writes(self) -> list[tuple[str, str, Any]]:
        return [request for request in super().writes if not request[1].endswith("/graphql")]

    def started(self, source: str, ref: str, sha: str) -> dict[str, Any]:
        """Start a pipeline whose own jobs all succeed."""
        number = len(self.pipelines)
        item: dict[str, Any] = {"id": 700 + number, "iid": 1 + number, "project_id": PROJECT}
        item |= {"source": source, "ref": ref, "sha": sha}
        self.pipelines.append(item)
        return item

    def requested(self, number: int, *, merges: str = "") -> dict[str, Any]:
        """Start a pipeline of a merge request, on its last commit or on what `merges` it to test it."""
        head = self.pulls[number].head
        if merges:
            self.tests[merges] = (self.pulls[number].base, head)
        ref = f"refs/merge-requests/{number}/{'merge' if merges else 'head'}"
        return self.started("merge_request_event", ref, merges or head)

    def may_be_merged(self, number: int) -> bool:
        """Whether GitLab lets a merge request in whose pipelines must succeed: by its newest own one, or another."""
        head = self.pulls[number].head
        fits = [item for item in self.pipelines if head in (item["sha"], *self.tests.get(item["sha"], ()))]
        fits.sort(key=lambda item: (item["source"] != "merge_request_event", -item["id"]))
        return bool(fits) and self.state_of(fits[0]) == "success"

    def state_of(self, pipeline: dict[str, Any]) -> str:
        """What a pipeline comes to: of statuses of one name and author, the last counts."""
        within = [item for item in self.statuses if item["pipeline_id"] == pipeline["id"]]
        states = {item["status"] for item in {(item["name"], item["by"]): item for item in within}.values()}
        return next((state for state in ("pending", "running", "failed", "canceled") if state in states), "success")

    def next_status(self) -> int:
        return 1 + max((item["id"] for item in self.statuses), default=5000)

    def ours(self, number: int) -> list[str]:
        return [
            item["body"]
            for item in self.comments
            if item["number"] == number and item["user"]["login"] == BOT and STICKY.match(item["body"])
        ]

    def push(self, number: int, commit: str, author: str, **facts: Any) -> None:
        self.pushers[number, commit] = facts.pop("pusher", author) or self.pulls[number].author
        super().push(number, commit, author, **facts)
        self.pushed_at[number, commit] = self.now()

    def merge(self, number: int, commit: str, *, how: str = "merge") -> None:
        super().merge(number, commit)
        self.merged_at[number] = self.now()
        if how == "squash":
            self.squashed.add(number)
        elif how == "rebase":
            self.rebased.add(number)
        elif how == "train":
            self.trained.add(number)

    def versions(self, pull: Pull) -> list[dict[str, Any]]:
        """The heads that the merge request had, newest first, as GitLab lists them."""
        heads = [commit for commit, _ in pull.commits if (pull.number, commit) in self.pushed_at] or []
        first = next((commit for commit, _ in reversed(pull.commits) if commit not in heads), None)
        known = [*([first] if first else []), *heads]
        found = [
            {
                "id": 10 * pull.number + place,
                "head_commit_sha": head,
                "base_commit_sha": pull.base,
                "start_commit_sha": pull.base,
                "created_at": self.pushed_at.get((pull.number, head), OPENED),
                "state": "collected",
            }
            for place, head in enumerate(known)
        ]
        return found[::-1]

    def opinions(self, number: int) -> dict[str, dict[str, Any]]:
        """Everybody's last decisive word before the merge, by login."""
        return {item["user"]["login"]: item for item in self._reviews(number) if not self._is_late(item)}

    def thumbs(self, number: int) -> list[dict[str, Any]]:
        """Who gave a thumb up after the merge: GitLab lets nobody approve what is merged."""
        late = [item for item in self._reviews(number) if self._is_late(item)]
        return [item for item in late if item["state"] == "APPROVED"]

    def _reviews(self, number: int) -> list[dict[str, Any]]:
        listed = [item for item in self.reviews if item["number"] == number and item["state"] in _STATES]
        return [item for item in listed if item["user"]]

    def _is_late(self, item: dict[str, Any]) -> bool:
        merged_at = self.merged_at.get(item["number"])
        return merged_at is not None and str(item["submitted_at"]) > merged_at

    def system_notes(self, number: int) -> Iterator[dict[str, Any]]:
        """What GitLab itself notes of a merge request, which nobody can edit."""
        for place, ((whose, commit), login) in enumerate(self.pushers.items()):
            if whose == number:
                body = (
                    f"added 1 commit\n\n<ul><li>{commit[:8]} - Change</li></ul>\n\n[Compare with previous version](/x)"
                )
                at = self.pushed_at[number, commit]
                yield {"id": 90_000 + place, "body": body, "user": {"login": login}, "created_at": at}
        for item in self._reviews(number):
            if not self._is_late(item):
                verb = _STATES[item["state"]]
                words = verb if verb == "requested changes" else f"{verb} this merge request"
                yield {"id": item["id"], "body": words, "user": item["user"], "created_at": item["submitted_at"]}
