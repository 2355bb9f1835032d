"""A session with the forge: what was asked for and what the environment of a run says, together."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.findings import UsageError
from reconciler.forge.registry import provider_of
from reconciler.settings import environment

if TYPE_CHECKING:
    from reconciler.forge.change_request import ChangeRequest
    from reconciler.forge.ci_run import CiRun
    from reconciler.forge.protocol import Forge
    from reconciler.journal.attribution import Attribution
    from reconciler.model.forge_words import ForgeWords


def run_of_now() -> CiRun:
    """Return what CI says about this run; of a change request that is planned as merged, that it is its test merge."""
    variables = environment()
    run = provider_of(variables).run_of(variables)
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
    """Open the repository that `--repo` or the run names; `recorded_by` is whose checks count as ours."""
    variables = environment()
    provider = provider_of(variables)
    return provider.open(variables, provider.run_of(variables), repository=repo, recorded_by=recorded_by)


def request_of(session: Forge, number: int | None) -> ChangeRequest:
    """Return the change request that was named, else the one that this run is for."""
    wanted = number or session.run.number
    if wanted is None:
        raise UsageError(f"no {session.words.request} was named", hint="name one with `--pr N`")
    return session.change_request(wanted)


def forge_words() -> ForgeWords:
    """Return what people on the forge of this run call things."""
    return provider_of(environment()).words
