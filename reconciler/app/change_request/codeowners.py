"""`kt-budgets pr codeowners`: the code owners and the ruleset that belong to the budgets, written or verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote

from reconciler.app.checkout import git, prefix
from reconciler.app.forge_session import forge_session, provider_in, run_of_now
from reconciler.app.listening import say
from reconciler.files import write_whole
from reconciler.findings import ExitCode, FindingsError, UsageError
from reconciler.forge.codeowners import rules, with_block
from reconciler.forge.protocol import Provider
from reconciler.git.places import left_out
from reconciler.model.change_request import CodeOwnersDocument, Obstacle
from reconciler.model.json_text import json_text
from reconciler.report.renderers import Statement
from reconciler.settings import environment
from reconciler.source.load import load


def codeowners(*, budgets: Path, check: bool, ruleset_path: Path | None, repo: str | None) -> Statement:
    """Write the block into CODEOWNERS and the ruleset into a file; with `check`, say what is not as it should be.

    Raises:
        FindingsError: the YAML has errors.
        UsageError: org.yaml names no owners, or a file cannot be read or written.
        RemoteError: the forge cannot be read.
    """
    top = Path(git(budgets, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    provider = provider_in(top)
    file = provider.owners_file
    path, found = _file(top, file.places)
    lines = [*([f"[{file.section}]"] if file.section else []), *_rules(budgets, file.guarded)]
    wanted = {path: with_block(found, lines, guarded=file.guarded)}
    if ruleset_path:
        wanted[ruleset_path] = _ruleset(provider)
    changed = [place for place, text in wanted.items() if _read(place) != text]
    problems: list[Obstacle] = []
    if check:
        cure = (
            f"kt-budgets pr codeowners{f' --ruleset {quote(str(ruleset_path))}' if ruleset_path else ''}, and commit it"
        )
        problems += [Obstacle(message=f"{place} is not what the budget files say", cure=cure) for place in changed]
        problems += _on_the_forge(repo, provider)
    else:
        for place in changed:
            _write(place, wanted[place])
    files, written = tuple(map(str, wanted)), tuple(map(str, changed))
    facts = CodeOwnersDocument(files=files, changed=written, problems=tuple(problems))
    code = ExitCode.FINDINGS if problems else ExitCode.DONE
    return Statement(facts, "\n".join(_lines(facts, check=check)), code)


def _lines(facts: CodeOwnersDocument, *, check: bool) -> Iterator[str]:
    for place in facts.files:
        if not check:
            yield f"{place}: {'written' if place in facts.changed else 'is current'}"
        elif place not in facts.changed:
            yield f"{place}: is current"
    for problem in facts.problems:
        yield f"{problem.message}\n  fix: {problem.cure}"


def _file(top: Path, read: Sequence[str]) -> tuple[Path, str]:
    """Return the CODEOWNERS file that the forge reads, with its text; where there is none, the one to begin."""
    here, absent = Path.cwd(), left_out(top)
    if lost := next((place for place in read if place in absent), None):
        hint = "`git sparse-checkout disable` brings all files here"
        raise UsageError(f"{lost} is left out of this checkout, so what it says would be lost", hint=hint)
    places = [top / place for place in read]
    path = next((place for place in places if place.is_file()), places[0])
    return (path.relative_to(here) if path.is_relative_to(here) else path), _read(path) or ""


def _rules(budgets: Path, guarded: Sequence[str]) -> list[str]:
    loaded = load(budgets)
    if loaded.desired is None:
        raise FindingsError(loaded.findings, budgets=str(budgets))
    organization = loaded.desired.organization
    if not organization.owners:
        raise UsageError(
            "org.yaml names no `owners`", hint='name who approves for the organization: owners: ["@acme/finance"]'
        )
    teams = {name: team.owners for name, team in loaded.desired.teams.items()}
    return rules(
        str(prefix(budgets)),
        organization.owners,
        teams,
        guarded=guarded,
        guards=organization.approvals.platform,
    )


def _ruleset(provider: Provider) -> str:
    document = provider.ruleset(environment())
    if document is None:
        hint = "leave `--ruleset` out; `kt-budgets pr codeowners --check` names the settings that hold a change back"
        raise UsageError("this forge takes no ruleset", hint=hint)
    return json_text(document, sort_keys=False)


def _on_the_forge(repo: str | None, provider: Provider) -> Iterator[Obstacle]:
    """Yield what the forge finds wrong; nothing where no repository or no token was named."""
    if not provider.is_named(environment()) or not (repo or run_of_now().repository):
        words = provider.words
        say(f"{words.forge} was not asked: {words.token} or the repository (`--repo`) is not named")
        return
    with forge_session(repo) as session:
        for flaw in session.flaws():
            yield Obstacle(message=flaw.message, cure=flaw.cure)


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as text: {error}", hint="correct that file") from None


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint="choose a place that can be written"
        ) from None
