"""The GitLab example as it stands: which job may write and with which token, and each job that no story tells of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT, BudgetRepository
from forge.company import install_command
from forge.gitlab_company import GitLabCompany
from forge.gitlab_shell import example
from forge.gitlab_state import GitLabState
from forge.merge_desk import SHADOW, SHADOW_FILE, SUPPORT_FILE
from forge.workflow_shell import Runner, load

from reconciler.findings import ExitCode
from reconciler.forge.gitlab.ci_run import WORDS
from reconciler.sandbox.server import running

AS_OF = "2026-06-18"
JOBS = ("validate", "ask", "review", "apply", "resume", "fund", "drift", "digest", "notify")
PROTECTED = ("BUDGETS_BOT_TOKEN", "KEEPTRUSTS_READ_TOKEN", "KEEPTRUSTS_BILLING_TOKEN")
OF_MERGE_REQUESTS = {"validate", "ask"}


def script(job: dict[str, Any]) -> str:
    return "\n".join([*job["script"], *job.get("after_script", []), *map(str, job.get("variables", {}).values())])


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_a_merge_request_starts_has_no_token_of_ours_and_no_other_job_runs_there(name: str) -> None:
    job = example()[name]
    first, *_ = job["rules"]
    if name in OF_MERGE_REQUESTS:
        assert 'CI_PIPELINE_SOURCE == "merge_request_event"' in first["if"]
        assert not any(token in script(job) for token in PROTECTED)
        return
    stops = first.get("when") == "never" and first["if"].startswith('$CI_PIPELINE_SOURCE == "merge_request_event"')
    assert stops or '$CI_PIPELINE_SOURCE != "merge_request_event"' in first["if"]


@pytest.mark.parametrize("name", JOBS)
def test_only_jobs_that_write_money_have_its_token_and_they_have_one_queue(name: str) -> None:
    job = example()[name]
    writes = name in ("apply", "resume", "fund")
    assert ("KEEPTRUSTS_BILLING_TOKEN" in script(job)) == writes
    assert (job.get("environment") == "budgets") == writes
    assert (job.get("resource_group") == "budget-writes") == writes


def test_the_jobs_are_these_and_every_one_that_is_started_by_its_task_is_told_in_the_head() -> None:
    document = example()
    known = {"stages", "workflow", "variables", "default"}
    assert set(document) - known == set(JOBS)
    head = (Path(__file__).parents[2] / ".github" / "gitlab-ci.example.yml").read_text(encoding="utf-8")
    tasks = set(re.findall(r'\$KT_BUDGETS_TASK == "([a-z]+)"', head))
    assert tasks == {"review", "apply", "resume", "fund", "drift", "digest", "notify"}
    assert all(re.search(rf"^#   .*\b{task}\b", head, re.MULTILINE) for task in tasks)


@pytest.mark.parametrize(("workflow", "task"), [("apply", "apply"), ("resume", "resume"), ("plan", "review")])
def test_whatever_a_workflow_takes_by_hand_the_pipeline_takes_as_a_variable_and_tells(workflow: str, task: str) -> None:
    inputs = load(f"{workflow}.yml")["on"]["workflow_dispatch"]["inputs"]
    names = {WORDS.given(name) for name in inputs}
    assert names
    told = (Path(__file__).parents[2] / ".github" / "gitlab-ci.example.yml").read_text(encoding="utf-8")
    head = "\n".join(line for line in told.splitlines() if line.startswith("#"))
    assert {name for name in names if name not in script(example()[task])} == set()
    assert {name for name in names if name not in head} == set()


@pytest.mark.parametrize("name", [*PROTECTED, "BUDGETS_TRIGGER_TOKEN"])
def test_every_variable_that_is_used_is_told_in_the_head(name: str) -> None:
    text = (Path(__file__).parents[2] / ".github" / "gitlab-ci.example.yml").read_text(encoding="utf-8")
    assert re.search(rf"^#.*\b{name}\b", text, re.MULTILINE)


@pytest.fixture
def company(tmp_path: Path, gitlab: GitLabState, gitlab_url: str) -> Iterator[GitLabCompany]:
    files = {"budgets/org.yaml": ORGANIZATION, SUPPORT_FILE: SUPPORT, SHADOW_FILE: SHADOW}
    repository = BudgetRepository.create(tmp_path, files)
    install_command(tmp_path, AS_OF)
    gitlab.pulls.clear()
    gitlab.members |= {("acme/support-leads", "lena"), ("acme/finance", "bob"), ("acme/shadow-leads", "sam")}
    with running(scenario="empty", as_of=date.fromisoformat(AS_OF)) as sandbox:
        made = GitLabCompany(tmp_path, repository, gitlab, gitlab_url, sandbox)
        for team in ("Support", "Shadow"):
            made.keeptrusts("POST", "/v1/teams", name=team)
        made.keeptrusts("POST", "/v1/wallets/credit", amount=100000.0, currency="USD", description="a year")
        yield made
        secrets = ("glpat-bot", sandbox.billing_token, sandbox.read_token)
        assert not any(secret in log for log in made.logs for secret in secrets)
        assert not any(secret in note["body"] for note in gitlab.comments for secret in secrets)


def head(company: GitLabCompany) -> str:
    return company.repository.git("rev-parse", "main")


def begun(company: GitLabCompany) -> None:
    """Apply what is on main for the first time, from a clone: nobody can have approved that."""
    company.repository.git("switch", "--quiet", "main")
    runner = Runner(company.repository.folder, {}, {})
    runner.variables = {
        "PATH": f"{company.place / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "KEEPTRUSTS_API_URL": company.sandbox.url,
        "KEEPTRUSTS_API_TOKEN": company.sandbox.billing_token,
    }
    for words in ("plan --output ../plan.json", "apply --plan ../plan.json"):
        runner._step({"name": "Begin", "run": f"kt-budgets {words} --journal git:origin"}, {})
        assert runner.code == 0, runner.log[-1]


@pytest.mark.slow
def test_a_month_is_opened_once_by_its_schedule_and_again_by_hand(company: GitLabCompany) -> None:
    begun(company)
    fund = company.actions("fund.yml", "fund", commit=head(company), event={})
    assert (fund.code, company.funded(), company.funded("team_shadow")) == (0, 10500.0, 300.0), fund.log
    company.keeptrusts(
        "POST", "/v1/wallets/reclaim", team_id="team_shadow", amount=100, currency="USD", description="by hand"
    )
    fund = company.actions("fund.yml", "fund", commit=head(company), event={})
    assert (fund.code, company.funded("team_shadow")) == (0, 200.0), fund.log
    assert (fund.artifacts / "run.json").exists()
    by_hand = company.actions("fund.yml", "fund", commit=head(company), event={}, by="workflow_dispatch")
    assert (by_hand.code, company.funded("team_shadow")) == (0, 300.0), by_hand.log


@pytest.mark.slow
def test_nothing_to_resume_is_no_failure_and_what_was_approved_meanwhile_is_applied(company: GitLabCompany) -> None:
    begun(company)
    company.repository.branch("raise-support")
    company.repository.edit(SUPPORT_FILE, "10500.00", "10600.00")
    company.pushed("Raise Support")
    assert company.planned().code == 0, company.logs[-1]
    company.github.review(128, "lena")
    company.merged()
    resumed = company.actions(
        "resume.yml",
        "resume",
        commit=head(company),
        event={},
        by="workflow_dispatch",
        inputs={"reason": "a runner died"},
    )
    assert (resumed.code, company.funded()) == (0, 10600.0), resumed.log
    (note,) = company.github.ours(128)
    assert "Approved by lena" in note


@pytest.mark.slow
def test_a_push_past_everybody_is_not_applied_and_an_issue_says_so(company: GitLabCompany) -> None:
    begun(company)
    company.repository.git("switch", "--quiet", "main")
    company.repository.edit(SUPPORT_FILE, "10500.00", "99000.00")
    company.repository.commit("Past everybody")
    company.repository.git("push", "--quiet", "origin", "main")
    applied = company.apply(head(company))
    assert (applied.code, company.funded()) == (4, 10500.0), applied.log
    install_command(company.place, "2026-06-19")
    assert company.drift().code == 0, company.logs[-1]
    (issue,) = company.github.issues
    assert "pushed directly" in issue["body"]
    assert issue["user"]["login"].startswith("project_7_bot")


@pytest.mark.slow
def test_a_branch_that_gitlab_rebases_is_shown_and_approved_as_its_new_head(company: GitLabCompany) -> None:
    begun(company)
    repository, gitlab = company.repository, company.github
    repository.branch("change")
    for before, after in (("10500.00", "10600.00"), ("10600.00", "10700.00")):
        repository.edit(SUPPORT_FILE, before, after)
        company.pushed(f"Raise Support to {after}")
    assert company.planned().code == 0, company.logs[-1]
    gitlab.review(128, "lena")
    repository.git("switch", "--quiet", "main")
    repository.write({"README.md": "Hello\n"})
    repository.commit("Meanwhile")
    repository.git("push", "--quiet", "origin", "main")
    repository.git("switch", "--quiet", "change")
    repository.git("rebase", "--quiet", "main")
    first, last = repository.git("rev-list", "--reverse", "main..change").split()
    gitlab.pulls[128].commits = [(first, "alice")]
    gitlab.push(128, last, "alice")
    repository.push(128)
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "--ff-only", "change")
    repository.git("push", "--quiet", "origin", "main")
    gitlab.merge(128, last, how="rebase")
    gitlab.pulls[128].landed = [first, last]

    refused = company.apply(last)
    assert (refused.code, company.funded()) == (4, 10500.0), refused.log
    (note,) = gitlab.ours(128)
    assert "no plan was recorded" in note
    gitlab.review(128, "lena")
    applied = company.apply(last)
    assert (applied.code, company.funded()) == (0, 10700.0), applied.log


def test_what_a_merge_request_is_refused_does_not_keep_what_is_merged_from_being_applied() -> None:
    document = example()
    assert document["stages"].index(document["review"]["stage"]) < document["stages"].index(document["apply"]["stage"])
    assert document["review"]["allow_failure"] == {"exit_codes": [ExitCode.REFUSED]}


@pytest.mark.slow
def test_one_of_a_fork_makes_no_run_fail_and_is_applied_once_it_is_merged_and_approved(company: GitLabCompany) -> None:
    begun(company)
    company.repository.branch("raise-support")
    company.repository.edit(SUPPORT_FILE, "10500.00", "10600.00")
    company.pushed("Raise Support")
    company.github.pulls[128].fork = "mallory/ai-budgets"
    for _ in range(2):
        assert company.planned().code == 0, company.logs[-1]
    (note,) = [note["body"] for note in company.github.comments if not note.get("path")]
    assert "This comes from a fork" in note
    assert company.statuses == []
    company.merged()
    assert (company.apply(head(company)).code, company.funded()) == (4, 10500.0), company.logs[-1]
    company.github.review(128, "lena")
    assert (company.apply(head(company)).code, company.funded()) == (0, 10600.0), company.logs[-1]
