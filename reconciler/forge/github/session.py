"""GitHub behind the protocol of a forge: one repository, opened with a token."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reconciler.forge.change_request import Authors, ChangeRequest, IsClean, Review, Shown
from reconciler.forge.check import Check, CheckVerdict, Written
from reconciler.forge.ci_run import CiRun
from reconciler.forge.github import author, check_run, repository, review, ruleset
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.ci_run import WORDS
from reconciler.forge.github.identity import Identity
from reconciler.forge.github.people import GitHubPeople
from reconciler.forge.protocol import Flaw, Issue, Note, Suggested
from reconciler.model.forge_words import ForgeWords
from reconciler.policy.rulings import Conclusion


@dataclass(frozen=True, slots=True)
class GitHub:
    """An open channel to a repository, and who we are there. `app` is the slug whose check runs count as ours.

    `server` is the address that people use.
    """

    channel: Channel
    named: repository.Repository
    identity: Identity
    app: str
    run: CiRun
    server: str = "https://github.com"
    words: ForgeWords = WORDS

    @property
    def repository(self) -> str:
        return str(self.named)

    @property
    def people(self) -> GitHubPeople:
        return GitHubPeople(self.channel, self.named)

    @property
    def login(self) -> str:
        return self.identity.login

    @property
    def recorder(self) -> str:
        return self.app

    @property
    def can_record(self) -> bool:
        return self.identity.app is not None

    def default_branch(self) -> str:
        return repository.default_branch(self.channel, self.named)

    def change_request(self, number: int) -> ChangeRequest:
        return repository.pull_request(self.channel, self.named, number)

    def open_change_requests(self, *, into: str) -> tuple[ChangeRequest, ...]:
        return repository.open_pull_requests(self.channel, self.named, base=into)

    def newest_change_requests(self, *, into: str) -> tuple[ChangeRequest, ...]:
        return repository.newest_pull_requests(self.channel, self.named, base=into)

    def change_requests_of(self, commit: str) -> tuple[ChangeRequest, ...]:
        return repository.pull_requests_of_commit(self.channel, self.named, commit)

    def is_renamed(self, former: str, branch: str) -> bool:
        return repository.name_of_branch(self.channel, self.named, former) == branch

    def former_tips(self, branch: str) -> Iterator[str]:
        return repository.former_tips(self.channel, self.named, branch)

    def reviews(self, request: ChangeRequest) -> tuple[Review, ...]:
        return review.last_words(self.channel, self.named, request.number)

    def authors(
        self,
        request: ChangeRequest,
        *,
        is_clean: IsClean | None = None,
        merged_in: Collection[str] = (),
        asks_pushers: bool = True,
    ) -> Authors:
        return author.authors_of(
            self.channel, self.named, request, is_clean=is_clean, merged_in=merged_in, asks_pushers=asks_pushers
        )

    def shown_lines(self, request: ChangeRequest) -> Shown:
        return review.shown_lines(self.channel, self.named, request.number)

    def flaws(self) -> Iterator[Flaw]:
        return ruleset.flaws(self.channel, self.named)

    def warnings(self, *, today: date) -> Iterable[Flaw]:
        """GitHub's own token lives as long as the job, and that of an app for an hour."""
        del today
        return ()

    def comments(self, number: int) -> tuple[Note, ...]:
        return tuple(self._notes(f"{self.named.path}/issues/{number}/comments"))

    def add_comment(self, number: int, body: str) -> str:
        return _address(self.channel.write("POST", f"{self.named.path}/issues/{number}/comments", {"body": body}))

    def edit_comment(self, number: int, comment: int, body: str) -> str:
        del number
        return _address(self.channel.write("PATCH", f"{self.named.path}/issues/comments/{comment}", {"body": body}))

    def remove_comment(self, number: int, comment: int) -> None:
        del number
        self.channel.delete(f"{self.named.path}/issues/comments/{comment}")

    def remarks(self, request: ChangeRequest) -> tuple[str, ...]:
        return tuple(note.body for note in self._notes(f"{self.named.path}/pulls/{request.number}/comments"))

    def suggest(self, request: ChangeRequest, wanted: Suggested) -> bool:
        return review.suggest(self.channel, self.named, request, wanted)

    def takes_checks(self, request: ChangeRequest) -> bool:
        del request
        return True

    def checks(self, commit: str, *, name: str) -> tuple[Check, ...]:
        return check_run.our_check_runs(self.channel, self.named, commit, app=self.app, name=name)

    def publish_check(self, commit: str, verdict: CheckVerdict) -> Written:
        return check_run.publish_check(self.channel, self.named, commit, verdict, app=self._own_app)

    def publish_gate(self, commit: str, *, number: int, conclusion: Conclusion, title: str, summary: str) -> Written:
        del number
        return check_run.publish_gate(
            self.channel,
            self.named,
            commit,
            conclusion=conclusion,
            title=title,
            summary=summary,
            app=self._own_app,
        )

    def issues(self) -> tuple[Issue, ...]:
        listed = self.channel.pages(
            f"{self.named.path}/issues", state="all", creator=self.identity.login, sort="created", direction="asc"
        )
        return tuple(
            Issue(item["number"], item.get("state") == "open", str(item.get("title") or ""), item["body"])
            for item in listed
            if self.identity.wrote(item) and "pull_request" not in item
            if isinstance(item.get("number"), int) and isinstance(item.get("body"), str)
        )

    def open_issue(self, title: str, body: str, *, people: Sequence[str]) -> int | None:
        assigned = {"assignees": list(people)} if people else {}
        answer = self.channel.write("POST", f"{self.named.path}/issues", {"title": title, "body": body, **assigned})
        number = answer.get("number") if isinstance(answer, Mapping) else None
        return number if isinstance(number, int) else None

    def edit_issue(self, number: int, *, title: str, body: str, is_open: bool) -> None:
        state = {"state": "open"} if is_open else {"state": "closed", "state_reason": "completed"}
        self.channel.write("PATCH", f"{self.named.path}/issues/{number}", {"title": title, "body": body, **state})

    def assign(self, number: int, people: Sequence[str]) -> None:
        self.channel.write("POST", f"{self.named.path}/issues/{number}/assignees", {"assignees": list(people)})

    def start(self, workflow: str, *, branch: str, inputs: Mapping[str, str]) -> None:
        path = f"{self.named.path}/actions/workflows/{self.words.task(workflow)}/dispatches"
        self.channel.start(path, {"ref": branch, "inputs": self.words.filled(workflow, inputs)})

    def page_of(self, workflow: str) -> str:
        return f"{self.server.rstrip('/')}/{self.named}/actions/workflows/{self.words.task(workflow)}"

    @property
    def _own_app(self) -> str:
        return self.identity.app or self.app

    def _notes(self, path: str) -> list[Note]:
        """Return the comments of a listing that we wrote, oldest first."""
        listed = (item for item in self.channel.pages(path) if self.identity.wrote(item))
        ours = [
            Note(item["id"], item["body"], _address(item))
            for item in listed
            if isinstance(item.get("id"), int) and isinstance(item.get("body"), str)
        ]
        return sorted(ours, key=lambda note: note.id)


def _address(answer: Any) -> str:
    return str(answer.get("html_url") or "") if isinstance(answer, Mapping) else ""
