"""The whole loop from outside: the command line against a Keeptrusts that shares no code with the embedded one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from memory_over_http import Habits, World, exact, floating, over_http, shortest

from reconciler.model.json_text import digest_of

pytestmark = pytest.mark.slow

Run = Callable[..., "subprocess.CompletedProcess[str]"]
TARGETS = {"t-alpha": "1200.50", "t-alpha-dev": "300", "t-beta": "0.07", "t-gamma": "450.00"}

ALPHA = """\
version: 1
team: alpha
plan: {baseline_monthly: 1000.00}
wallets:
  prod: {team_id: t-alpha, monthly: 1000.00, overrides: {2026-06: 1200.50}}
  dev: {team_id: t-alpha-dev, monthly: "300"}
billing_budgets:
  - {name: changed, amount: 1100, alert_percentages: [50, 90]}
  - {name: new, amount: 250, environment: dev}
"""


def world(habits: Habits | None = None, **fields: Any) -> World:
    made = World(**fields, habits=habits or Habits(), teams={key: key for key in TARGETS})
    for number in range(20):
        made.enter("t-alpha", "settle", Decimal("1.25"), at=f"2026-06-{number % 17 + 1:02d}T10:00:00Z")
    made.enter("t-alpha", "allocate", Decimal("1000"), at="2026-06-01T00:00:00Z")
    made.enter("t-alpha", "allocate", Decimal("999"), at="2026-05-31T23:59:59Z")
    made.enter("t-gamma", "allocate", Decimal("600"), at="2026-06-01T00:00:00Z")
    for number in range(9):
        made.enter(f"t-other-{number}", "allocate", Decimal(5), at="2026-06-02T00:00:00Z")
    scope = {"type": "team", "id": "t-alpha"}
    made.budgets["b1"] = {
        "id": "b1",
        "name": "changed",
        "scope": scope,
        "amount": Decimal(900),
        "currency": "USD",
        "period": "monthly",
        "alert_percentages": [80, 100],
        "hard_limit": False,
        "webhook": "keep-me",
    }
    made.budgets["b2"] = {**made.budgets["b1"], "id": "b2", "name": "handmade"}
    return made


PLAN = ("plan", "--first-apply", "--as-of", "2026-06-18", "--usage", "usage.csv", "--detailed-exit-code")
APPLY = ("apply", "--first-apply", "--as-of", "2026-06-18", "--plan", "plan.json", "--format", "json")

HABITS = [
    Habits(page=7, envelope="data", amounts=exact),
    Habits(page=7, envelope="plural", amounts=floating),
    Habits(page=1, envelope="data", amounts=shortest),
    Habits(envelope="bare", amounts=floating),
]


def test_the_same_facts_give_the_same_plan_however_a_deployment_writes_them(kt: Run, folder: Path) -> None:
    plans = set()
    for habits in HABITS:
        with over_http(world(habits)) as url:
            done = kt(url, *PLAN)
        assert done.returncode == 10, done.stderr
        plans.add((folder / "plan.json").read_bytes())
    assert len(plans) == 1


def test_after_apply_the_ledger_equals_the_yaml_and_nothing_is_left_to_do(kt: Run, folder: Path) -> None:
    state = world()
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 10
        assert state.writes == []
        first = kt(url, *APPLY)
        assert first.returncode == 0, first.stdout + first.stderr
        written = len(state.writes)
        second = kt(url, *APPLY)
        assert second.returncode == 0, second.stdout + second.stderr
        assert len(state.writes) == written
        assert kt(url, *PLAN).returncode == 0
    assert {key: state.funded(key, "2026-06") for key in TARGETS} == {k: Decimal(v) for k, v in TARGETS.items()}
    run = json.loads(first.stdout)
    assert run["converged"] is True
    assert {outcome["status"] for outcome in run["outcomes"]} == {"applied"}
    assert {outcome["status"] for outcome in json.loads(second.stdout)["outcomes"]} == {"already_applied"}
    kinds = [path.rsplit("/", 1)[1] for _, path, _ in state.writes if "wallets" in path]
    assert kinds == sorted(kinds, reverse=True), "reclaims come before allocations"
    changed = state.budgets["b1"]
    assert (changed["amount"], changed["alert_percentages"], changed["webhook"]) == (1100, [50, 90], "keep-me")
    assert "handmade" in {budget["name"] for budget in state.budgets.values()}


def test_a_plan_of_an_older_version_with_fewer_fields_is_applied_and_an_edited_one_is_not(
    kt: Run, folder: Path
) -> None:
    state = world()
    saved = folder / "plan.json"
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 10
        document = json.loads(saved.read_text())
        content = {key: value for key, value in document.items() if key not in ("digest", "assumptions", "year")}
        for wallet in content["impact"]:
            del wallet["method"]
        saved.write_text(json.dumps({**content, "digest": document["digest"]}))
        edited = kt(url, *APPLY)
        assert (edited.returncode, state.writes) == (5, []), edited.stderr
        saved.write_text(json.dumps({**content, "digest": digest_of(content)}))
        older = kt(url, *APPLY)
        assert older.returncode == 0, older.stdout + older.stderr
    assert json.loads(older.stdout)["converged"] is True


def test_a_budget_that_was_applied_and_then_removed_from_the_yaml_is_deleted(kt: Run, folder: Path) -> None:
    state = world()
    alpha = folder / "budgets" / "teams" / "alpha.yaml"
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 10
        assert kt(url, *APPLY).returncode == 0
        alpha.write_text(ALPHA.replace("  - {name: new, amount: 250, environment: dev}\n", ""))
        assert kt(url, *PLAN).returncode == 10
        changes = json.loads((folder / "plan.json").read_text())["changes"]
        assert [change["kind"] for change in changes] == ["delete_billing_budget"]
        assert kt(url, *APPLY).returncode == 0
        alpha.unlink()
        assert kt(url, *PLAN).returncode == 0
    assert {budget["name"] for budget in state.budgets.values()} == {"changed", "handmade"}


def test_a_stale_team_is_refused_and_the_others_go_on(kt: Run, folder: Path) -> None:
    state = world()
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 10
        state.enter("t-gamma", "allocate", Decimal(10), "by hand")
        done = kt(url, *APPLY)
    assert done.returncode == 5, done.stdout + done.stderr
    assert state.funded("t-gamma", "2026-06") == Decimal(610)
    assert state.funded("t-alpha", "2026-06") == Decimal("1200.50")
    refused = [outcome for outcome in json.loads(done.stdout)["outcomes"] if outcome["status"] == "refused"]
    assert [outcome["team"] for outcome in refused] == ["gamma"]
    assert "txn_" in refused[0]["reason"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"habits": Habits(page=3, broken_path="/v1/wallets", broken_from=3)}, 9),
        ({"habits": Habits(page=3, broken_path="/v1/wallets/w-t-alpha/transactions", broken_from=6)}, 9),
        ({"habits": Habits(forbidden_path="/v1/wallets")}, 9),
        ({"habits": Habits(forbidden_path="/v1/auth/whoami")}, 9),
        ({"organization": "org_else"}, 9),
    ],
    ids=["unreadable page of wallets", "unreadable page of a ledger", "wallets forbidden", "token", "organization"],
)
def test_live_state_that_cannot_be_read_whole_stops_with_one_sentence_and_no_write(
    kt: Run, folder: Path, fields: dict[str, Any], code: int
) -> None:
    with over_http(world()) as url:
        assert kt(url, *PLAN).returncode == 10
    state = world(**fields)
    with over_http(state) as url:
        for command in (PLAN, APPLY):
            done = kt(url, *command)
            assert done.returncode == code, done.stdout + done.stderr
            sentence, *rest = done.stderr.strip().splitlines()
            assert sentence.startswith("kt-budgets: ")
            assert [line[:8] for line in rest] == ["  hint: "]
            assert "Traceback" not in done.stderr
    assert state.writes == []


@pytest.mark.parametrize(
    ("fields", "sent"),
    [({"permissions": frozenset({"wallets:read"})}, 0), ({"habits": Habits(forbidden_path="/v1/wallets/reclaim")}, 0)],
    ids=["the token says so", "the server says so at the first write"],
)
def test_a_token_that_may_not_write_stops_with_one_sentence(
    kt: Run, folder: Path, fields: dict[str, Any], sent: int
) -> None:
    state = world(**fields)
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 10
        done = kt(url, *APPLY)
    assert done.returncode == 9, done.stdout + done.stderr
    assert done.stderr.startswith("kt-budgets: ")
    assert "org:billing" in done.stderr
    assert len(state.writes) == sent


def test_a_refused_token_and_an_unreachable_server_are_said(kt: Run) -> None:
    with over_http(world()) as url:
        refused = kt(url, *PLAN, token="wrong")
    gone = kt(url, *PLAN)
    assert (refused.returncode, gone.returncode) == (9, 9)
    assert "wrong" not in refused.stderr


@pytest.fixture(autouse=True)
def _no_leftovers(folder: Path) -> Iterator[None]:
    yield
    assert not list(folder.glob("*.partial"))


def test_without_an_export_the_plan_goes_by_the_ledger_and_says_so(kt: Run, folder: Path) -> None:
    state = world()
    with over_http(state) as url:
        done = kt(url, "plan", "--as-of", "2026-06-18")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads((folder / "plan.json").read_text())
    assert document["usage"] is None
    assert "usage-unavailable" in {finding["code"] for finding in document["findings"]}
    spent = {item["wallet"]: item["spend_to_date"] for item in document["impact"]}
    assert spent == {"t-alpha": "25.00", "t-alpha-dev": "0.00", "t-beta": "0.00", "t-gamma": "0.00"}


def test_without_an_export_every_look_ahead_goes_by_the_ledger_as_the_plan_does(kt: Run, folder: Path) -> None:
    with over_http(world()) as url:
        assert kt(url, "plan", "--as-of", "2026-06-18").returncode == 0
        told = kt(url, "forecast", "--as-of", "2026-06-18")
        ahead = json.loads(kt(url, "forecast", "--as-of", "2026-06-18", "--format", "json").stdout)
        supposed = kt(url, "whatif", "--as-of", "2026-06-18", "--wallet", "alpha/prod=1300", "--format", "json").stdout
    planned = json.loads((folder / "plan.json").read_text())["impact"]
    assert planned[0]["spend_to_date"] == "25.00"
    assert ahead["wallets"] == planned
    now = json.loads(supposed)["now"]
    assert [item["wallet"] for item in now] == ["t-alpha", "t-alpha-dev"]
    assert all(item in planned for item in now)
    assert "(spend by the ledger alone)" in told.stdout


def test_a_team_whose_yaml_moved_on_since_the_review_is_stale_and_the_others_go_on(kt: Run, folder: Path) -> None:
    state = world()
    gamma = folder / "budgets" / "teams" / "gamma.yaml"
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 10
        gamma.write_text(gamma.read_text().replace("monthly: 450", "monthly: 470"))
        done = kt(url, *APPLY)
    assert done.returncode == 5, done.stdout + done.stderr
    outcomes = json.loads(done.stdout)["outcomes"]
    assert [o["team"] for o in outcomes if o["status"] == "refused"] == ["gamma"]
    assert "the YAML asks for something else" in next(o["reason"] for o in outcomes if o["team"] == "gamma")
    assert state.funded("t-alpha", "2026-06") == Decimal("1200.50")


def test_a_change_of_alerts_alone_is_checked_afterwards_where_the_organization_has_money_in_two_currencies(
    kt: Run, folder: Path
) -> None:
    state = world()
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 10
        assert kt(url, *APPLY).returncode == 0
        alpha = folder / "budgets" / "teams" / "alpha.yaml"
        alpha.write_text(alpha.read_text().replace("amount: 1100", "amount: 1150"))
        assert kt(url, *PLAN).returncode == 10
        done = kt(url, *APPLY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [outcome["status"] for outcome in json.loads(done.stdout)["outcomes"]] == ["applied"]


def test_what_needs_an_export_says_that_keeptrusts_gave_none_and_that_no_option_was_wrong(kt: Run) -> None:
    with over_http(world()) as url:
        for command in (("review",), ("backtest",), ("usage", "export")):
            done = kt(url, *command, "--as-of", "2026-06-18")
            assert done.returncode == 9, done.stderr
            assert "Keeptrusts gave no export" in done.stderr
