"""The GitLab example, by its own scripts: what was shown and approved is applied, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import forked_command
import httpx
import pytest
from forge.budget_repository import BudgetRepository
from forge.gitlab_shell import Done, run_job
from forge.gitlab_standin import BOT, TOKEN, GitLab, Job, MergeRequest, Pipeline, serving

from reconciler.sandbox.server import Sandbox, running

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).resolve().parents[2] / "budgets"
AS_OF = "2026-06-18"
SUPPORT = "budgets/teams/support.yaml"
ALERT = "  - {name: support-monthly, amount: 12500.00, alert_percentages: [80, 100], hard_limit: false}"
USAGE = "usage.parquet"
"""What a plan reads while it is there; without it, Keeptrusts is asked for an export, which takes longer."""
_ON_THE_DAY = """\
case "$1" in
  plan | drift | apply) set -- "$@" --as-of {as_of} ;;
esac
if [ "$1" = plan ] && [ -e {usage} ]; then set -- "$@" --usage {usage}; fi
"""


@dataclass
class House:
    """A project on a GitLab, its clone and its Keeptrusts."""

    place: Path
    repository: BudgetRepository
    gitlab: GitLab
    sandbox: Sandbox
    jobs: int = 0
    logs: list[str] = field(default_factory=list)

    def opened(self, old: str, new: str, *, number: int = 7) -> MergeRequest:
        """Open a merge request by alice that replaces some text of Support's file."""
        self.repository.branch(f"change-{number}")
        self.repository.edit(SUPPORT, old, new)
        commit = self.repository.commit("Change")
        self.repository.git("push", "--quiet", "origin", "HEAD")
        found = self.gitlab.merge_requests[number] = MergeRequest(number, "alice", commit)
        return found

    def merged(self, one: MergeRequest) -> None:
        one.state, one.merge_commit_sha = "merged", self.repository.merge(f"change-{one.iid}")

    def planned(self, one: MergeRequest, **variables: str) -> Done:
        pipeline = self._pipeline(one.iid)
        about = {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_IID": str(one.iid),
            "CI_MERGE_REQUEST_EVENT_TYPE": "detached",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "KEEPTRUSTS_READ_TOKEN": self.sandbox.read_token,
        }
        return self._run("plan", pipeline, one.sha, {**about, **variables})

    def applied(self, *names: str) -> list[Done]:
        """Run jobs of one pipeline for the tip of main."""
        pipeline = self._pipeline(None)
        about = {
            "CI_PIPELINE_SOURCE": "push",
            "CI_COMMIT_BRANCH": "main",
            "GITLAB_USER_LOGIN": "bob",
            "KEEPTRUSTS_BILLING_TOKEN": self.sandbox.billing_token,
            "BUDGETS_PUSH_TOKEN": "glpat-pushes",
        }
        tip = self.repository.git("rev-parse", "main")
        return [self._run(name, pipeline, tip, about) for name in names or ("apply",)]

    def _pipeline(self, number: int | None) -> Pipeline:
        self.gitlab.pipelines.append(Pipeline(900 + len(self.gitlab.pipelines), number))
        return self.gitlab.pipelines[-1]

    def _run(self, name: str, pipeline: Pipeline, commit: str, variables: dict[str, str]) -> Done:
        self.jobs += 1
        place = self.place / f"job-{self.jobs}"
        place.mkdir()
        checkout = BudgetRepository(place / "checkout", self.repository.remote)
        self.repository.git("clone", "--quiet", str(self.repository.remote), str(checkout.folder))
        checkout.git("checkout", "--quiet", "--detach", commit)
        done = run_job(
            name,
            checkout=checkout.folder,
            kept=place / "kept",
            command=self.place / "bin",
            variables={
                "CI": "true",
                "CI_API_V4_URL": self.gitlab.url,
                "CI_SERVER_URL": f"file://{self.repository.remote.parent}",
                "CI_PROJECT_PATH": self.repository.remote.stem,
                "CI_PROJECT_ID": "1",
                "CI_DEFAULT_BRANCH": "main",
                "CI_COMMIT_SHA": commit,
                "CI_PIPELINE_ID": str(pipeline.id),
                "CI_PIPELINE_URL": f"https://gitlab.acme.example/-/pipelines/{pipeline.id}",
                "CI_JOB_URL": f"https://gitlab.acme.example/-/jobs/{self.jobs}",
                "KEEPTRUSTS_API_URL": self.sandbox.url,
                "BUDGETS_API_TOKEN": TOKEN,
                **variables,
            },
        )
        self.logs.append(done.log)
        pipeline.jobs.append(Job(self.jobs, name, "failed" if done.code else "success", done.artifacts))
        return done

    def keeptrusts(self, method: str, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.sandbox.billing_token}"}
        answer = httpx.request(method, self.sandbox.url + path, headers=headers, json=body or None, trust_env=False)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def funded(self, team: str = "team_support") -> float:
        (wallet,) = [
            item["id"] for item in self.keeptrusts("GET", "/v1/wallets")["data"] if item.get("scope_id") == team
        ]
        path = f"/v1/wallets/{wallet}/transactions?from=2026-06-01T00:00:00Z&limit=200"
        signs = {"allocate": 1, "reclaim": -1}
        return sum(
            signs.get(entry["type"], 0) * float(entry["amount"]) for entry in self.keeptrusts("GET", path)["data"]
        )

    def alerts(self) -> list[str]:
        return [item["name"] for item in self.keeptrusts("GET", "/v1/billing/budgets")["data"]]


