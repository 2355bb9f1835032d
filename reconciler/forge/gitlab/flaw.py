"""What is not as it should be in a project, or will not be: what comes past the check, and a token that ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from reconciler.findings import RejectedError, UnauthorizedError
from reconciler.forge.check import GATE
from reconciler.forge.gitlab.channel import escaped
from reconciler.forge.gitlab.merge_request import Project
from reconciler.forge.protocol import Flaw

_NO_ONE = 0
_SOON = timedelta(days=30)


def flaws(project: Project, document: Mapping[str, Any], branch: str) -> Iterator[Flaw]:
    """Yield what of the project's settings lets a change in without the check, or without a merge request."""
    if document.get("only_allow_merge_if_pipeline_succeeds") is not True:
        yield Flaw(
            f"a merge request into {branch} may be merged while `{GATE}` waits",
            "switch on Settings > Merge requests > Pipelines must succeed",
        )
    found = project.channel.find(f"{project.path}/protected_branches/{escaped(branch)}")
    if not isinstance(found, Mapping):
        yield Flaw(f"{branch} is not protected", "protect it, in Settings > Repository > Protected branches")
        return
    levels = found.get("push_access_levels") or ()
    if any(isinstance(item, Mapping) and item.get("access_level") != _NO_ONE for item in levels):
        yield Flaw(
            f"{branch} takes pushes past merge requests",
            "choose `No one` for `Allowed to push and merge`, in Settings > Repository > Protected branches",
        )


def warnings(project: Project, today: date) -> Iterator[Flaw]:
    """Yield that the token ends soon, as each of GitLab does after a year at most; nothing where that is not told."""
    try:
        found = project.channel.get("/personal_access_tokens/self")
        ends = date.fromisoformat(str(found["expires_at"]))
    except (UnauthorizedError, RejectedError, KeyError, TypeError, ValueError):
        return
    if ends - today <= _SOON:
        yield Flaw(
            f"the token in GITLAB_TOKEN ends on {ends}; from then on nothing is shown, recorded or applied",
            "rotate it, in Settings > Access tokens, and put what that gives into the variable: its bot stays the same;"
            " a new token is another bot, for which no record and no approval counts",
        )
