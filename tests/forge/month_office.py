"""An organization of forty teams: its repository, its Keeptrusts, and its workflows on fresh checkouts, in process."""

from __future__ import annotations

import json
import os
import select
import shlex
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest
from forge.month_clock import DatedState, MovedClock
from forge.month_commands import arguments_of, cli, of_github
from forge.month_repository import Checkout, ForgeRepository
from loopback import client_of
from published import judge_printed

from reconciler.cli.boundary import run
from reconciler.sandbox.server import Sandbox
from reconciler.settings import overlaid

DEAD = 137


class Office:
    """Runs workflows. `is_down` says that Keeptrusts answers nobody; `dies_at` kills the next apply at a step."""

    sign, bot = "#", "renovate[bot]"
    ways: tuple[str, ...] = ("merge", "squash", "rebase")
    of_nobody: Mapping[str, str] = {"GITHUB_ACTIONS": "", "GITHUB_RUN_ID": "", "GITHUB_SHA": ""}
    """What hides that a run is one of CI."""

    of_writers: Mapping[str, str] = {"GITHUB_TOKEN": "ghs_reader"}
    """What jobs that may move money have besides."""

    script = staticmethod(of_github)

    def __init__(
        self,
        place: Path,
        clock: MovedClock,
        repository: ForgeRepository,
        sandbox: Sandbox,
        github: DatedState,
        url: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.place, self.clock, self.repository = place, clock, repository
        self.sandbox, self.github, self.url, self.capsys = sandbox, github, url, capsys
        self.is_down = False
        self.dies_at = 0
        self.number = 1000
        self.output = self.errors = ""
        self.log: list[str] = []
        self.codes: list[str] = []
        self.shown_by: dict[int, tuple[int, str]] = {}
        self.wallets: dict[str, str] = {}
        self.checkouts = {
            is_on_branch: Checkout(repository, place / f"run-{is_on_branch}" / "checkout")
            for is_on_branch in (True, False)
        }
        self.api = client_of(sandbox.url, sandbox.billing_token)
        self.usage = place / "usage.csv"
        self.usage.write_text("id,timestamp,team_id,provider,model,cost\n", encoding="utf-8")

    @contextmanager
    def job(self, event: str, *, commit: str = "", run_id: int = 0, attempt: int = 1, **facts: Any) -> Iterator[Path]:
        """Give a job a fresh checkout of a commit, and its variables, until the end of the block."""
        self.number += 0 if run_id else 1
        on_branch, commit = not commit, commit or self.repository.main
        folder = self.checkouts[on_branch].ready(commit, on_branch=on_branch)
        payload = folder.parent / "event.json"
        payload.write_text(json.dumps(facts.get("payload", {})), encoding="utf-8")
        told = {"KEEPTRUSTS_API_URL": "http://127.0.0.1:9" if self.is_down else self.sandbox.url}
        told |= {"KEEPTRUSTS_API_TOKEN": self.sandbox.read_token, "GITHUB_STEP_SUMMARY": ""}
        told |= self.told(event, commit, (run_id or self.number, attempt), facts.get("ref", "refs/heads/main"), payload)
        with pytest.MonkeyPatch.context() as patched, overlaid(**told):
            patched.chdir(folder)
            yield folder.parent

    def told(self, event: str, commit: str, run: tuple[int, int], ref: str, payload: Path) -> dict[str, str]:
        """Return what the forge says of a run in its environment."""
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_BASE_REF": "main" if event == "pull_request" else "",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_REF": ref,
            "GITHUB_REPOSITORY": self.github.repository,
            "GITHUB_RUN_ATTEMPT": str(run[1]),
            "GITHUB_RUN_ID": str(run[0]),
            "GITHUB_SERVER_URL": "https://github.test",
            "GITHUB_SHA": commit,
            "GITHUB_TOKEN": "ghs_actions",
            "KT_BUDGETS_GITHUB_LOGIN": "",
        }

    def arguments(self, workflow: str, job: str, begins: str, given: Mapping[str, Sequence[str]]) -> list[str]:
        """Return the arguments of a command as the forge's own scripts have them."""
        return arguments_of(self.script(workflow, job), begins, given)

    def kt(self, arguments: Sequence[str], token: str = "") -> int:
        with overlaid(**({"KEEPTRUSTS_API_TOKEN": token, **self.of_writers} if token else {})):
            code = run(cli, arguments)
        self.output, self.errors = self.capsys.readouterr()
        judge_printed(arguments, self.output)
        self.codes.append(f"{self.clock.instant:%m-%d %H:%M} {arguments[:2]}: {code}")
        self.log.append(f"{self.clock.instant:%m-%d %H:%M} {shlex.join(arguments)}: {code}\n{self.errors}")
        return code

    def killed(self, arguments: Sequence[str], token: str) -> int:
        """Run a command in a process that dies when it is about to ask git for the `dies_at`th time."""
        left, self.dies_at = self.dies_at, 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            self.repository.answers.told = dying(left)
            os.environ["KT_BUDGETS_RUN_URL"] = "https://github.test/killed"
            self.kt(arguments, token=token)
            os.kill(os.getpid(), signal.SIGKILL)
        watched = os.pidfd_open(child)
        ready, _, _ = select.select([watched], [], [], 60)
        if not ready:
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(watched)
        assert ready, "the run that was to die hung"
        self.log.append(f"{self.clock.instant:%m-%d %H:%M} killed at {left}: {shlex.join(arguments)}")
        return DEAD

    def apply(self, event: str, **inputs: str) -> int:
        """Run apply.yml on the default branch as it is now, and return the exit code of `pr apply`."""
        options = ["--pr", inputs["pull_request"]] if inputs.get("pull_request") else []
        options += ["--commit", inputs["commit"]] if inputs.get("commit") else []
        options += ["--put-back"] if event == "workflow_dispatch" and not options else []
        with self.job(event) as folder:
            return self._merged(folder, "apply.yml", "apply", options)

    def _merged(self, folder: Path, workflow: str, job: str, options: Sequence[str]) -> int:
        given = {"options": options}
        arguments = self.arguments(workflow, job, "pr apply", given)
        if self.dies_at:
            return self.killed(arguments, self.sandbox.billing_token)
        code = self.kt(arguments, token=self.sandbox.billing_token)
        merges = folder / "checkout" / "merges.json"
        merges.write_text(self.output, encoding="utf-8")
        printed, errors = self.output, self.errors
        if printed:
            self.kt(self.arguments(workflow, job, "pr receipt", {}))
        self.output, self.errors = printed, errors
        return code

    def resume(self, reason: str, **inputs: str) -> int:
        with self.job("workflow_dispatch") as folder:
            options = ["--break-lock", inputs["break_lock"]] if inputs.get("break_lock") else []
            arguments = self.arguments(
                "resume.yml",
                "resume",
                "resume",
                {"options": options, "REASON": [reason], "KT_BUDGETS_REASON": [reason]},
            )
            self.kt(arguments, token=self.sandbox.billing_token)
            return self._merged(folder, "resume.yml", "resume", [])

    def fund(self, event: str = "schedule") -> int:
        once = [] if event == "workflow_dispatch" else ["--once"]
        given = {"(date --utc +%Y-%m)": [f"{self.clock.instant:%Y-%m}"], "once": once}
        with self.job(event):
            arguments = self.arguments("fund.yml", "fund", "apply", given)
            run = self.killed if self.dies_at else self.kt
            return run(arguments, token=self.sandbox.billing_token)

    def drift(self, *options: str) -> int:
        with self.job("schedule"):
            return self.kt([*self.arguments("drift.yml", "drift", "drift", {}), *options])

    def approval(self, number: int | None = None) -> int:
        """Run approval.yml for a review of one pull request, or by the clock."""
        event = "pull_request_review" if number else "schedule"
        payload = (
            {"pull_request": {"number": number, "head": {"sha": self.github.pulls[number].head}}} if number else {}
        )
        with self.job(event, payload=payload):
            return self.kt(self.arguments("approval.yml", "judge", "pr approval", {"named": []}))

    def plan(self, number: int, *, again: bool = False) -> int:
        """Run plan.yml for a pull request as it is now, or start its last run again, which keeps its commit."""
        pull = self.github.pulls[number]
        attempt = 2 if again else 1
        run_id, commit = self.shown_by[number] if again else (0, self.repository.tested(number, pull.head))
        pull.tested = pull.tested if again else commit
        payload = {"pull_request": {"number": number, "head": {"sha": pull.head}}}
        ref = f"refs/pull/{number}/merge"
        with self.job("pull_request", commit=commit, run_id=run_id, attempt=attempt, payload=payload, ref=ref):
            self.shown_by[number] = run_id or self.number, commit
            arguments = self.arguments("plan.yml", "plan", "plan", {"since": []})
            code = self.kt([*arguments, "--usage", str(self.usage)])
            if code in (0, 4):
                none: dict[str, Sequence[str]] = {"named": [], "suggestions": []}
                code = self.kt(self.arguments("plan.yml", "plan", 'pr comment "${named[@]}" --plan', none))
                code = code or self.kt(self.arguments("plan.yml", "plan", "pr check", none))
                code = code or self.kt(self.arguments("plan.yml", "plan", "pr approval", none))
            return code

    def pushed(self, number: int, commit: str) -> None:
        """Let the last commit of a change request be another one."""

    def is_shown(self, head: str) -> bool:
        return any(check["head_sha"] == head for check in self.github.checks)

    def begins(self) -> None:
        """Apply what main says for the first time, by hand."""
        with self.job(""), overlaid(**self.of_nobody):
            plan = ["--usage", str(self.usage), "--output", "plan.json"]
            assert self.kt(["plan", *plan], self.sandbox.billing_token) == 0, self.log[-1]
            assert self.kt(["apply", "--plan", "plan.json"], self.sandbox.billing_token) == 0, self.log[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.api.close()

    def entries(self, team: str) -> list[dict[str, Any]]:
        """Return what moved into and out of a team's wallet, in order."""
        if not self.wallets:
            listed = self.keeptrusts("GET", "/v1/wallets?limit=200")["data"]
            self.wallets = {wallet["scope_id"]: wallet["id"] for wallet in listed if wallet.get("scope_id")}
        path = f"/v1/wallets/{self.wallets[f'team_{team}']}/transactions?limit=200"
        found = [e for e in self.keeptrusts("GET", path)["data"] if e["type"] in ("allocate", "reclaim")]
        return sorted(found, key=lambda entry: str(entry["created_at"]))

    def funded(self, team: str) -> float:
        """Return what a team's wallet was given for the present month."""
        month = f"op={self.clock.instant:%Y-%m}-"
        found = [e for e in self.entries(team) if month in e["description"]]
        return float(round(sum(e["amount"] * (1 if e["type"] == "allocate" else -1) for e in found), 2))

    def keeptrusts(self, method: str, path: str, **body: Any) -> Any:
        answer = self.api.request(method, path, json=body or None)
        assert answer.is_success, answer.text
        return answer.json()


def dying(left: int) -> Callable[[], None]:
    """Return what ends this process, without another word, when it is called for the nth time."""
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += 1
        if counted >= left:
            os.kill(os.getpid(), signal.SIGKILL)

    return count
