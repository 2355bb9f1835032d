"""A session with the forge: what was asked for and what the environment of a run says, together."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.forge_here import forge_around
from reconciler.findings import UsageError
from reconciler.forge.registry import is_ci, is_told, provider_of
from reconciler.settings import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.forge.change_request import ChangeRequest
    from reconciler.forge.ci_run import CiRun
    from reconciler.forge.protocol import Forge, Provider
    from reconciler.journal.attribution import Attribution
    from reconciler.model.forge_words import ForgeWords


def provider_in(folder: Path) -> Provider:
    """Return the forge of this run of CI, and outside of one that of the clone around a folder."""
    variables = environment()
    if is_ci(variables):
        return provider_of(variables)
    around = forge_around(folder)
    return provider_of(variables, remote=around.remote, usual=around.files)


def provider_here() -> Provider:
    """Return the forge of this run, or of the clone around the current folder."""
    return provider_in(Path.cwd())


def run_of_now() -> CiRun:
    """Return what CI says about this run; of a change request that is planned as merged, that it is its test merge."""
    variables = environment()
    run = provider_here().run_of(variables)
    target = variables.get("KT_BUDGETS_TARGET", "")
    return replace(run, target=target, is_test_merge=True) if target else run


def attribution_of_now() -> Attribution:
    """Return who acts and why, as far as the environment says; on a runner of CI that is a good deal."""
    from reconciler.journal.attribution import Attribution, local_user

    variables, run = environment(), run_of_now()
    known = {
        "commit": variables.get("KT_BUDGETS_COMMIT") or run.commit,
        "reference": run.reference,
        "event": run.event,
        "repository": run.repository,
        "pull_request": variables.get("KT_BUDGETS_PULL_REQUEST") or (str(run.number) if run.number else ""),
        "approved_by": variables.get("KT_BUDGETS_APPROVED_BY"),
        "reason": variables.get("KT_BUDGETS_REASON"),
    }
    who = variables.get("KT_BUDGETS_ACTOR") or run.actor or local_user()
    url = variables.get("KT_BUDGETS_RUN_URL") or run.url
    return Attribution(who, url, {name: value for name, value in known.items() if value})


def forge_session(repo: str | None, *, recorded_by: str = "") -> AbstractContextManager[Forge]:
    """Open the repository that `--repo` or the run names; `recorded_by` is whose checks count as ours.

    Raises UsageError in the clone of a forge of its own, where the token would go to the one of everybody.
    """
    variables = environment()
    provider = provider_here()
    if not is_ci(variables) and provider.is_named(variables):
        _refuse_elsewhere(provider, variables)
    return provider.open(variables, provider.run_of(variables), repository=repo, recorded_by=recorded_by)


def _refuse_elsewhere(provider: Provider, variables: Mapping[str, str]) -> None:
    """Refuse to send the token of a forge on another host to that of everybody."""
    host, (setting, usual) = forge_around(Path.cwd()).host, provider.address
    if variables.get(setting) or provider.address.is_at(host):
        return
    raise UsageError(
        f"{host} is where this clone comes from, and without {setting} the token would go to {usual}; nothing was sent",
        hint=f"`export {setting}={provider.api_at(host)}`, or whatever else its address is",
    )


def request_of(session: Forge, number: int | None) -> ChangeRequest:
    """Return the change request that was named, else the one that this run is for."""
    wanted = number or session.run.number
    if wanted is None:
        raise UsageError(f"no {session.words.request} was named", hint="name one with `--pr N`")
    return session.change_request(wanted)


def forge_words() -> ForgeWords:
    """Return what people on the forge of this run call things."""
    return provider_here().words


def words_in(folder: Path) -> ForgeWords:
    """Return what those call things who work on the budgets in `folder`.

    Where neither this run nor the repository tells of a forge, by its remote or a file of its CI, they run commands.
    """
    is_nowhere = not is_told(environment()) and forge_around(folder).is_none
    return replace(provider_in(folder).words, commands=is_nowhere)
