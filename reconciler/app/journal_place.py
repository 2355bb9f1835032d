"""The one journal of an organization: where org.yaml says, else beside the budgets, and never a second one.

Decision 0019.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from shlex import quote

from reconciler.app.forge_session import attribution_of_now, run_of_now
from reconciler.app.listening import say
from reconciler.clock import SystemClock
from reconciler.findings import FindingsError, RefusedError, UsageError
from reconciler.git.places import repository_root, work_tree
from reconciler.journal.file_store import FileStore
from reconciler.journal.place import DEFAULT, Place, names_store, open_store, others, place_of, remotes_with_journal
from reconciler.model.organization import OrganizationBudget
from reconciler.settings import Settings, environment
from reconciler.source.load import declared_in, load

VARIABLE = "KT_BUDGETS_JOURNAL"


def settled(budgets: Path, asked: str | None, *, moves: bool = False, begins: bool = False) -> Place:
    """Return where the journal of the organization in `budgets` is.

    org.yaml decides. Where it says nothing it is what is `asked` for with --journal (seen from the current folder) or
    named by the environment (seen from the repository), else a file at the top of the repository.
    Raises RefusedError for what contradicts org.yaml, and for what would be a second journal, unless the command
    `moves` the one there is, or writes to none; FindingsError where it would be one for want of an org.yaml, unless
    the command `begins` the budgets.
    """
    root = root_of(budgets)
    organization, declared = declared_in(budgets)
    variable = environment().get(VARIABLE)
    named = (
        place_of(asked, root=root, seen_from=Path.cwd())
        if asked
        else place_of(variable, root=root, seen_from=root)
        if variable
        else None
    )
    if declared:
        _check(budgets, declared)
        own = place_of(declared, root=root, seen_from=root)
        if named not in (None, own) and named.identity != own.identity:
            raise _contradiction(budgets, own, named, "--journal" if asked else VARIABLE)
        if not moves:
            _refuse_second(budgets, own, organization, is_declared=True)
        return own
    place = named or place_of(DEFAULT, root=root, seen_from=root)
    if not moves:
        with nullcontext() if begins or organization else _org_yaml_first(budgets):
            _refuse_second(budgets, place, organization, is_declared=False)
            if place.file is not None and not place.holds_records:
                refuse_beside_git(budgets, place)
    return place


@contextmanager
def _org_yaml_first(budgets: Path) -> Iterator[None]:
    """Say what is wrong with a folder whose org.yaml cannot be read before what follows from that."""
    try:
        yield
    except RefusedError:
        loaded = load(budgets)
        if loaded.desired is None:
            raise FindingsError(loaded.findings, budgets=str(budgets)) from None
        raise


def journal_of(
    budgets: Path,
    asked: str | None,
    *,
    sandbox: bool = False,
    moves: bool = False,
    begins: bool = False,
    alone: bool = False,
    passing: str | None = None,
) -> tuple[str | None, Path]:
    """Return the journal of a command, and the folder that it is seen from.

    Unless the command `begins` the budgets they are there; for one that reads a journal `alone`, where nothing else
    tells whose remote is meant.

    In a `sandbox` it is what is `asked` for, else `passing`, which ends with the command: what was done to a
    ledger that is gone is nobody's history. Raises what `settled` raises, and FindingsError where there is no folder.
    """
    if sandbox:
        return from_here(asked, budgets) if asked else passing, root_of(budgets)
    place = settled(budgets, asked, moves=moves, begins=begins)
    goes_on = begins or (alone and (not place.is_remote or work_tree(budgets)))
    if not (goes_on or budgets.is_dir()):
        raise FindingsError(load(budgets).findings, budgets=str(budgets))
    return place.name, place.folder


def root_of(budgets: Path) -> Path:
    """Return the folder that relative journals are seen from: the repository of the budgets, else what holds them."""
    return repository_root(budgets) or budgets.resolve().parent


def from_here(asked: str, budgets: Path) -> str:
    """Return the journal that is `asked` for in the current folder, as it is called everywhere."""
    return place_of(asked, root=root_of(budgets), seen_from=Path.cwd()).name


def refuse_beside_git(budgets: Path, place: Place) -> None:
    """Raise RefusedError when `place` is a file and a remote of the repository keeps a journal."""
    having, silent = remotes_with_journal(budgets.resolve() if budgets.is_dir() else place.folder)
    if having:
        raise RefusedError(
            f"the remote {having[0]} keeps this organization's journal (refs/kt-budgets/journal), and {place.shown}"
            " would be a second one: money would be moved twice; nothing was written",
            hint=f"add `journal: git:{having[0]}` to {budgets / 'org.yaml'}, or name it: --journal git:{having[0]}",
        )
    for sentence in silent:
        say(f"{sentence}; if its journal is there, say so in org.yaml: journal: git:REMOTE")


def refuse_beside_git_unless_said(settings: Settings, organization: OrganizationBudget) -> None:
    """Do the same for a journal that has records already, unless org.yaml says that it is the one."""
    place = Place(settings.journal, settings.root)
    if settings.sandbox or place.file is None or organization.journal:
        return
    if place.holds_records:
        refuse_beside_git(settings.budgets, place)


def _check(budgets: Path, declared: str) -> None:
    """Raise every finding of the YAML when what it says about the journal is one of them."""
    if not names_store(declared):
        raise FindingsError(load(budgets).findings, budgets=str(budgets))


def _contradiction(budgets: Path, own: Place, named: Place, by: str) -> RefusedError:
    variables = environment()
    hint = f"leave {by} out; to move the journal, change `journal` in org.yaml, and do what the next command says"
    if own.file is not None and named.file is None and (run_of_now().cause or variables.get("CI")):
        hint = (
            f"write `journal: {named.shown}` into {budgets / 'org.yaml'}: a file on a runner is gone after the job. If"
            f" something was recorded in the file, run after that, in the clone that has it: {_to_git(own, own.file)}"
        )
    return RefusedError(
        f"{budgets / 'org.yaml'} says that the journal is {own.shown}, and {by} names {named.shown}: with two journals"
        " money would be moved twice; nothing was written",
        hint=hint,
    )


def _to_git(own: Place, file: Path) -> str:
    """Return what moves the records of a declared file to the git remote that org.yaml names by then."""
    moved = 'kt-budgets resume --move-journal --reason "CI applies"'
    usual = place_of(DEFAULT, root=own.folder, seen_from=own.folder).file
    if usual is None or file == usual:
        return moved
    old, new = (path.relative_to(own.folder) if path.is_relative_to(own.folder) else path for path in (file, usual))
    return f"mkdir -p {new.parent} && mv {old} {new} && mv {old}.head {new}.head && {moved}"


def refuse_nowhere(settings: Settings) -> None:
    """Raise UsageError when somebody named a file that is not there; org.yaml may name one before it is begun."""
    place, usual = (
        Place(settings.journal, settings.root),
        place_of(DEFAULT, root=settings.root, seen_from=settings.root),
    )
    if settings.sandbox or place.file is None or place.file.exists() or declared_in(settings.budgets)[1]:
        return
    if place.identity != usual.identity:
        raise UsageError(
            f"there is no journal at {place.shown}",
            hint=f"name the file that runs are recorded in, or leave --journal and {VARIABLE} out: then it is"
            f" {usual.shown}",
        )


def beside(budgets: Path, place: Place, organization: str) -> Path | None:
    """Return the file with another journal of `organization` than `place`, None where there is none around here."""
    around = [place.folder, budgets.resolve().parent, Path.cwd(), work_tree(budgets) or place.folder]
    return next(others(place, around, organization), None)


def _refuse_second(budgets: Path, place: Place, organization: str, *, is_declared: bool) -> None:
    """Raise RefusedError when `place` has no records, and a file around here has some."""
    if place.holds_records or (found := beside(budgets, place, organization)) is None:
        return
    if place.file is None:
        if open_store(place.name, folder=place.folder).load().lines:
            return
        named, without = ("", "") if is_declared else (f" --journal {quote(place.shown)}", "leave --journal out; or ")
        cure = f'{without}move its records there: kt-budgets resume{named} --move-journal --reason "WHY"'
    else:
        cure = _by_hand(found, place.file, is_declared=is_declared)
    raise RefusedError(
        f"this organization has a journal at {found}, and {place.shown} would be a second one: money would be moved"
        " twice; nothing was written",
        hint=f"go on with the one there is: {cure}",
    )


def _by_hand(found: Path, file: Path, *, is_declared: bool) -> str:
    """Return how to go on with the journal that was `found`, where `file` is asked for."""
    names = sorted(found.parent.glob(f"{found.name}*"))
    if found.name == file.name:
        return f"mkdir -p {file.parent} && mv {' '.join(map(str, names))} {file.parent}/"
    if not is_declared:
        return f"--journal file:{found}"
    whole = [path for path in (found, found.with_name(f"{found.name}.head")) if path.exists()]
    moves = (f"mv {path} {file.with_name(file.name + path.name.removeprefix(found.name))}" for path in whole)
    return " && ".join((f"mkdir -p {file.parent}", *moves))


def move_here(settings: Settings, organization: str, reason: str) -> str:
    """Move the file with the organization's journal to the git remote of `settings`; return what was done.

    `reason` is recorded. Raises UsageError where there is nothing to move, and what `move` raises.
    """
    from reconciler.journal.move import move

    place = Place(settings.journal, settings.root)
    found = beside(settings.budgets, place, organization)
    if settings.sandbox or place.file is not None or found is None:
        raise UsageError(
            f"there is no journal in a file to move to {place.shown}; nothing was moved",
            hint="--move-journal moves .kt-budgets/journal to a git remote: `journal: git:origin` in org.yaml",
        )
    clock, who = SystemClock(), attribution_of_now()
    count, aside = move(
        FileStore(found),
        open_store(place.name, folder=place.folder),
        organization=organization,
        owner=who.owner(f"move-{clock.now():%Y%m%dT%H%M%S}Z"),
        clock=clock,
        facts={"reason": reason, **who.facts()},
    )
    return f"The journal is {place.shown} now: {count} records were moved, and the old file is kept as {aside}."
