"""By the workflows' own scripts: what nobody approved is told in an issue, and a comment is answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT, BudgetRepository
from forge.company import Company, install_command
from forge.github_standin import State
from forge.gitlab_company import GitLabCompany
from forge.host import Host
from forge.workflow_shell import Runner

from reconciler.sandbox.server import running

pytestmark = pytest.mark.slow

DAY = "2026-06-18"


@pytest.fixture
def company(tmp_path: Path, github: State, github_url: str) -> Iterator[Company]:
    with open_for_business(tmp_path, Host(github, github_url)) as made:
        yield made


@pytest.fixture
def each(tmp_path: Path, host: Host) -> Iterator[Company]:
    """The company on each forge in turn."""
    with open_for_business(tmp_path, host) as made:
        yield made


@contextmanager
def open_for_business(place: Path, host: Host) -> Iterator[Company]:
    files = {"budgets/org.yaml": ORGANIZATION, "budgets/teams/support.yaml": SUPPORT}
    repository = BudgetRepository.create(place, files)
    install_command(place, DAY)
    host.state.pulls.clear()
    host.state.members |= {("acme/support-leads", "lena"), ("acme/finance", "bob")}
    host.state.reads_members = {"ghs_reader"}
    with running(scenario="empty", as_of=date.fromisoformat(DAY)) as sandbox:
        kind = GitLabCompany if host.is_gitlab else Company
        made = kind(place, repository, host.state, host.url, sandbox)
        made.keeptrusts("POST", "/v1/teams", name="Support")
        made.keeptrusts("POST", "/v1/wallets/credit", amount=100000.0, currency="USD", description="a year")
        begin(made)
        yield made


def begin(company: Company) -> None:
    runner = Runner(company.repository.folder, {}, {})
    runner.variables = {
        "PATH": f"{company.place / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "KEEPTRUSTS_API_URL": company.sandbox.url,
        "KEEPTRUSTS_API_TOKEN": company.sandbox.billing_token,
    }
    for script in ("plan --output ../plan.json --journal git:origin", "apply --plan ../plan.json --journal git:origin"):
        runner._step({"name": "Begin", "run": f"kt-budgets {script}"}, {})
        assert runner.code == 0, runner.log[-1]


def opened(company: Company) -> None:
    company.repository.branch("raise-support")
    company.repository.edit("budgets/teams/support.yaml", "10500.00", "11000.00")
    company.pushed("Raise Support")
    company.repository.git("switch", "--quiet", "main")


def commented(company: Company, body: str, login: str = "alice", identity: int = 7) -> Runner:
    comment = {
        "id": identity,
        "user": {"login": login, "type": "User"},
        "body": body,
        "html_url": "https://github.test/c",
    }
    event = {"action": "created", "issue": {"number": 128, "pull_request": {"url": "x"}}, "comment": comment}
    main = company.repository.git("rev-parse", "main")
    return company.actions("comment.yml", "answer", commit=main, event=event, by="issue_comment")


def test_a_merge_that_nobody_approved_is_in_an_issue_until_it_is_applied(each: Company) -> None:
    company, is_gitlab = each, isinstance(each, GitLabCompany)
    opened(company)
    assert company.planned().code == 0, company.logs[-1]
    company.merged()
    install_command(company.place, "2026-06-19")
    told = company.drift()
    assert told.code == 0, told.log
    (issue,) = company.github.issues
    assert issue["title"] == "Budget drift: 1 thing left behind"
    name = "!128" if is_gitlab else "#&#8203;128"
    assert f"{name}, merged 2026-06-18 09:00 UTC, is not applied for support" in issue["body"]
    assert "Missing: @&#8203;acme/support-leads" in issue["body"]
    if is_gitlab:
        address = "https://gitlab.test/acme/ai-budgets/-/pipelines/new?var%5BKT_BUDGETS_TASK%5D=apply"
        assert f"[KT_BUDGETS_TASK=apply]({address})" in issue["body"]
    else:
        assert "[apply.yml](https://github.test/acme/ai-budgets/actions/workflows/apply.yml)" in issue["body"]
        assert "1 thing left behind" in told.summary

    company.github.review(128, "lena")
    assert company.apply(company.repository.git("rev-parse", "main")).code == 0, company.logs
    assert company.drift().code == 0
    assert company.github.issues[0]["state"] == "closed"
    assert company.funded() == 11000.0


def test_a_comment_of_a_writer_is_answered_and_one_of_a_stranger_does_nothing(company: Company) -> None:
    company.github.roles["alice"] = "write"
    opened(company)
    assert commented(company, "/kt-budgets plan\n/kt-budgets resume", "mallory").code == 0
    assert (company.github.checks, company.github.dispatches) == ([], [])
    done = commented(company, "/kt-budgets plan\n/kt-budgets whatif support/prod=14500", identity=8)
    assert done.code == 0, done.log
    names = [item["name"] for item in company.github.checks]
    assert sorted(set(names)) == ["kt-budgets / approval", "kt-budgets / plan"]
    (gate,) = [item for item in company.github.checks if item["name"] == "kt-budgets / approval"]
    assert "acme/support-leads" in gate["output"]["title"] + gate["output"]["summary"]
    assert any("14,500.00" in body for body in company.github.ours(128))
    company.github.review(128, "lena")
    company.merged()
    assert company.apply(company.repository.git("rev-parse", "main")).code == 0, company.logs
    assert company.funded() == 11000.0
