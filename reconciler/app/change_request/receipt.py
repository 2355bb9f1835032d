"""`kt-budgets pr receipt`: what became of a merge, on top of the pull request's comment."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reconciler.app.change_request.named_merge import named_merge
from reconciler.app.change_request.verdict import comment_of
from reconciler.app.forge_session import attribution_of_now, forge_session, forge_words
from reconciler.app.listening import summarise
from reconciler.app.planning.saved import load_plan
from reconciler.findings import RefusedError, UnauthorizedError, UsageError
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.check import CheckVerdict
from reconciler.forge.comment import Marked, Stamp, our_comments, publish, stamped
from reconciler.forge.protocol import Forge
from reconciler.model.change_request import ReceiptDocument, Receipted, ReceiptsDocument
from reconciler.model.merges import LandingOutcome, Merges
from reconciler.model.outcome import Run
from reconciler.model.plan import Plan
from reconciler.policy.plan_record import record_of, record_text
from reconciler.report import summary
from reconciler.report.receipt import NOT_BEGUN, merge_receipt, not_begun, receipt, title_of, with_receipt
from reconciler.report.renderers import Statement

_HINT = "give the output of `kt-budgets pr apply --format json` or of `kt-budgets apply --format json`"


def publish_receipt(
    *, budgets: Path, run_path: Path, merge_sha: str | None, plans: Path | None = None, repo: str | None
) -> Statement:
    """Update our comment on each pull request concerned, or write one, so that it starts with the outcome.

    Raises:
        UsageError: the file at `run_path` holds no outcome, a plan in `plans` is another one, or no commit was named.
        RemoteError: the forge cannot be read, or does not allow the comment.
    """
    document = _document(run_path)
    with forge_session(repo) as session:
        found = []
        for pull, text, plan in _receipts(session, budgets, document, run_path, merge_sha, plans):
            if document.get("format") != "kt-budgets.merges/1":
                summarise(text)
            found.append(_put(session, pull, text, plan))
    if document.get("format") == "kt-budgets.run/1":
        (one,) = found
        return Statement(ReceiptDocument(**dict(one)), f"receipt on {_words(one)}")
    words = "\n".join(map(_words, found)) or f"no {forge_words().request} is concerned"
    return Statement(ReceiptsDocument(receipts=tuple(found)), words)


def _words(facts: Receipted) -> str:
    return f"{forge_words().request} {facts.pull_request}: {facts.comment} {facts.url}".rstrip()


def _receipts(
    session: Forge, budgets: Path, document: dict[str, Any], path: Path, merge_sha: str | None, plans: Path | None
) -> list[tuple[ChangeRequest, str, Plan | None]]:
    """Return the pull requests that a document is about, each with its receipt and the plan that is to be shown."""
    url = attribution_of_now().url
    if document.get("format") == "kt-budgets.merges/1":
        merges = _merges(document, path)
        told = [
            (
                session.change_request(landing.pull_request),
                merge_receipt(landing, url=url, words=session.words),
                _plan(plans, landing),
            )
            for landing in merges.landings
            if landing.pull_request is not None
        ]
        told += _settled(session, merges, url)
        return told + _put_right(session, budgets, merges, {pull.number for pull, *_ in told}, url)
    run = None if document.get("format") == "kt-budgets.error/1" else _run(document, path)
    commit = merge_sha or session.run.commit
    if not commit:
        raise UsageError("no merge commit was named", hint="name it with `--merge-sha SHA`")
    if run is None:
        is_its_own = bool(merge_sha) or session.run.cause == "push"
        pull = _not_told(session, budgets, commit, _is_open) if is_its_own else None
        return [(pull, not_begun(document, commit=commit, url=url, words=session.words), None)] if pull else []
    pull = named_merge(session, budgets, commit).pull
    return [(pull, receipt(run, commit=commit), None)]


def _settled(session: Forge, merges: Merges, url: str) -> list[tuple[ChangeRequest, str, Plan | None]]:
    """Return what takes the place of receipts which do not say yet that what they are about is applied."""
    pulls = ((landing, session.change_request(landing.pull_request or 0)) for landing in merges.settled)
    return [
        (pull, merge_receipt(landing, url=url, words=session.words), None)
        for landing, pull in pulls
        if _is_open(_title(session, pull, landing.commit))
    ]


def _put_right(
    session: Forge, budgets: Path, merges: Merges, told: Collection[int], url: str
) -> list[tuple[ChangeRequest, str, Plan | None]]:
    """Take back, where everything is applied, what an apply that could not begin said of the commit of this run."""
    commit = session.run.commit
    pull = _not_told(session, budgets, commit, NOT_BEGUN.__eq__) if commit and not merges.pending else None
    if pull is None or commit is None or pull.number in told:
        return []
    said = "everything that was merged is applied; `kt-budgets audit` shows what was carried out"
    facts = {"pull_request": pull.number, "commit": commit, "base": None, "teams": (), "status": "nothing"}
    landing = LandingOutcome.model_validate({**facts, "reason": said})
    return [(pull, merge_receipt(landing, url=url, words=session.words), None)]


def _not_told(session: Forge, budgets: Path, commit: str, is_wanted: Callable[[str], bool]) -> ChangeRequest | None:
    """Return the change request that was merged as `commit` if what its receipt is called `is_wanted`, else None."""
    try:
        pull = named_merge(session, budgets, commit).pull
    except RefusedError:
        return None
    return pull if is_wanted(_title(session, pull, commit)) else None


def _title(session: Forge, pull: ChangeRequest, commit: str) -> str:
    """Return what the receipt of the merge `commit` is called in our comment, an empty text where there is none."""
    ours = our_comments(session, pull.number)
    return title_of(ours[0].marked.text, commit) if ours else ""


def _is_open(title: str) -> bool:
    """Whether a receipt does not say that something of the merge was applied, or that nothing is left of it."""
    return not title.startswith(("Applied", "Nothing left"))


def _plan(plans: Path | None, landing: LandingOutcome) -> Plan | None:
    """Return the plan of a landing that is to be shown, None where there is none."""
    if plans is None or not landing.plan:
        return None
    path = plans / f"{landing.commit}.json"
    plan = load_plan(path)
    if plan.digest != landing.plan:
        raise UsageError(f"{path} is another plan than the one that was looked at", hint="run `pr apply` again")
    return plan


def _put(session: Forge, pull: ChangeRequest, text: str, plan: Plan | None) -> Receipted:
    """Put a receipt on top of our comment, over `plan` where that is to be shown; return what was done to it.

    It tells of what was merged, so it is newer than any plan, also in an old run that is started again.
    """
    ours = our_comments(session, pull.number)
    found = ours[0].marked if ours else Marked({}, "")
    if plan is not None:
        found = _shown(session, pull, plan)
    whole = (
        with_receipt(found.text, text, is_untouched=found.is_untouched, words=session.words) if ours or plan else text
    )
    runs = [run for run in (found.run, session.run.run) if run]
    marked = stamped(whole, Stamp(pull.number, pull.head, max(runs, default=None)), found.fields)
    step, url = publish(session, pull, marked, create=True)
    return Receipted(pull_request=pull.number, comment=step.value, url=url)


def _shown(session: Forge, pull: ChangeRequest, plan: Plan) -> Marked:
    """Record a plan for the head of a pull request that is merged, and return the comment that shows it."""
    if not session.can_record:
        raise UnauthorizedError(f"only {session.words.recorder} can record a plan", hint=session.words.recording)
    shown = comment_of(plan, Stamp(pull.number, pull.head, session.run.run), words=session.words)
    name, run = session.repository, session.run.run
    record = record_of(plan, repository=name, pull_request=pull.number, head=pull.head, run=run, base=None)
    verdict = CheckVerdict(
        conclusion="success",
        title="".join(span.text for span in summary.summarise(plan).headline),
        summary=shown.text,
        text=record_text(record),
    )
    session.publish_check(pull.head, verdict)
    return shown


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint=_HINT) from None
    except ValueError:
        raise UsageError(f"{path} holds no run", hint=_HINT) from None
    if not isinstance(document, dict):
        raise UsageError(f"{path} holds no run", hint=_HINT)
    return document


def _merges(document: dict[str, Any], path: Path) -> Merges:
    try:
        return Merges.model_validate_json(json.dumps(document))
    except ValidationError:
        raise UsageError(f"{path} is no outcome of `pr apply` of this version", hint=_HINT) from None


def _run(document: dict[str, Any], path: Path) -> Run:
    try:
        return Run.model_validate_json(json.dumps(document))
    except ValidationError:
        raise UsageError(f"{path} holds no run", hint=_HINT) from None
