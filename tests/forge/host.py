"""A forge for tests that hold on each of them: what it knows, where it is, and what its CI says of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from forge.github_standin import State
from forge.gitlab_state import GitLabState

FORGES = ("github", pytest.param("gitlab", marks=pytest.mark.slow))
"""Coverage needs what they share on one of them; what one has to itself has quick tests of its own."""

_NOTHING = {
    "CI_COMMIT_SHA": "",
    "GITHUB_EVENT_PATH": "",
    "GITHUB_REF": "",
    "GITHUB_SHA": "",
    "GITHUB_STEP_SUMMARY": "",
    "KT_BUDGETS_GITHUB_LOGIN": "",
}


@dataclass(frozen=True)
class Host:
    """One forge, served at `url`."""

    state: State
    url: str

    @property
    def is_gitlab(self) -> bool:
        return isinstance(self.state, GitLabState)

    @property
    def variables(self) -> dict[str, str]:
        """What a job's environment says of the forge."""
        if self.is_gitlab:
            reached = {"GITLAB_CI": "true", "CI_API_V4_URL": self.url, "GITLAB_TOKEN": "glpat-bot"}
            return {**_NOTHING, **reached, "CI_PROJECT_PATH": self.state.repository, "CI_PIPELINE_ID": ""}
        reached = {"GITHUB_API_URL": self.url, "GITHUB_TOKEN": "ghs_actions"}
        return {**_NOTHING, **reached, "GITHUB_REPOSITORY": self.state.repository, "GITHUB_RUN_ID": ""}

    def of_run(self, number: int, attempt: int = 1) -> Mapping[str, str]:
        """What numbers a run: later ones have larger numbers. On GitLab one that is started again has but its own."""
        if self.is_gitlab:
            return {"CI_PIPELINE_ID": str(number)}
        return {"GITHUB_RUN_ID": str(number), "GITHUB_RUN_ATTEMPT": str(attempt)}

    def of_commit(self, commit: str) -> Mapping[str, str]:
        """What says which commit a run is about."""
        return {"CI_COMMIT_SHA" if self.is_gitlab else "GITHUB_SHA": commit}

    def of_push(self, commit: str) -> Mapping[str, str]:
        """What says that a push to the default branch started the run."""
        return {"CI_PIPELINE_SOURCE" if self.is_gitlab else "GITHUB_EVENT_NAME": "push", **self.of_commit(commit)}

    @property
    def by_hand(self) -> Mapping[str, str]:
        """What says that somebody started the run."""
        return {"CI_PIPELINE_SOURCE": "web"} if self.is_gitlab else {"GITHUB_EVENT_NAME": "workflow_dispatch"}

    @property
    def by_the_clock(self) -> Mapping[str, str]:
        """What says that the clock started the run."""
        return {"CI_PIPELINE_SOURCE" if self.is_gitlab else "GITHUB_EVENT_NAME": "schedule"}

    def given(self, name: str) -> str:
        """What is called `name` among the inputs of a run that is started by hand."""
        return f"KT_BUDGETS_{name.upper()}" if self.is_gitlab else name

    @property
    def check(self) -> str:
        """What says how a commit stands."""
        return "status" if self.is_gitlab else "check run"

    @property
    def name(self) -> str:
        return "GitLab" if self.is_gitlab else "GitHub"

    @property
    def request(self) -> str:
        """What a change request is called."""
        return "merge request" if self.is_gitlab else "pull request"

    @property
    def place(self) -> str:
        """What holds the code."""
        return "project" if self.is_gitlab else "repository"

    @property
    def pipeline(self) -> str:
        """What runs the commands in CI."""
        return "pipeline" if self.is_gitlab else "workflow"

    @property
    def sign(self) -> str:
        """What stands before the number of a change request."""
        return "!" if self.is_gitlab else "#"

    @property
    def of_test_merge(self) -> Mapping[str, str]:
        """What says that a merge into main is checked out which was made to show what merging gives."""
        if self.is_gitlab:
            return {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_EVENT_TYPE": "merged_result"}
        return {"GITHUB_BASE_REF": "main"}
