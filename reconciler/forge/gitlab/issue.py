"""Issues of our account in a project. A GitLab without a subscription keeps one assignee of an issue: the first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.forge.gitlab.identity import Identity
from reconciler.forge.gitlab.merge_request import Project
from reconciler.forge.gitlab.note import without_commands
from reconciler.forge.gitlab.people import GitLabPeople
from reconciler.forge.protocol import Issue


@dataclass(frozen=True, slots=True)
class Issues:
    """Our issues in one project."""

    project: Project
    identity: Identity
    people: GitLabPeople

    @property
    def path(self) -> str:
        return f"{self.project.path}/issues"

    def ours(self) -> tuple[Issue, ...]:
        """Return all that our account opened, oldest first, closed ones included."""
        listed = self.project.channel.pages(
            self.path, scope="created_by_me", state="all", order_by="created_at", sort="asc"
        )
        return tuple(_issue(item) for item in listed if self.identity.wrote(item) and isinstance(item.get("iid"), int))

    def open(self, title: str, body: str, people: Sequence[str]) -> int | None:
        document: dict[str, Any] = {"title": title, "description": without_commands(body)}
        if people:
            document["assignee_ids"] = self._ids(people)
        answer = self.project.channel.write("POST", self.path, document)
        number = answer.get("iid") if isinstance(answer, Mapping) else None
        return number if isinstance(number, int) else None

    def edit(self, number: int, *, title: str, body: str, is_open: bool) -> None:
        step = {"state_event": "reopen" if is_open else "close"}
        document = {"title": title, "description": without_commands(body), **step}
        self.project.channel.write("PUT", f"{self.path}/{number}", document)

    def assign(self, number: int, people: Sequence[str]) -> None:
        """Assign an issue to `people` as well; GitLab takes all assignees at once, so those there are read first."""
        found = self.project.channel.get(f"{self.path}/{number}")
        there = found.get("assignees") if isinstance(found, Mapping) else None
        known = [item["id"] for item in there or () if isinstance(item, Mapping) and isinstance(item.get("id"), int)]
        wanted = list(dict.fromkeys([*known, *self._ids(people)]))
        self.project.channel.write("PUT", f"{self.path}/{number}", {"assignee_ids": wanted})

    def _ids(self, people: Iterable[str]) -> list[int]:
        return [identity for login in people if (identity := self.people.id_of(login)) is not None]


def _issue(item: Mapping[str, Any]) -> Issue:
    return Issue(
        number=int(item["iid"]),
        is_open=item.get("state") == "opened",
        title=str(item.get("title") or ""),
        body=str(item.get("description") or "").replace("\r\n", "\n"),
    )
