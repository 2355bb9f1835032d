"""GitLab as the registry knows it."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.forge.ci_run import CiRun
from reconciler.forge.gitlab import ci_run


class _GitLab:
    def run_of(self, variables: Mapping[str, str]) -> CiRun:
        return ci_run.run_of(variables)


PROVIDER = _GitLab()
