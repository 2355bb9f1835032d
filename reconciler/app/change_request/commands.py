"""`kt-budgets pr command`: what a comment asks for is done, and answered in the pull request, failures as well."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.app.budget_files import changed_parts, load_at
from reconciler.app.change_request.command_lines import MOST, Asked, commands_in
from reconciler.app.change_request.publish import publish
from reconciler.app.forge_session import forge_session, run_of_now
from reconciler.app.listening import note, say
from reconciler.app.outlook.scenarios import WALLET
from reconciler.app.outlook.whatif import Supposed, suppose
from reconciler.app.planning.merged_result import beside, merge_of
from reconciler.app.planning.plan import drafted
from reconciler.app.recommend.recommend import RecommendRequest, recommend
from reconciler.app.session import load_desired
from reconciler.findings import BudgetsError, ExitCode, FindingsError, RefusedError, UsageError
from reconciler.forecast.levers.registry import what_ifs
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.ci_run import Comment
from reconciler.forge.comment import last_reply, publish_reply
from reconciler.forge.protocol import Forge
from reconciler.git.merging import bring_commit, is_here, tip_of
from reconciler.model.plan import sealed_bytes
from reconciler.model.plan_finding import FindingsDocument
from reconciler.report.comment import HELP, echo, fenced, listed, safe, why
from reconciler.settings import Settings, overlaid


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What a command works with: the comment that asks, the pull request it is in, and where to answer."""

    settings: Settings
    session: Forge
    comment: Comment
    pull: ChangeRequest
    tell: Callable[[str], None]
    planned: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the first command that failed comes to, and whether a plan was made."""

    exit_code: ExitCode = ExitCode.DONE
    has_planned: bool = False


def answer_comment(settings: Settings, *, repo: str | None, tell: Callable[[str], None]) -> Answered:
    """Carry out the commands of the comment of this run; `tell` takes a line for each thing that is done.

    What a command comes to is answered in the pull request, failures as well.

    Raises:
        UsageError: no comment started this run.
        RemoteError: the forge cannot be read, or does not allow the answer.
    """
    run = run_of_now()
    if not run.has_event:
        raise UsageError("no comment started this run", hint="run it in a workflow for `issue_comment`")
    comment = run.comment
    asked = commands_in(comment.body) if comment else ()
    if comment is None or not asked:
        tell("no new comment of a person with a command for kt-budgets; nothing was done")
        return Answered()
    with forge_session(repo) as session:
        pull = session.change_request(comment.number)
        context = CommandContext(settings, session, comment, pull, tell)
        if not session.people.may_write(comment.login):
            _reply(context, "denied", f"{safe(comment.login)} may not write to this repository, so nothing was done.\n")
            return Answered()
        codes = [_carried_out(context, one) for one in asked[:MOST]]
        if len(asked) > MOST:
            words = f"{len(asked) - MOST} more commands of one comment were left out; at most {MOST} are carried out.\n"
            _reply(context, "unknown", words)
    return Answered(next((code for code in codes if code), ExitCode.DONE), bool(context.planned))


def _carried_out(context: CommandContext, asked: Asked) -> ExitCode:
    """Carry out one command and answer it; what nobody foresaw is answered too, and then raised."""
    done = {"plan": _plan, "whatif": _whatif, "recommend": _recommend, "resume": _resume}.get(asked.name)
    name = asked.name if done else "unknown"
    session, number = context.session, context.comment.number
    before = last_reply(session, number, name)
    if before and (before.answers > context.comment.id or (name == "resume" and before.answers == context.comment.id)):
        note(f"{name}: a newer comment was answered, or this one was")
        return ExitCode.DONE
    if done is None:
        what = "is no command" if asked.name else "says nothing to do"
        _reply(context, name, f"{echo(asked.name, asked.words)} {what}. There is:\n\n{listed(HELP)}\n")
        return ExitCode.DONE
    try:
        text = done(context, asked.words)
    except BudgetsError as error:
        _reply(context, name, f"{echo(asked.name, asked.words)} was not done. {why(error)}\n")
        say(f"{asked.name}: {error.message}")
        return error.exit_code
    except Exception:
        _reply(
            context,
            name,
            f"{echo(asked.name, asked.words)} was not done: kt-budgets has a bug. The log of this run says more.\n",
        )
        raise
    _reply(context, name, f"{echo(asked.name, asked.words)}, asked by {safe(context.comment.login)}\n\n{text}\n")
    return ExitCode.DONE


def _plan(context: CommandContext, words: Sequence[str]) -> str:
    _refuse_words(words, "plan")
    if not context.pull.is_open:
        raise RefusedError(
            f"pull request {context.pull.number} is not open", hint="what was reviewed stays as it was shown"
        )
    with _merged(context) as (settings, base), tempfile.TemporaryDirectory(prefix="kt-budgets-") as place:
        shown = Path(place) / "shown.json"
        findings: Path | None = None
        try:
            _, saved = sealed_bytes(drafted(settings, since=base))
        except FindingsError as error:
            findings, saved = shown, FindingsDocument.of(error.findings).text().encode()
        shown.write_bytes(saved)
        stated = publish(
            plan_path=shown,
            budgets=settings.budgets,
            repo=str(context.session.repository),
            number=context.pull.number,
            findings_path=findings,
            suggestions_paths=(),
            with_check=True,
            dry_run=False,
        )
    context.tell(stated.text)
    context.planned.append(context.pull.number)
    head, onto = context.pull.head[:12], f"`{base[:12]}` of {safe(context.pull.base_ref)}"
    what = "has errors in its YAML, which the comment and the check show" if findings else "is planned"
    return f"The merge of `{head}` onto {onto} {what}: see the comment, and the check `kt-budgets / plan`."


def _whatif(context: CommandContext, words: Sequence[str]) -> str:
    told = _scenarios(words)
    supposed = Supposed(told.pop(WALLET, ()), told)
    if supposed.is_nothing:
        raise UsageError("nothing is supposed", hint="write such as `/kt-budgets whatif support/prod=14500`")
    with _merged(context) as (settings, _):
        return fenced(suppose(settings, supposed).rendered("text"))


def _scenarios(words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return what `words` suppose, by option; a word by itself is another target."""
    found: dict[str, tuple[str, ...]] = {}
    known = [f"--{option}" for option in (WALLET, *(each.option for each in what_ifs()))]
    left = list(words)
    while left:
        word = left.pop(0)
        option, sign, value = word.partition("=") if word.startswith("--") else (f"--{WALLET}", "=", word)
        if option not in known:
            raise UsageError(f"`{option}` is not known here", hint=f"there is {', '.join(known)}")
        if not sign:
            value = left.pop(0) if left else ""
        if "=" not in value:
            raise UsageError(f"`{value}` supposes nothing", hint="write such as support/prod=14500")
        found[option[2:]] = (*found.get(option[2:], ()), value)
    return found


