"""Which forge a run is on: the one place that knows the packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.forge.protocol import Provider


def is_ci(variables: Mapping[str, str]) -> bool:
    """Whether the environment is that of a forge's CI."""
    return any(variables.get(name) for name in ("GITHUB_ACTIONS", "GITLAB_CI"))


def is_told(variables: Mapping[str, str]) -> bool:
    """Whether the environment tells of a forge, by its CI or by its token."""
    return is_ci(variables) or any(variables.get(name) for name in _TOKENS.values())


def provider_of(variables: Mapping[str, str], *, remote: str = "", usual: str = "") -> Provider:
    """Return the forge whose CI the environment is of, else that of the `remote`, by a token, and at last the `usual`.

    A token that is set for everything says least: the clone of another forge has its requests there. Both are `gitlab`,
    or whatever else for GitHub; an empty text where nothing tells.
    """
    by_ci = "github" if variables.get("GITHUB_ACTIONS") else "gitlab" if variables.get("GITLAB_CI") else ""
    by_token = next((name for name, token in _TOKENS.items() if variables.get(token)), "")
    if (by_ci or remote or by_token or usual) == "gitlab":
        from reconciler.forge.gitlab.provider import PROVIDER as GITLAB

        return GITLAB
    from reconciler.forge.github.ci_run import words_of
    from reconciler.forge.github.provider import GitHubProvider

    return GitHubProvider(words_of(variables))


_TOKENS = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN"}