@pytest.fixture
def house(tmp_path: Path, example_export: Path) -> Iterator[House]:
    files = {
        f"budgets/{path.relative_to(EXAMPLE)}": path.read_text(encoding="utf-8") for path in EXAMPLE.rglob("*.yaml")
    }
    repository = BudgetRepository.create(tmp_path, files)
    forked_command.install(
        tmp_path / "bin" / "kt-budgets", before=_ON_THE_DAY.format(as_of=AS_OF, usage=tmp_path / USAGE)
    )
    (tmp_path / USAGE).symlink_to(example_export)
    with running(scenario="acme", as_of=date.fromisoformat(AS_OF)) as sandbox, serving(GitLab()) as gitlab:
        made = House(tmp_path, repository, gitlab, sandbox)
        yield made
        assert gitlab.refused == []
        assert not any(secret in log for log in made.logs for secret in (TOKEN, "glpat-pushes", sandbox.billing_token))


def body(one: MergeRequest) -> str:
    (note,) = [note for note in one.notes if note["author"]["id"] == BOT]
    return str(note["body"])


def test_what_was_shown_and_approved_is_applied_once_and_its_approvers_are_named(house: House) -> None:
    (house.place / USAGE).unlink()
    one = house.opened("monthly: 12500.00, overrides", "monthly: 14500.00, overrides")
    before = house.funded()
    shown = house.planned(one)
    assert shown.code == 0, shown.log
    assert "4,000" in body(one)
    one.approved_by = ["alice", "lena"]
    house.merged(one)
    (done,) = house.applied()
    assert done.code == 0, done.log
    assert (before, house.funded()) == (10500.0, 14500.0)
    assert "Approved by @lena" in body(one)
    assert "Applied from" in body(one)
    house.repository.git("fetch", "--quiet", "origin", "refs/kt-budgets/journal")
    journal = house.repository.git("grep", "--no-line-number", "approved_by", "FETCH_HEAD")
    assert "@lena" in journal
    assert "https://gitlab.acme.example/-/jobs/" in journal
    (again,) = house.applied()
    assert (again.code, house.funded()) == (0, 14500.0), again.log


def test_an_alert_that_an_apply_would_delete_is_in_the_note_before(house: House) -> None:
    first = house.opened("amount: 12500.00, alert", "amount: 12600.00, alert")
    house.planned(first)
    first.approved_by = ["lena"]
    house.merged(first)
    (done,) = house.applied()
    assert done.code == 0, done.log
    second = house.opened(f"billing_budgets:\n{ALERT.replace('12500', '12600')}\n", "", number=8)
    assert house.planned(second).code == 0, house.logs[-1]
    assert "support-monthly" in body(second)
    assert "No changes" not in body(second)
    second.approved_by = ["lena"]
    house.merged(second)
    (done,) = house.applied()
    assert done.code == 0, done.log
    assert "support-monthly" not in house.alerts()


def test_what_moved_since_it_was_shown_is_not_applied_until_somebody_looked_at_it(house: House) -> None:
    one = house.opened("monthly: 12500.00, overrides", "monthly: 14500.00, overrides")
    house.planned(one)
    one.approved_by = ["lena"]
    house.merged(one)
    house.keeptrusts(
        "POST", "/v1/wallets/reclaim", team_id="team_support", amount=500, currency="USD", description="by hand"
    )
    before = house.funded()
    refused, pressed = house.applied("apply", "accept")
    assert refused.code == 5, refused.log
    assert "support" in refused.log
    plan = json.loads((refused.artifacts / "plan.json").read_text(encoding="utf-8"))
    assert [change["amount"] for change in plan["changes"] if change["kind"] == "allocate"] == ["4500.00"]
    assert pressed.code == 0, pressed.log
    assert (before, house.funded()) == (10000.0, 14500.0)
    assert "@bob, who pressed accept" in body(one)


