"""One project on one GitLab, as the forge's protocol has it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from urllib.parse import quote, urlencode

from reconciler.forge.change_request import Authors, ChangeRequest, IsClean, Review, Shown
from reconciler.forge.check import Check, CheckVerdict, Written
from reconciler.forge.ci_run import CiRun
from reconciler.forge.gitlab.author import authors_of
from reconciler.forge.gitlab.ci_run import WORDS
from reconciler.forge.gitlab.diff import shown_files, suggest
from reconciler.forge.gitlab.flaw import flaws, warnings
from reconciler.forge.gitlab.identity import Identity
from reconciler.forge.gitlab.issue import Issues
from reconciler.forge.gitlab.merge_request import Project, former_tips, merge_request, read_merge_request, text_of
from reconciler.forge.gitlab.note import Notes
from reconciler.forge.gitlab.people import GitLabPeople
from reconciler.forge.gitlab.pipeline import head_pipeline
from reconciler.forge.gitlab.review import last_words
from reconciler.forge.gitlab.status import Statuses
from reconciler.forge.protocol import Flaw, Issue, Note, Suggested
from reconciler.policy.rulings import Conclusion

TASK = "KT_BUDGETS_TASK"
"""The variable by which a pipeline that is started by hand knows what to do: a workflow's name without its ending."""


class GitLab:
    """Satisfies `forge.protocol.Forge`. `recorder` is the user name of the bot whose records count."""

    def __init__(self, project: Project, identity: Identity, run: CiRun, *, recorder: str) -> None:
        self._project = project
        self._identity = identity
        self._document = project.channel.get(project.path)
        self._web = text_of(project, self._document, "web_url", project.path)
        self.words = WORDS
        self.run = run
        self.recorder = recorder
        self.people = GitLabPeople(project, identity.id)
        self._notes = Notes(project, identity, self._web)
        self._statuses = Statuses(project, self._notes, recorder, run.url)
        self._issues = Issues(project, identity, self.people)

    @property
    def repository(self) -> str:
        return self._project.name

    @property
    def login(self) -> str:
        return self._identity.login

    @property
    def can_record(self) -> bool:
        return self._identity.is_bot

    def default_branch(self) -> str:
        return text_of(self._project, self._document, "default_branch", self._project.path)

    def change_request(self, number: int) -> ChangeRequest:
        return merge_request(self._project, number)

    def open_change_requests(self, *, into: str) -> tuple[ChangeRequest, ...]:
        path = f"{self._project.path}/merge_requests"
        order = {"order_by": "created_at", "sort": "asc"}
        listed = self._project.channel.pages(path, state="opened", target_branch=into, **order)
        return tuple(read_merge_request(self._project, item, path) for item in listed)

    def newest_change_requests(self, *, into: str) -> tuple[ChangeRequest, ...]:
        path = f"{self._project.path}/merge_requests"
        order = {"order_by": "created_at", "sort": "desc"}
        listed = self._project.channel.get(path, state="opened", target_branch=into, per_page=100, **order)
        if not isinstance(listed, list):
            raise self._project.channel.unreadable("GET", path, "it is not a list of merge requests")
        return tuple(read_merge_request(self._project, item, path) for item in listed)

    def change_requests_of(self, commit: str) -> tuple[ChangeRequest, ...]:
        path = f"{self._project.commit(commit)}/merge_requests"
        listed = self._project.channel.pages(path)
        return tuple(read_merge_request(self._project, item, path) for item in listed)

    def is_renamed(self, former: str, branch: str) -> bool:
        """GitLab knows no renaming: what is done in its place makes another branch, of which nothing says whence."""
        del former, branch
        return False

    def former_tips(self, branch: str) -> Iterator[str]:
        return former_tips(self._project, branch)

    def reviews(self, request: ChangeRequest) -> tuple[Review, ...]:
        return last_words(self._project, request)

    def authors(
        self,
        request: ChangeRequest,
        *,
        is_clean: IsClean | None = None,
        merged_in: Collection[str] = (),
        asks_pushers: bool = True,
    ) -> Authors:
        return authors_of(self._project, request, is_clean=is_clean, merged_in=merged_in, asks_pushers=asks_pushers)

    def shown_lines(self, request: ChangeRequest) -> Shown:
        return {path: tuple(file.pieces()) for path, file in shown_files(self._project, request).items()}

    def flaws(self) -> Iterator[Flaw]:
        return flaws(self._project, self._document, self.default_branch())

    def warnings(self, *, today: date) -> Iterator[Flaw]:
        return warnings(self._project, today)

    def comments(self, number: int) -> tuple[Note, ...]:
        return self._notes.comments(number)

    def add_comment(self, number: int, body: str) -> str:
        return self._notes.add(number, body)[1]

    def edit_comment(self, number: int, comment: int, body: str) -> str:
        return self._notes.edit(number, comment, body)

    def remove_comment(self, number: int, comment: int) -> None:
        self._notes.remove(number, comment)

    def remarks(self, request: ChangeRequest) -> tuple[str, ...]:
        return self._notes.remarks(request.number)

    def suggest(self, request: ChangeRequest, wanted: Suggested) -> bool:
        return suggest(self._project, request, wanted)

    def takes_checks(self, request: ChangeRequest) -> bool:
        """GitLab takes a status of a commit that is on a branch of the project, and of none that is in a fork alone."""
        return request.merge_commit is not None or not request.is_fork

    def checks(self, commit: str, *, name: str) -> tuple[Check, ...]:
        return self._statuses.checks(commit, name)

    def publish_check(self, commit: str, verdict: CheckVerdict) -> Written:
        return self._statuses.publish(commit, verdict)

    def publish_gate(self, commit: str, *, number: int, conclusion: Conclusion, title: str, summary: str) -> Written:
        where = head_pipeline(self._project, number, commit)
        return self._statuses.publish_gate(commit, where, conclusion, title, summary)

    def issues(self) -> tuple[Issue, ...]:
        return self._issues.ours()

    def open_issue(self, title: str, body: str, *, people: Sequence[str]) -> int | None:
        return self._issues.open(title, body, people)

    def edit_issue(self, number: int, *, title: str, body: str, is_open: bool) -> None:
        self._issues.edit(number, title=title, body=body, is_open=is_open)

    def assign(self, number: int, people: Sequence[str]) -> None:
        self._issues.assign(number, people)

    def start(self, workflow: str, *, branch: str, inputs: Mapping[str, str]) -> None:
        variables = [{"key": key, "value": value} for key, value in _variables(workflow, inputs).items()]
        self._project.channel.write("POST", f"{self._project.path}/pipeline", {"ref": branch, "variables": variables})

    def page_of(self, workflow: str) -> str:
        query = urlencode({f"var[{key}]": value for key, value in _variables(workflow, {}).items()}, quote_via=quote)
        return f"{self._web}/-/pipelines/new?{query}"


def _variables(workflow: str, inputs: Mapping[str, str]) -> dict[str, str]:
    name, _, task = WORDS.task(workflow).partition("=")
    return {name: task, **WORDS.filled(workflow, inputs)}
