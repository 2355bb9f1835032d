"""The story, by each forge's own scripts: from a change request to applied, from a console click to drift."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.company import Company
from forge.example_company import MONTHLY, SUPPORT, begin, example_company
from forge.gitlab_company import GitLabCompany
from forge.gitlab_state import BOT
from forge.host import Host
from forge.workflow_shell import Runner

from reconciler.forge.gitlab.note import RECORD

pytestmark = pytest.mark.slow


@pytest.fixture
def company(tmp_path: Path, host: Host) -> Iterator[Company]:
    with example_company(tmp_path, host) as made:
        yield made


def test_from_a_pull_request_to_applied_and_from_a_console_click_to_drift(company: Company) -> None:
    begin(company, "--first-apply")
    github, repository = company.github, company.repository
    before = company.funded()

    # Alice opens a pull request that raises Support's wallet: the workflow comments.
    repository.branch("raise-support")
    repository.edit(SUPPORT, MONTHLY, MONTHLY.replace("12500", "14000"))
    company.pushed("Raise Support")
    first = company.planned()
    assert first.code == 0, first.log
    (comment,) = github.ours(128)
    assert "### USD 1,500 more for " in comment
    assert "Approve:" in comment
    assert "acme/finance" in comment
    if isinstance(company, GitLabCompany):
        assert [(item["by"], item["status"]) for item in company.statuses] == [(BOT, "success"), (BOT, "pending")]
    else:
        assert comment.partition("-->\n")[2].strip() in first.summary
        assert [check["conclusion"] for check in github.checks] == ["success", "action_required"]

    # What recommend knows better stands on the line that Alice changed, once, and on the line of the alert beside it.
    wallet = "\n  prod: {team_id: team_support, monthly: "
    (suggested,) = [item for item in github.review_comments if wallet in item["body"].partition("```suggestion")[2]]
    assert "it lasts June 2026 with probability" in suggested["body"]
    assert github.pulls[128].shows(SUPPORT, suggested["line"], suggested["line"])

    # Bob asks, lena approves too early, Alice pushes again: the same comment is updated.
    github.comment(128, "bob", "Does it need all of that?")
    github.review(128, "lena")
    repository.edit(SUPPORT, "monthly: 14000", "monthly: 13700")
    company.pushed("Less is enough")
    assert company.planned().code == 0, company.logs[-1]
    (comment,) = github.ours(128)
    assert "### USD 1,200 more for " in comment
    said = [item["user"]["login"] for item in github.comments if not item["body"].startswith(RECORD)]
    assert said == [BOT if isinstance(company, GitLabCompany) else "github-actions[bot]", "bob"]

    # It is merged with the approval of the older head alone: nothing is applied, and the reason is named.
    merge = company.merged()
    refused = company.apply(merge)
    assert refused.code == 4
    if not isinstance(company, GitLabCompany):
        assert refused.finished == ["Apply what was merged", "Put the outcome into the pull requests"]
    assert "lena approved the older commit" in refused.log[0]
    (comment,) = github.ours(128)
    assert "Not applied: refused" in comment
    assert "lena approved the older commit" in comment
    assert company.funded() == before

    # The owners approve the last head; the same merge is applied, once.
    github.review(128, "lena")
    github.review(128, "bob")
    applied = company.apply(merge)
    assert applied.code == 0, applied.log
    assert company.funded() == 13700.00
    (comment,) = github.ours(128)
    assert "Keeptrusts is as the YAML says" in comment
    assert "### USD 1,200 more for " in comment

    # Running it again writes nothing.
    ledger = company.ledger()
    assert company.apply(merge).code == 0, company.logs[-1]
    assert company.ledger() == ledger

    # Funding the month again finds everything funded.
    funding = company.actions("fund.yml", "fund", commit=merge, event={})
    assert funding.code == 0, funding.log
    assert company.ledger() == ledger

    # Nothing has drifted; then somebody gives Support money in the console.
    assert company.drift().code == 0, company.logs[-1]
    assert github.issues == []
    company.keeptrusts(
        "POST", "/v1/wallets/allocate", team_id="team_support", amount=700.0, currency="USD", description="quick help"
    )
    assert company.drift().code == 0, company.logs[-1]
    (issue,) = github.issues
    assert issue["state"] == "open"
    assert "was given USD 700.00 by hand" in issue["body"]

    # It can be accepted, as one changed line …
    repository.git("switch", "--quiet", "main")
    accepting = Runner(repository.folder, {}, {})
    accepting.variables = {
        "PATH": f"{company.place / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "KEEPTRUSTS_API_URL": company.sandbox.url,
        "KEEPTRUSTS_API_TOKEN": company.sandbox.read_token,
    }
    accepting._step({"name": "Accept", "run": "kt-budgets drift --accept --journal git:origin || [ $? -eq 11 ]"}, {})
    assert accepting.code == 0, accepting.log
    changed = repository.git("diff", "--unified=0", "--", SUPPORT).splitlines()
    accepted = "overrides: {2026-11: 15000.00, 2026-06: {amount: 14400.00, demand: usual}}"
    (line,) = (line for line in changed if line.startswith("+ "))
    assert line == f"+  prod: {{team_id: team_support, monthly: 13700.00, {accepted}}}"
    repository.git("checkout", "--quiet", "--", "budgets")

    # … or undone: git's value is put back, and the issue closes itself.
    accepting.variables["KEEPTRUSTS_API_TOKEN"] = company.sandbox.billing_token
    for script in ("plan --output ../plan.json", "apply --plan ../plan.json"):
        accepting._step({"name": "Undo", "run": f"kt-budgets {script} --journal git:origin"}, {})
    assert accepting.code == 0, accepting.log
    assert company.funded() == 13700.00
    assert company.drift().code == 0, company.logs[-1]
    assert github.issues[0]["state"] == "closed"
