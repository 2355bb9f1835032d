"""Which forge a run is on: the one place that knows the packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.forge.protocol import Provider


def is_told(variables: Mapping[str, str]) -> bool:
    """Whether the environment tells of a forge, by its CI or by its token."""
    return any(variables.get(name) for name in ("GITHUB_ACTIONS", "GITHUB_TOKEN", "GITLAB_CI", "GITLAB_TOKEN"))


def provider_of(variables: Mapping[str, str], *, usual: str = "") -> Provider:
    """Return the forge that the environment tells of, by its CI or else by its token; where it tells of none, `usual`.

    That is `gitlab`, or whatever else for GitHub.
    """
    by_token = (variables.get("GITLAB_TOKEN") or usual == "gitlab") and not variables.get("GITHUB_TOKEN")
    if (variables.get("GITLAB_CI") or by_token) and not variables.get("GITHUB_ACTIONS"):
        from reconciler.forge.gitlab.provider import PROVIDER as GITLAB

        return GITLAB
    from reconciler.forge.github.ci_run import words_of
    from reconciler.forge.github.provider import GitHubProvider

    return GitHubProvider(words_of(variables))