def test_a_refused_apply_is_told_in_the_merge_request(house: House) -> None:
    one = house.opened("monthly: 12500.00, overrides", "monthly: 14500.00, overrides")
    house.planned(one)
    one.approved_by = ["alice"]
    house.merged(one)
    before = house.funded()
    (done,) = house.applied()
    assert (done.code, house.funded()) == (4, before), done.log
    assert "Not applied" in body(one)
    assert "Nobody but its author approved" in body(one)


def test_a_direct_push_is_not_applied(house: House) -> None:
    house.repository.edit(SUPPORT, "monthly: 12500.00, overrides", "monthly: 14500.00, overrides")
    house.repository.commit("Past everybody")
    house.repository.git("push", "--quiet", "origin", "main")
    before = house.funded()
    (done,) = house.applied()
    assert (done.code, house.funded()) == (4, before), done.log
    assert "merged by no merge request" in done.log


def test_an_approval_of_a_commit_that_no_plan_was_shown_for_applies_nothing(house: House) -> None:
    one = house.opened("monthly: 12500.00, overrides", "monthly: 13000.00, overrides")
    house.planned(one)
    house.repository.edit(SUPPORT, "monthly: 13000.00, overrides", "monthly: 20000.00, overrides")
    one.sha = house.repository.commit("More")
    house.repository.git("push", "--quiet", "origin", "HEAD")
    one.approved_by = ["lena"]
    house.merged(one)
    before = house.funded()
    (done,) = house.applied()
    assert (done.code, house.funded()) == (5, before), done.log
    assert "No plan was shown" in body(one)


def test_a_pipeline_that_fails_marks_the_note_that_stands_and_an_older_one_leaves_it(house: House) -> None:
    one = house.opened("monthly: 12500.00, overrides", "monthly: 14500.00, overrides")
    house.planned(one)
    shown = body(one)
    assert house.planned(one, KEEPTRUSTS_READ_TOKEN="wrong").code == 9, house.logs[-1]
    marked = body(one)
    assert "**Not current.**" in marked
    assert "4,000" in marked
    house.planned(one, CI_PIPELINE_ID="899")
    assert body(one) == marked
    house.planned(one)
    assert "Not current" not in body(one)
    assert body(one).count("<!-- kt-budgets:v1") == shown.count("<!-- kt-budgets:v1") == 1


def test_a_merge_request_behind_its_target_shows_its_own_change_alone(house: House) -> None:
    one = house.opened("amount: 12500.00, alert", "amount: 12600.00, alert")
    house.repository.git("switch", "--quiet", "main")
    house.repository.edit(SUPPORT, "monthly: 12500.00, overrides", "monthly: 15500.00, overrides")
    house.repository.commit("In between")
    house.repository.git("push", "--quiet", "origin", "main")
    done = house.planned(one)
    plan = json.loads((done.artifacts / "plan.json").read_text(encoding="utf-8"))
    (change,) = [change for change in plan["changes"] if "wallet" in change]
    assert (change["kind"], change["target"]) == ("allocate", "15500.00")
    assert (done.artifacts / "head.txt").read_text(encoding="utf-8").strip() == one.sha


def test_a_merge_request_that_conflicts_says_so(house: House) -> None:
    one = house.opened("monthly: 12500.00, overrides", "monthly: 14500.00, overrides")
    house.repository.git("switch", "--quiet", "main")
    house.repository.edit(SUPPORT, "monthly: 12500.00, overrides", "monthly: 15500.00, overrides")
    house.repository.commit("In between")
    house.repository.git("push", "--quiet", "origin", "main")
    assert house.planned(one).code == 4
    assert "conflicts with main" in body(one)


def test_a_note_of_somebody_else_is_left_alone_however_many_there_are(house: House) -> None:
    one = house.opened("monthly: 12500.00, overrides", "monthly: 14500.00, overrides")
    others = [{"id": number, "author": {"id": 1}, "body": "<!-- kt-budgets:v1 forged"} for number in range(150)]
    one.notes = [dict(note) for note in others]
    house.planned(one)
    house.planned(one)
    assert one.notes[:150] == others
    assert len(one.notes) == 151
