"""The same organization on GitLab: its pipeline's jobs do what the workflows do elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from forge.gitlab_state import GitLabState
from forge.month_commands import of_gitlab
from forge.month_office import Office

from reconciler.findings import ExitCode
from reconciler.forge.check import PLAN

_SOURCES = {"": "", "push": "push", "workflow_dispatch": "web"}


class GitLabOffice(Office):
    """Runs jobs of the pipeline. Nothing runs on an approval, and the review job shows what is open."""

    sign, bot = "!", "renovate"
    ways = ("merge", "squash")
    of_nobody = {"GITLAB_CI": "", "GITLAB_TOKEN": "", "CI_PIPELINE_ID": "", "CI_COMMIT_SHA": ""}
    of_writers = {}
    script = staticmethod(of_gitlab)

    @property
    def state(self) -> GitLabState:
        assert isinstance(self.github, GitLabState)
        return self.github

    def told(self, event: str, commit: str, run: tuple[int, int], ref: str, payload: Path) -> dict[str, str]:
        return {
            "GITLAB_CI": "true",
            "GITLAB_TOKEN": "glpat-bot",
            "CI_API_V4_URL": self.url,
            "CI_COMMIT_BRANCH": "main",
            "CI_COMMIT_SHA": commit,
            "CI_DEFAULT_BRANCH": "main",
            "CI_JOB_URL": f"https://gitlab.test/-/jobs/{run[0]}",
            "CI_PIPELINE_ID": str(run[0]),
            "CI_PIPELINE_SOURCE": _SOURCES.get(event, "schedule"),
            "CI_PROJECT_PATH": self.github.repository,
            "KT_BUDGETS_JOURNAL": "git:origin",
        }

    def approval(self, number: int | None = None) -> int:
        named = ["--pr", str(number)] if number else []
        with self.job("schedule"):
            return self.kt(self.arguments("approval.yml", "judge", "pr approval", {"named": named}))

    def plan(self, number: int, *, again: bool = False) -> int:
        """Run the review job for a merge request, or an old one again, which keeps its commit."""
        run_id, commit = self.shown_by[number] if again else (0, "")
        with self.job("schedule", commit=commit, run_id=run_id):
            self.shown_by[number] = run_id or self.number, commit or self.repository.main
            named: dict[str, Sequence[str]] = {"named": ["--pr", str(number)]}
            code = self.kt([*self.arguments("plan.yml", "plan", "pr show", named), "--usage", str(self.usage)])
            if code in (ExitCode.DONE, ExitCode.REFUSED):
                judged = self.kt(self.arguments("plan.yml", "plan", "pr approval", named))
                code = judged or code
            return code

    def pushed(self, number: int, commit: str) -> None:
        self.repository.point(f"refs/merge-requests/{number}/head", commit)
        self.state.pushed_at[number, commit] = self.state.now()
        self.state.pushers[number, commit] = "alice"

    def is_shown(self, head: str) -> bool:
        return any(item["sha"] == head and item["name"] == PLAN for item in self.state.statuses)
