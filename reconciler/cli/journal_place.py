"""The one journal of an organization: where org.yaml says, else beside the budgets, and never a second one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.findings import FindingsError, RefusedError
from reconciler.settings import environment

if TYPE_CHECKING:
    from reconciler.apply.place import Place
    from reconciler.settings import Settings

VARIABLE = "KT_BUDGETS_JOURNAL"


def settled(budgets: Path, asked: str | None) -> Place:
    """Return where the journal of the organization in `budgets` is.

    org.yaml decides. Where it says nothing it is what is `asked` for with --journal (seen from the current folder) or
    named by the environment (seen from the repository), else a file at the top of the repository.
    Raises RefusedError for what contradicts org.yaml, and for what would be a second journal.
    """
    from reconciler.apply.place import DEFAULT, place_of
    from reconciler.source.journal import declared_in

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
        if named is not None and named.identity != own.identity:
            raise _contradiction(budgets, own, named, "--journal" if asked else VARIABLE)
        return own
    place = named or place_of(DEFAULT, root=root, seen_from=root)
    if place.file is not None and not place.holds_records:
        _refuse_second(budgets, place, organization)
        refuse_beside_git(budgets, place)
    return place


def root_of(budgets: Path) -> Path:
    """Return the folder that relative journals are seen from: the repository of the budgets, else what holds them."""
    from reconciler.git.places import repository_root

    return repository_root(budgets) or budgets.resolve().parent


def from_here(asked: str, budgets: Path) -> str:
    """Return the journal that is `asked` for in the current folder, as it is called everywhere."""
    from reconciler.apply.place import place_of

    return place_of(asked, root=root_of(budgets), seen_from=Path.cwd()).name


def refuse_beside_git(budgets: Path, place: Place) -> None:
    """Raise RefusedError when `place` is a file and a remote of the repository keeps a journal."""
    from reconciler.apply.place import remotes_with_journal

    having, silent = remotes_with_journal(budgets.resolve() if budgets.is_dir() else place.folder)
    if having:
        raise RefusedError(
            f"the remote {having[0]} keeps this organization's journal (refs/kt-budgets/journal), and {place.shown}"
            " would be a second one: money would be moved twice; nothing was written",
            hint=f"add `journal: git:{having[0]}` to {budgets / 'org.yaml'}, or name it: --journal git:{having[0]}",
        )
    for sentence in silent:
        click.echo(
            f"kt-budgets: {sentence}; if its journal is there, say so in org.yaml: journal: git:REMOTE", err=True
        )


def refuse_beside_git_unless_said(settings: Settings) -> None:
    """Do the same for a journal that has records already, unless org.yaml says that it is the one."""
    from reconciler.apply.place import Place
    from reconciler.source.journal import declared_in

    place = Place(settings.journal, settings.root)
    if settings.sandbox or place.file is None or declared_in(settings.budgets)[1]:
        return
    if place.holds_records:
        refuse_beside_git(settings.budgets, place)


def _check(budgets: Path, declared: str) -> None:
    """Raise every finding of the YAML when what it says about the journal is one of them."""
    from reconciler.apply.store import names_store
    from reconciler.source.load import load

    if not names_store(declared):
        raise FindingsError(load(budgets).findings)


def _contradiction(budgets: Path, own: Place, named: Place, by: str) -> RefusedError:
    return RefusedError(
        f"{budgets / 'org.yaml'} says that the journal is {own.shown}, and {by} names {named.shown}: with two journals"
        " money would be moved twice; nothing was written",
        hint=f"leave {by} out; to move the journal, change `journal` in org.yaml",
    )


def _refuse_second(budgets: Path, place: Place, organization: str) -> None:
    from reconciler.apply.place import others
    from reconciler.git.places import work_tree

    around = [place.folder, budgets.resolve().parent, Path.cwd(), work_tree(budgets) or place.folder]
    found = next(others(place, around, organization), None)
    if found is None:
        return
    assert place.file is not None  # noqa: S101
    target = place.file.parent
    names = " ".join(str(path) for path in sorted(found.parent.glob(f"{found.name}*")))
    move = f"mkdir -p {target} && mv {names} {target}/" if found.name == place.file.name else f"--journal file:{found}"
    raise RefusedError(
        f"this organization has a journal at {found}, and {place.shown} would be a second one: money would be moved"
        " twice; nothing was written",
        hint=f"go on with the one there is: {move}",
    )