def _recommend(context: CommandContext, words: Sequence[str]) -> str:
    if any(word.startswith("-") for word in words):
        raise UsageError("`recommend` takes the names of wallets alone here", hint="write such as support/prod")
    with _merged(context) as (settings, base):
        desired, _ = load_desired(settings)
        changed = changed_parts(load_at(settings.budgets, base), desired)
        funded = {wallet.team for wallet in desired.wallets.values()}
        return fenced(recommend(settings, RecommendRequest(words or sorted(changed & funded))).rendered("text"))


def _resume(context: CommandContext, words: Sequence[str]) -> str:
    _refuse_words(words, "resume")
    session, comment = context.session, context.comment
    branch = session.default_branch()
    where = comment.url or f"comment {comment.id}"
    reason = f"asked by {comment.login} in pull request {comment.number}: {where}"
    session.start("resume.yml", branch=branch, inputs={"reason": reason})
    page = session.page_of("resume.yml")
    return f"The [resume workflow]({page}) was started. It tells each pull request that it is about what came of it."


@contextmanager
def _merged(context: CommandContext) -> Iterator[tuple[Settings, str]]:
    """Yield the settings for the budgets as merging gives them now, and the commit that they would be merged onto.

    The pull request's files are read, a fork's as well, and nothing of them is run.
    """
    pull, budgets = context.pull, context.settings.budgets
    tip = tip_of(budgets, pull.base_ref)
    bring_commit(budgets, pull.head, pull.reference)
    if not tip or not is_here(budgets, pull.head):
        raise RefusedError(f"pull request {pull.number} got a new commit while this ran", hint="ask again")
    merge = merge_of(context.settings, pull.base_ref, tip, pull.head)
    with overlaid(KT_BUDGETS_TARGET=pull.base_ref), beside(context.settings, merge) as settings:
        yield settings, tip


def _refuse_words(words: Sequence[str], name: str) -> None:
    if words:
        raise UsageError(f"`{name}` takes nothing else here", hint=f"write `/kt-budgets {name}` alone on its line")


def _reply(context: CommandContext, name: str, text: str) -> None:
    session = context.session
    said = publish_reply(session, context.comment.number, name=name, answers=context.comment.id, text=text)
    context.tell(f"{name}: reply {said}")
