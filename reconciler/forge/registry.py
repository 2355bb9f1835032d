"""Which forge a run is on: the one place that knows the packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.forge.protocol import Provider


def provider_of(variables: Mapping[str, str]) -> Provider:
    """Return the forge that the environment tells of, by its CI or else by its token; GitHub where it tells of none."""
    is_gitlab = variables.get("GITLAB_CI") or (variables.get("GITLAB_TOKEN") and not variables.get("GITHUB_TOKEN"))
    if is_gitlab and not variables.get("GITHUB_ACTIONS"):
        from reconciler.forge.gitlab.provider import PROVIDER as GITLAB

        return GITLAB
    from reconciler.forge.github.ci_run import words_of
    from reconciler.forge.github.provider import GitHubProvider

    return GitHubProvider(words_of(variables))
