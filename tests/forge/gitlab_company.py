"""A company on GitLab: the jobs of its pipeline run as they are shipped, each on a fresh clone, as on a runner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forge.budget_repository import BudgetRepository
from forge.company import Company
from forge.foreign_words import refuse_foreign_words
from forge.gitlab_shell import Done, run_job
from forge.gitlab_state import PROJECT, GitLabState

BILLING = {"BUDGETS_BOT_TOKEN": "glpat-bot", "GITLAB_USER_LOGIN": "bob"}


@dataclass
class GitLabCompany(Company):
    """Does with GitLab's jobs what a company on GitHub does with its workflows."""

    done: list[Done] = field(default_factory=list)

    @property
    def statuses(self) -> list[dict[str, Any]]:
        assert isinstance(self.github, GitLabState)
        return self.github.statuses

    def actions(
        self,
        workflow: str,
        job: str,
        *,
        commit: str,
        event: dict[str, Any],
        by: str = "",
        inputs: Mapping[str, str] | None = None,
    ) -> Any:
        """Run the job that a schedule starts, or somebody `by` hand, for what a workflow does."""
        del job, event
        task = workflow.removesuffix(".yml")
        asked = {f"KT_BUDGETS_{name.upper()}": value for name, value in (inputs or {}).items()}
        source = "web" if by == "workflow_dispatch" else "schedule"
        return self.job(task, commit=commit, source=source, **{"KT_BUDGETS_TASK": task, **asked})

    def job(self, name: str, *, commit: str, source: str, **variables: str) -> Done:
        """Run one job on a fresh clone; only pipelines of the default branch have protected variables."""
        self.runs += 1
        place = self.place / f"run-{self.runs}"
        place.mkdir()
        self.repository.git("clone", "--quiet", "--no-checkout", str(self.repository.remote), str(place / "checkout"))
        checkout = BudgetRepository(place / "checkout", self.repository.remote)
        checkout.git("checkout", "--quiet", "--detach", commit)
        protected = {
            "KEEPTRUSTS_READ_TOKEN": self.sandbox.read_token,
            "KEEPTRUSTS_BILLING_TOKEN": self.sandbox.billing_token,
            "CI_COMMIT_BRANCH": "main",
            **BILLING,
        }
        done = run_job(
            name,
            checkout=checkout.folder,
            kept=place / "kept",
            command=self.place / "bin",
            variables={
                "CI": "true",
                "GITLAB_CI": "true",
                "CI_API_V4_URL": self.github_url,
                "CI_SERVER_URL": f"file://{self.repository.remote.parent}",
                "CI_PROJECT_PATH": self.github.repository,
                "CI_PROJECT_ID": str(PROJECT),
                "CI_DEFAULT_BRANCH": "main",
                "CI_COMMIT_SHA": commit,
                "CI_PIPELINE_ID": str(1000 + self.runs),
                "CI_PIPELINE_SOURCE": source,
                "CI_JOB_URL": f"https://gitlab.test/-/jobs/{self.runs}",
                "KEEPTRUSTS_API_URL": self.sandbox.url,
                # Of a runner, the clone's address: here it is a folder, whatever the project is called.
                "GIT_CONFIG_VALUE_0": str(self.repository.remote),
                **({} if source == "merge_request_event" else protected),
                **variables,
            },
        )
        self.logs += done.log
        self.done.append(done)
        refuse_foreign_words(self.github, str(done.log))
        return done

    def planned(self, *, is_valid: bool = True) -> Any:
        """Validate merge request 128 in its own pipeline, and show it in one of the default branch."""
        number = {"CI_MERGE_REQUEST_IID": "128", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
        head = self.github.pulls[128].head
        validated = self.job("validate", commit=head, source="merge_request_event", **number)
        assert validated.code == (0 if is_valid else 3), self.logs[-1]
        assert (validated.artifacts / "gl-code-quality-report.json").exists()
        shown = self.job("review", commit=self.repository.git("rev-parse", "main"), source="trigger")
        assert shown.code == 0, self.logs[-1]
        return shown if is_valid else validated

    def apply(self, commit: str) -> Any:
        return self.job("apply", commit=commit, source="push")
