"""A company on GitHub: its workflows run as they are shipped, each on a fresh checkout, as on a hosted runner."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import forked_command
from forge.budget_repository import BudgetRepository
from forge.github_standin import Pull, State
from forge.workflow_shell import Runner, load
from loopback import client_of

from reconciler.sandbox.server import Sandbox

_TIP = ("${{ github.ref_name }}", "${{ github.event.repository.default_branch }}")
_ON_THE_DAY = """\
case "$1 $2" in
  plan\\ * | drift\\ * | apply\\ * | resume\\ * | "pr approval" | "pr refresh" | "pr apply" | "pr command" | "pr show")
    set -- "$@" --as-of {as_of} ;;
esac
"""


@dataclass
class Company:
    """A repository, its GitHub and its Keeptrusts. Each workflow run gets a fresh checkout, as on a hosted runner.

    `budgets` is their folder, where workflows are told of it.
    """

    place: Path
    repository: BudgetRepository
    github: State
    github_url: str
    sandbox: Sandbox
    runs: int = 0
    logs: list[str] = field(default_factory=list)
    budgets: str = ""

    def actions(
        self,
        workflow: str,
        job: str,
        *,
        commit: str,
        event: dict[str, Any],
        by: str = "",
        inputs: Mapping[str, str] | None = None,
    ) -> Runner:
        """Run a job of a workflow on a checkout of `commit`, or of main as it is now where the workflow says so.

        A run by hand has the workflow's own defaults under its `inputs`.
        """
        offered = _taken_by_hand(workflow)
        defaults = {name: str(item.get("default", "")) for name, item in offered.items()}
        given = {**(defaults if by == "workflow_dispatch" else dict.fromkeys(offered, "")), **(inputs or {})}
        given = {name: {"True": "true", "False": "false"}.get(text, text) for name, text in given.items()}
        return self.run_job(self._document(workflow, job), self._asked(given), commit=commit, event=event, by=by)

    def run_job(
        self, document: Mapping[str, Any], known: Mapping[str, str], *, commit: str, event: Mapping[str, Any], by: str
    ) -> Runner:
        """Run the steps of a job on a checkout of `commit`, where expressions stand for what is `known`."""
        self.runs += 1
        place = self.place / f"run-{self.runs}"
        place.mkdir()
        self.repository.git("clone", "--quiet", "--no-checkout", str(self.repository.remote), str(place / "checkout"))
        checkout = BudgetRepository(place / "checkout", self.repository.remote)
        if any(step.get("with", {}).get("ref") in _TIP for step in document["steps"]):
            commit = checkout.git("rev-parse", f"origin/{self.repository.main}")
        checkout.git("checkout", "--quiet", "--detach", commit)
        payload = place / "event.json"
        payload.write_text(json.dumps(event), encoding="utf-8")
        runner = Runner(
            checkout.folder,
            {
                "PATH": f"{self.place / 'bin'}:/usr/local/bin:/usr/bin:/bin",
                "GITHUB_ACTIONS": "true",
                **({"KT_BUDGETS_FOLDER": self.budgets} if self.budgets else {}),
                **({"GITHUB_EVENT_NAME": by} if by else {}),
                **({"GITHUB_BASE_REF": self.repository.main} if "pull_request" in event else {}),
                "GITHUB_REF": known.get("github.ref", ""),
                "GITHUB_API_URL": self.github_url,
                "GITHUB_SERVER_URL": "https://github.test",
                "GITHUB_REPOSITORY": self.github.repository,
                "GITHUB_SHA": commit,
                "GITHUB_RUN_ID": str(1000 + self.runs),
                "GITHUB_RUN_ATTEMPT": "1",
                "GITHUB_EVENT_PATH": str(payload),
                "GIT_AUTHOR_NAME": "runner",
                "GIT_AUTHOR_EMAIL": "runner@acme.test",
                "GIT_COMMITTER_NAME": "runner",
                "GIT_COMMITTER_EMAIL": "runner@acme.test",
            },
            {
                "github.token": "ghs_actions",
                "github.event.issue.number": str(event.get("issue", {}).get("number", "")),
                "vars.KEEPTRUSTS_API_URL": self.sandbox.url,
                "secrets.KEEPTRUSTS_READ_TOKEN": self.sandbox.read_token,
                "secrets.BUDGETS_MEMBERS_TOKEN": "",
                "secrets.KEEPTRUSTS_BILLING_TOKEN": self.sandbox.billing_token,
                "steps.app.outputs.token": "ghs_reader",
                "steps.app.outcome": "success",
                **known,
            },
        )
        runner.run_steps(document)
        self.logs += runner.log
        return runner

    def _document(self, workflow: str, job: str) -> dict[str, Any]:
        """Return the job of a workflow."""
        found: dict[str, Any] = load(workflow)["jobs"][job]
        assert found["runs-on"] == "ubuntu-latest"
        return found

    def _asked(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return what expressions of a workflow stand for, beside the usual, when it is given these inputs."""
        return {f"inputs.{name}": text for name, text in given.items()}

    def planned(self, *, is_valid: bool = True) -> Runner:
        """Run the plan workflow on the merge that GitHub tests pull request 128 by."""
        pull = self.github.pulls[128]
        checkout = self.repository
        checkout.git("switch", "--quiet", "--detach", self.repository.main)
        checkout.git("merge", "--quiet", "--no-ff", "--no-edit", pull.head)
        checkout.git("push", "--quiet", "--force", "origin", "HEAD:refs/pull/128/merge")
        merge = checkout.head
        checkout.git("switch", "--quiet", pull.head_ref)
        event = {"pull_request": {"number": 128, "head": {"sha": pull.head}}}
        validated = self.actions("plan.yml", "validate", commit=merge, event=event).code
        assert validated == (0 if is_valid else 3), self.logs[-1]
        return self.actions("plan.yml", "plan", commit=merge, event=event)

    def pushed(self, subject: str) -> None:
        """Commit the change and push it to pull request 128."""
        commit = self.repository.commit(subject)
        self.repository.push(128)
        if 128 in self.github.pulls:
            self.github.push(128, commit, "alice")
        else:
            branch = self.repository.main
            base = self.repository.git("rev-parse", branch)
            self.github.pulls[128] = Pull(128, "alice", [(commit, "alice")], base, base_ref=branch)
        pull = self.github.pulls[128]
        pull.patches = self.repository.patches(pull.base, commit)

    def merged(self) -> str:
        commit = self.repository.merge(self.github.pulls[128].head_ref)
        self.github.merge(128, commit)
        return commit

    def keeptrusts(self, method: str, path: str, **body: Any) -> Any:
        with client_of(self.sandbox.url, self.sandbox.billing_token) as client:
            answer = client.request(method, path, json=body or None)
        assert answer.is_success, answer.text
        return answer.json()

    def ledger(self, team: str = "team_support") -> list[tuple[str, float, str]]:
        """The allocations and reclaims of a team's wallet since June began, in any order."""
        wallets = self.keeptrusts("GET", "/v1/wallets")["data"]
        (wallet,) = [item["id"] for item in wallets if item.get("scope_id") == team]
        entries = self.keeptrusts("GET", f"/v1/wallets/{wallet}/transactions?from=2026-06-01T00:00:00Z&limit=200")[
            "data"
        ]
        kinds = {"allocate": 1, "reclaim": -1}
        return [(e["type"], kinds[e["type"]] * e["amount"], e["description"]) for e in entries if e["type"] in kinds]

    def funded(self, team: str = "team_support") -> float:
        return sum(amount for _, amount, _ in self.ledger(team))

    def drift(self) -> Runner:
        return self.actions(
            "drift.yml", "drift", commit=self.repository.git("rev-parse", self.repository.main), event={}
        )

    def apply(self, commit: str) -> Runner:
        return self.actions("apply.yml", "apply", commit=commit, event={"ref": f"refs/heads/{self.repository.main}"})


def _taken_by_hand(workflow: str) -> dict[str, Any]:
    found: dict[str, Any] = (load(workflow)["on"].get("workflow_dispatch") or {}).get("inputs", {})
    return found


def install_command(place: Path, day: str) -> None:
    """Put `kt-budgets` and `date` into a folder `bin`, both of which take `day` for today, at 06:17."""
    forked_command.install(place / "bin" / "kt-budgets", before=_ON_THE_DAY.format(as_of=day))
    clock = place / "bin" / "date"
    clock.write_text(f'#!/bin/bash\nexec /bin/date --date "{day} 06:17 UTC" "$@"\n', encoding="utf-8")
    clock.chmod(0o755)
