"""`kt-budgets pr approval --check`: the check to require. It says who approved a pull request, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from reconciler.app.budget_files import Commits
from reconciler.app.change_request.queue import Entry, entries
from reconciler.app.change_request.refresh import moved
from reconciler.app.change_request.ruling import Gate
from reconciler.app.change_request.taken_back import take_back
from reconciler.app.checkout import tree_id
from reconciler.app.forge_session import forge_session, forge_words, request_of
from reconciler.app.listening import say, summarise
from reconciler.findings import BudgetsError, ExitCode, RejectedError, UnauthorizedError
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.protocol import Forge
from reconciler.git.failures import GitError, Trouble
from reconciler.git.merging import bring_commit, merged, tip_of
from reconciler.journal.journal import last_applied
from reconciler.model.change_request import IN_A_FORK, GateDocument, Obstacle, Ruled
from reconciler.model.forge_words import ForgeWords
from reconciler.policy.rulings import Problem, Ruling, conclusion_of
from reconciler.report.approvals import missing_document, ruling_text, ruling_title
from reconciler.report.escape import escaped
from reconciler.report.renderers import Statement
from reconciler.settings import Settings


def check_gate(settings: Settings, *, repo: str | None, number: int | None, recorded_by: str) -> Statement:
    """Publish the check of the pull request of this run, of `number`, of a merge queue, or of all that are open.

    Where the token may not publish, what it would say decides about the exit code.

    Raises:
        UsageError: no repository was named.
        RemoteError: the forge cannot be read, or git is too old to merge without a work tree.
    """
    told: list[Ruled] = []
    code = ExitCode.DONE
    with _there(settings.budgets), forge_session(repo, recorded_by=recorded_by) as session:
        for head, rulings in _ruled(session, settings, number):
            published = _publish(session, head, rulings)
            for ruling in rulings:
                if ruling.state == "nothing" and ruling.number in (number, session.run.number):
                    take_back(session, ruling.number, ruling.head)
            told += [_told(ruling, published, session.words) for ruling in rulings]
            stops = conclusion_of(rulings) != "success"
            if stops and (session.run.queued or published == "not allowed"):
                code = ExitCode.REFUSED
    lines = [line for item in told for line in _lines(item)]
    return Statement(
        GateDocument(pull_requests=tuple(told)), "\n".join(lines) or f"no open {forge_words().request}s", code
    )


@contextmanager
def _there(budgets: Path) -> Iterator[None]:
    """Let git work in a folder that a change may bring, and this checkout does not have; it is gone afterwards."""
    made = [place for place in (budgets, *budgets.parents) if not place.exists()]
    budgets.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        for place in made:
            with suppress(OSError):
                place.rmdir()


def _told(ruling: Ruling, published: str, words: ForgeWords) -> Ruled:
    return Ruled(
        pull_request=ruling.number,
        head=ruling.head,
        state=ruling.state,
        title=ruling_title(ruling),
        check=published,
        missing=tuple(missing_document(item.missing, words) for item in ruling.judged if item.missing),
        problems=tuple(Obstacle(message=item.words, cure=item.cure) for item in ruling.problems),
    )


def _lines(item: Ruled) -> Iterator[str]:
    yield f"{forge_words().request} {item.pull_request}: {item.title} (check: {item.check})"
    yield from (f"  what to do: {problem.cure}" for problem in item.problems)
    for missing in item.missing:
        near = "".join(f"; {words}" for words in missing.near_misses)
        yield f"  {missing.reason}: {missing.cure}{near}"


def _ruled(session: Forge, settings: Settings, number: int | None) -> Iterator[tuple[str | None, Sequence[Ruling]]]:
    """Yield the commits that get a check, each with what is to be said there; None where none can have one."""
    gate = _gate(session, settings)
    tips: dict[str, str] = {}
    if session.run.queued and number is None:
        yield session.run.queued.head, tuple(_queued(session, gate))
        return
    if number or session.run.number:
        pulls: tuple[ChangeRequest, ...] = _of_one_head(session, request_of(session, number))
    else:
        branch = session.default_branch()
        pulls = session.open_change_requests(into=branch)
    for pull in pulls:
        if pull.is_open:
            yield pull.head if session.takes_checks(pull) else None, (_ruling(gate, pull, tips),)


def _of_one_head(session: Forge, pull: ChangeRequest) -> tuple[ChangeRequest, ...]:
    """Return those whose check stands on the commit of a request: the check is of the commit, and there is one.

    It is required of what goes into the default branch. So a request into another one, which anybody may open of the
    same commit, says nothing there while that commit is also to go into the default branch.
    """
    branch = session.default_branch()
    if not pull.is_open or pull.base_ref == branch:
        return (pull,)
    same = (other for other in session.change_requests_of(pull.head) if other.is_open and other.head == pull.head)
    first = tuple(session.change_request(other.number) for other in same if other.base_ref == branch)
    return first or (pull,)


def _gate(session: Forge, settings: Settings) -> Gate:
    try:
        last = last_applied(settings.journal, folder=settings.root)
    except BudgetsError as error:
        say(f"what was applied last is not known here: {error.message}")
        last = None
    asks = session.run.queued is not None and settings.token is not None
    again = (lambda desired, record, before: moved(settings, desired, record, before=before)) if asks else None
    return Gate(session, Commits(settings.budgets), last, again)


def _ruling(gate: Gate, pull: ChangeRequest, tips: dict[str, str]) -> Ruling:
    """Return the ruling on one pull request; what cannot be read of it stops no other one.

    `tips` are the last commits of branches, each asked for once.
    """
    budgets = gate.commits.budgets
    try:
        tip = tips[pull.base_ref] = tips.get(pull.base_ref) or tip_of(budgets, pull.base_ref)
        if not tip:
            raise GitError(f"{pull.base_ref} is not known here", hint=f"check out with {forge_words().history}")
        bring_commit(budgets, pull.head, pull.reference)
        return gate.rule(pull, tip, merged(budgets, tip, pull.head))
    except GitError as error:
        if error.trouble is Trouble.TOO_OLD:
            raise
        return Ruling(pull.number, pull.head, "refused", (Problem(error.message, error.hint),))


def _queued(session: Forge, gate: Gate) -> Iterator[Ruling]:
    """Yield a ruling on every pull request that a merge queue would merge together, each checked by its content."""
    queued = session.run.queued
    assert queued is not None  # noqa: S101
    budgets = gate.commits.budgets
    front: list[Entry] = []
    for entry in entries(budgets, queued, request_of(session, queued.number).base_ref):
        if gate.is_same(entry.before, entry.after):
            yield Ruling(entry.number or queued.number, entry.after, "nothing")
            continue
        if entry.number is None:
            words = f"nobody knows which pull request brought {entry.after[:12]}"
            problem = Problem(words, "take it out of the queue, and bring it in through a pull request")
            yield Ruling(queued.number, entry.after, "refused", (problem,))
            continue
        pull = session.change_request(entry.number)
        bring_commit(budgets, pull.head, pull.reference)
        tree = merged(budgets, entry.before, pull.head)
        if tree is None or tree_id(budgets, tree) != tree_id(budgets, entry.after):
            words = (
                f"the queue made other budgets of it in {entry.after[:12]} than its last commit {pull.head[:12]} says"
            )
            problem = Problem(words, "put it into the queue again")
            yield Ruling(pull.number, pull.head, "refused", (problem,))
            continue
        yield gate.rule(pull, entry.before, entry.after, front=tuple(front))
        front.append(entry)


def _publish(session: Forge, head: str | None, rulings: Sequence[Ruling]) -> str:
    """Publish the check on a commit; return what became of it, `not allowed` where the token may not.

    Nobody may on a `head` of None: that is no failure, since it is judged once more after the merge.
    """
    conclusion = conclusion_of(rulings)
    told = [ruling for ruling in rulings if ruling.state != "nothing"] or list(rulings[-1:])
    texts = [ruling_text(ruling, session.words) for ruling in told]
    heads = [f"### {session.words.sign}{ruling.number}: {escaped(ruling_title(ruling))}\n\n" for ruling in told]
    summary = "\n".join(map("".join, zip(heads, texts, strict=True))) if len(told) > 1 else "".join(texts)
    summarise(summary)
    first = next((ruling for ruling in told if conclusion_of([ruling]) == conclusion), None)
    title = ruling_title(first) if first else "No budgets change"
    if head is None:
        return IN_A_FORK
    if not session.can_record:
        return "not allowed"
    try:
        number = rulings[-1].number
        said = session.publish_gate(head, number=number, conclusion=conclusion, title=title, summary=summary)
    except (UnauthorizedError, RejectedError) as error:
        say(f"no check: {error.message}", error.hint)
        return "not allowed"
    return said.value
