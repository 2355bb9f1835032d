"""Notes in a merge request: our comments, the records of plans, and our remarks on lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.forge.gitlab.identity import Identity
from reconciler.forge.gitlab.merge_request import Project
from reconciler.forge.protocol import Note

RECORD = "<!-- kt-budgets:record:v1"
_ON_LINES = "DiffNote"
_FENCE = re.compile(r" {0,3}(?P<fence>```+|~~~+)")
_COMMAND = re.compile(r"^(\s*)/(?=[A-Za-z])")


@dataclass(frozen=True, slots=True)
class Notes:
    """What our account wrote in merge requests of a project. `web` is the project's address for people."""

    project: Project
    identity: Identity
    web: str

    def comments(self, number: int) -> tuple[Note, ...]:
        """Return our comments, oldest first: neither records nor remarks on lines."""
        listed = (item for item in self._ours(number) if item.get("type") != _ON_LINES)
        return tuple(
            Note(int(item["id"]), str(item.get("body")), self._address(number, item))
            for item in listed
            if not str(item.get("body")).startswith(RECORD)
        )

    def remarks(self, number: int) -> tuple[str, ...]:
        """Return the bodies of our remarks on lines, resolved ones included."""
        return tuple(str(item.get("body")) for item in self._ours(number) if item.get("type") == _ON_LINES)

    def records(self, number: int) -> Iterator[tuple[int, str]]:
        """Yield id and body of each of our records."""
        for item in self._ours(number):
            if str(item.get("body")).startswith(RECORD):
                yield int(item["id"]), str(item["body"])

    def add(self, number: int, body: str) -> tuple[int, str]:
        """Write a note, and return its id and its address."""
        path = f"{self.project.request(number)}/notes"
        answer = self.project.channel.write("POST", path, {"body": without_commands(body)})
        identity = answer.get("id") if isinstance(answer, Mapping) else None
        if not isinstance(identity, int):
            raise self.project.channel.unreadable("POST", path, "it holds no note")
        return identity, self._address(number, answer)

    def edit(self, number: int, note: int, body: str) -> str:
        path = f"{self.project.request(number)}/notes/{note}"
        answer = self.project.channel.write("PUT", path, {"body": without_commands(body)})
        return self._address(number, answer if isinstance(answer, Mapping) else {"id": note})

    def remove(self, number: int, note: int) -> None:
        self.project.channel.delete(f"{self.project.request(number)}/notes/{note}")

    def _ours(self, number: int) -> Iterator[Mapping[str, Any]]:
        listed = self.project.channel.pages(
            f"{self.project.request(number)}/notes", sort="asc", order_by="created_at", activity_filter="only_comments"
        )
        ours = (item for item in listed if self.identity.wrote(item) and isinstance(item.get("id"), int))
        return iter(sorted(ours, key=lambda item: int(item["id"])))

    def _address(self, number: int, item: Mapping[str, Any]) -> str:
        return f"{self.web}/-/merge_requests/{number}#note_{item.get('id')}"


def without_commands(body: str) -> str:
    """Return a note without quick actions: to GitLab a line that starts with a slash is a command of whoever writes it.

    In a block of code it is none, and is left as it is.
    """
    fence = ""
    lines = []
    for line in body.split("\n"):
        match = _FENCE.match(line)
        if match and not fence:
            fence = match["fence"]
        elif match and line.strip() == fence:
            fence = ""
        lines.append(line if fence or match else _COMMAND.sub(r"\1&#47;", line))
    return "\n".join(lines)
