"""GitLab as the registry knows it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from reconciler.forge.ci_run import CiRun
from reconciler.forge.gitlab import ci_run
from reconciler.forge.protocol import OwnersFile

if TYPE_CHECKING:
    from reconciler.forge.protocol import Forge


class _GitLab:
    owners_file = OwnersFile(("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"), (".gitlab/", ".gitlab-ci.yml"))

    def ruleset(self, variables: Mapping[str, str]) -> None:
        del variables

    def is_named(self, variables: Mapping[str, str]) -> bool:
        return bool(variables.get("GITLAB_TOKEN"))

    def run_of(self, variables: Mapping[str, str]) -> CiRun:
        return ci_run.run_of(variables)

    def open(
        self, variables: Mapping[str, str], run: CiRun, *, repository: str | None = None, recorded_by: str = ""
    ) -> AbstractContextManager[Forge]:
        from reconciler.forge.gitlab.forge import opened

        return opened(variables, run, repository=repository, recorded_by=recorded_by)


PROVIDER = _GitLab()
