"""`plan` and `demo` on the embedded Keeptrusts: what they print, save and answer."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from reconciler.app.demo import example_budgets
from reconciler.findings import ExitCode
from reconciler.model.json_text import digest_of
from reconciler.model.plan import read_plan, sealed
from reconciler.sandbox.server import Sandbox, running

DAY = date(2026, 6, 18)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(scenario="acme", as_of=DAY) as served:
        yield served


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def plan(kt: Any, sandbox: Sandbox, here: Path, example_export: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that plans the example against a sandbox that is only read.

    Its usage is the file with all events of the sandbox, or what Keeptrusts exports for it alone, which takes longer.
    """
    monkeypatch.setenv("KEEPTRUSTS_API_URL", sandbox.url)
    monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", sandbox.read_token)

    def run(*arguments: object, budgets: Path | None = None, exported: bool = False) -> Any:
        usage = () if exported or "--usage" in arguments else ("--usage", example_export)
        return kt("plan", "--budgets", budgets or example_budgets(), "--as-of", DAY, *usage, *arguments)

    return run


def saved(here: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((here / "plan.json").read_text(encoding="utf-8"))
    return document


def write_events(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", "timestamp", "team_id", "provider", "model", "input_tokens", "cost"])
        writer.writeheader()
        writer.writerows(rows)
    return path


def event(number: int, **changes: str) -> dict[str, str]:
    day = f"2026-06-{number % 17 + 1:02d}T12:00:00Z"
    return {"id": f"e{number}", "timestamp": day, "team_id": "team_support", "cost": "1.000001", **changes}


def test_a_plan_shows_what_changes_and_is_saved(plan: Any, here: Path) -> None:
    result = plan("--first-apply", exported=True)
    assert result.code == ExitCode.DONE, result.err
    assert "support / prod" in result.out
    assert "Saved to plan.json." in result.out
    document = saved(here)
    assert document["complete"] is True
    assert {change["kind"] for change in document["changes"]} >= {"allocate", "reclaim", "update_billing_budget"}
    assert all(change["position"].startswith("budgets/") for change in document["changes"])
    assert [item["class"] for item in document["drift"]] == ["changed"]
    assert {item["confidence"] for item in document["impact"]} == {"normal"}


def test_json_on_stdout_is_the_saved_file(plan: Any, here: Path) -> None:
    result = plan("--format", "json")
    assert result.out == (here / "plan.json").read_text(encoding="utf-8")


def test_the_same_inputs_give_the_same_bytes(plan: Any, here: Path) -> None:
    plan("--output", "one.json", exported=True)
    plan("--output", "other/two.json", exported=True)
    assert (here / "one.json").read_bytes() == (here / "other" / "two.json").read_bytes()


def test_pending_changes_can_be_told_by_the_exit_code(plan: Any) -> None:
    assert plan("--detailed-exit-code").code == ExitCode.PENDING


def test_doubtful_rows_are_counted_and_said(plan: Any, here: Path) -> None:
    rows = [event(n) for n in range(50)]
    rows += [event(90, cost="0", input_tokens="7"), event(91, team_id="team_nobody"), event(92, cost="much"), event(1)]
    plan("--usage", write_events(here / "usage.csv", rows))
    document = saved(here)
    codes = {finding["code"] for finding in document["findings"]}
    assert codes >= {"unpriced-events", "unknown-teams", "bad-cost"}
    assert (document["usage"]["duplicates"], document["usage"]["unparsable"]) == (1, 1)
    assert document["usage"]["left_out"] == {
        "rows": 1, "cost": "0.00", "month_cost": "0.00", "month_share": 0.0, "unread": 1
    }  # fmt: skip
    said = {finding["code"]: finding["message"] for finding in document["findings"]}
    assert said["bad-cost"].startswith("1 row (first: row 54), its cost cannot be read: ")
    assert "1 event, USD 1.00, belongs to a team" in said["unknown-teams"]
    (support,) = [item for item in document["impact"] if item["wallet"] == "team_support"]
    assert support["spend_to_date"] == "50.00"


def test_columns_are_named_in_the_organization_file(plan: Any, here: Path) -> None:
    budgets = here / "budgets"
    (budgets / "teams").mkdir(parents=True)
    organization = (example_budgets() / "org.yaml").read_text() + "usage: {columns: {cost: price}}\n"
    (budgets / "org.yaml").write_text(organization)
    (budgets / "teams" / "support.yaml").write_text((example_budgets() / "teams" / "support.yaml").read_text())
    usage = write_events(here / "usage.csv", [event(n) for n in range(5)])
    usage.write_text(usage.read_text().replace("cost", "price", 1))
    assert plan("--usage", usage, budgets=budgets).code == ExitCode.DONE
    assert saved(here)["usage"]["rows"] == 5


def test_a_plan_compares_the_annual_target_with_what_months_that_are_over_really_cost(plan: Any, here: Path) -> None:
    budgets = here / "budgets"
    (budgets / "teams").mkdir(parents=True)
    organization = "version: 1\norganization: org_acme\ncurrency: USD\nenvironments: [prod]\n"
    organization += "fiscal_year: {name: FY2026, starts: 2026-04}\nannual_target: 21000.00\n"
    team = "version: 1\nteam: support\nplan: {baseline_monthly: 1000.00}\n"
    team += "wallets: {prod: {team_id: team_support, monthly: 990.00, overrides: {2026-06: 1110.00}}}\n"
    (budgets / "org.yaml").write_text(organization)
    (budgets / "teams" / "support.yaml").write_text(team)
    days = [f"2026-{month:02d}-{day:02d}T12:00:00Z" for month, last in ((4, 30), (5, 31)) for day in range(1, last + 1)]
    dear = [event(number, timestamp=day, cost="40") for number, day in enumerate([*days, "2026-06-17T12:00:00Z"])]
    cheap = [{**row, "cost": "10"} for row in dear]

    plan("--usage", write_events(here / "cheap.csv", cheap), budgets=budgets)
    found = {finding["code"]: finding for finding in saved(here)["findings"]}
    assert "annual-target-exceeded" not in found
    assert "short in 9 months of FY2026 from 2026-06 on, first in 2026-07" in found["wallets-below-plan"]["message"]

    plan("--usage", write_events(here / "dear.csv", dear), budgets=budgets)
    [exceeded] = [found for found in saved(here)["findings"] if found["code"] == "annual-target-exceeded"]
    assert (exceeded["path"], exceeded["line"], exceeded["column"]) == ("budgets/org.yaml", 6, 16)
    assert exceeded["message"] == (
        "the targets of the wallets of 1 team and what is spent or stays beyond them add up to USD 21,850.00 in FY2026,"
        " USD 850.00 above the annual target of USD 21,000.00; of months that are over, 2026-04 to 2026-05 with what"
        " was spent, USD 2,440.00; USD 9,390.00 of this month is beyond its targets, and spent or not taken back"
    )


def test_a_guard_that_refuses_saves_the_plan_and_leaves_with_its_own_code(plan: Any, here: Path) -> None:
    budgets = here / "budgets"
    (budgets / "teams").mkdir(parents=True)
    (budgets / "org.yaml").write_text((example_budgets() / "org.yaml").read_text() + "guards: {largest_change: 10}\n")
    (budgets / "teams" / "support.yaml").write_text((example_budgets() / "teams" / "support.yaml").read_text())
    result = plan(budgets=budgets)
    assert result.code == ExitCode.REFUSED
    assert [guard["status"] for guard in saved(here)["guards"]][-1] == "refused"
    refused = plan("--output", "plan.json", budgets=budgets)
    assert "largest-change" in refused.out
    assert refused.out.splitlines()[2].startswith("Budget plan refused: ")
    assert refused.out.endswith("again; `apply` does nothing with this one.\n")


def test_a_token_that_is_refused_stops_before_anything_is_saved(
    plan: Any, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", "kt_wrong_token")
    result = plan("--format", "json")
    assert result.code == ExitCode.REMOTE
    assert json.loads(result.out)["exit_code"] == ExitCode.REMOTE
    assert "kt_wrong_token" not in result.out + result.err
    assert not (here / "plan.json").exists()


def test_the_sandbox_says_whose_organization_it_holds(kt: Any, here: Path) -> None:
    folder = shutil.copytree(example_budgets(), here / "budgets")
    path = folder / "org.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("org_acme", "org_nordwind"), encoding="utf-8")
    done = kt("plan", "--budgets", folder, "--as-of", DAY, "--sandbox")
    assert done.code == ExitCode.REMOTE
    assert "the sandbox holds the example's organization `org_acme`" in done.err
    assert "kt-budgets forecast --usage" in done.err


def test_a_place_that_cannot_be_written_is_said(plan: Any, here: Path) -> None:
    (here / "taken").write_text("a file")
    result = plan("--output", "taken/plan.json")
    assert result.code == ExitCode.USAGE
    assert "--output" in result.err


def test_the_demo_shows_the_whole_loop_and_can_be_repeated(kt: Any, here: Path) -> None:
    for _ in range(2):
        result = kt("demo")
        assert result.code == ExitCode.DONE, result.out + result.err
        assert "Done: " in result.out
        assert "Nothing to change." in result.out
    assert {path.name for path in (here / "demo").iterdir()} >= {"budgets", "plan.json", "comment.md", "report.html"}


def test_the_demo_leaves_a_folder_alone_that_it_did_not_make(kt: Any, here: Path) -> None:
    (here / "demo").mkdir()
    (here / "demo" / "thesis.txt").write_text("mine")
    result = kt("demo")
    assert result.code == ExitCode.USAGE
    assert (here / "demo" / "thesis.txt").read_text() == "mine"


def test_the_days_of_the_month_are_kept_for_the_wallets_that_change_first(
    plan: Any, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.app.planning.questions.MOST_CHARTED", 3)
    plan()
    document = saved(here)
    changed = {change["wallet"] for change in document["changes"] if "wallet" in change}
    charted = {item["wallet"] for item in document["impact"] if item["daily"]}
    assert len(charted) == 3
    assert charted <= changed


def test_a_plan_sealed_with_its_text_is_the_plan_that_the_text_holds(plan: Any, here: Path) -> None:
    plan()
    text = (here / "plan.json").read_text(encoding="utf-8")
    read = read_plan(text)
    assert sealed(read) == read
    assert read.text() == text


@pytest.mark.parametrize(
    ("period", "words", "cure"),
    [
        ("2026-05", "2026-05 is over on 2026-06-18", "kt-budgets plan --period 2026-06"),
        ("2027-01", "2027-01 has not begun on 2026-06-18", "from 2027-01-01 on `kt-budgets apply --period 2027-01`"),
    ],
    ids=["over", "to come"],
)
def test_a_plan_that_cannot_be_applied_says_so(
    plan: Any, kt: Any, here: Path, period: str, words: str, cure: str
) -> None:
    planned = plan("--period", period)
    assert planned.code == ExitCode.DONE
    assert saved(here)["changes"]
    assert words in " ".join(planned.out.split())
    assert cure in planned.out.rpartition("Next: ")[2]
    assert "open a pull request" not in planned.out
    assert f"this plan cannot be applied: {words}" in kt("show", "plan.json", "--format", "markdown").out


def test_the_facts_that_rules_judge_are_in_the_plan_as_their_published_schema_says(plan: Any, here: Path) -> None:
    assert plan("--output", "plan.json").code == ExitCode.DONE
    whole, schemas = saved(here), Path(__file__).parents[2] / "schemas"
    facts = whole["policy_input"]
    Draft7Validator(json.loads((schemas / "policy-input.schema.json").read_text(encoding="utf-8"))).validate(facts)
    assert facts["changes"] == whole["changes"]
    assert facts["fiscal_year"] == "2026-06"
    assert {one["key"] for one in facts["objects"]} >= {"team/team_support/support-monthly"}
    support = facts["wallets"]["team_support"]
    (shown,) = (one for one in whole["impact"] if one["wallet"] == "team_support")
    assert support["month_end"] == shown["month_end"]["quantiles"]
    assert Decimal(support["spent"]) >= Decimal(shown["spend_to_date"])
    assert float(support["after"]["runs_out"]) == shown["desired"]["exhaustion"]["probability"]
    assert list(facts["history"]["team_support"])[-1] == "2026-05"
    assert Decimal(facts["history"]["team_support"]["2026-05"]) > 0


def test_the_file_of_the_version_before_is_shown_and_read_as_ever(plan: Any, here: Path, kt: Any) -> None:
    plan("--output", "plan.json")
    shown, whole = kt("show", "plan.json").out, saved(here)
    document = {key: value for key, value in whole.items() if key not in ("policy_input", "digest")}
    digest = digest_of(document)
    (here / "plan.json").write_text(json.dumps({**document, "digest": digest}), encoding="utf-8")
    silent = re.sub(r"  Approve: .*?\n\n", "", shown, flags=re.DOTALL)
    assert kt("show", "plan.json").out == silent.replace(whole["digest"][7:15], digest[7:15])
