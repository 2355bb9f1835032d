"""Money against a Keeptrusts that gives its listings in parts, or books in words of its own, from outside."""

from __future__ import annotations

import html
import json
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from memory_over_http import Habits, World, over_http
from paging_shapes import Shape

pytestmark = pytest.mark.slow

Run = Callable[..., "subprocess.CompletedProcess[str]"]

PLAN = ("plan", "--as-of", "2026-06-18", "--usage", "usage.csv", "--detailed-exit-code")
APPLY = ("apply", "--as-of", "2026-06-18", "--plan", "plan.json", "--format", "json")
TARGETS = {"t-alpha": "1200.50", "t-alpha-dev": "300", "t-beta": "0.07", "t-gamma": "450.00"}


def world(shape: Shape | None = None, kind: str = "allocate") -> World:
    """Return a world in which every wallet is funded as the YAML says, alpha by an entry that comes last of twelve."""
    state = World(habits=Habits(shape=shape), teams={key: key for key in TARGETS})
    for key, amount in TARGETS.items():
        state.enter(key, kind, Decimal(amount), at="2026-06-01T00:00:00Z")
    for number in range(11):
        state.enter("t-alpha", "settle", Decimal("1.25"), at=f"2026-06-{number + 2:02d}T10:00:00Z")
    return state


@pytest.mark.parametrize(
    "says", ["total", "count", "total_pages", "pagination", "has_more", "truncated", "Link", "X-Total-Count"]
)
def test_a_ledger_of_which_a_part_came_stops_the_plan_and_nothing_is_sent(kt: Run, says: str) -> None:
    with over_http(state := world(Shape(says, "in no way", 6))) as url:
        done = kt(url, *PLAN)
    assert done.returncode == 9, done.stdout + done.stderr
    assert "/transactions" in done.stderr or "/v1/wallets" in done.stderr
    assert "cannot be read" in done.stderr
    assert state.writes == []


@pytest.mark.parametrize(
    ("says", "goes"),
    [
        ("total and offset", "by offset"),
        ("pagination", "by page"),
        ("spring", "by page"),
        ("has_more", "by offset"),
        ("X-Total-Count", "by page"),
        ("Link", "by cursor"),
        ("nothing, bare", "by offset"),
    ],
)
def test_a_ledger_in_parts_is_put_together_and_a_funded_month_stays_as_it_is(kt: Run, says: str, goes: str) -> None:
    with over_http(state := world(Shape(says, goes, 5))) as url:
        done = kt(url, *PLAN)
        assert done.returncode == 10, done.stdout + done.stderr
        assert kt(url, *APPLY).returncode == 0
    assert {key: state.funded(key, "2026-06") for key in TARGETS} == {k: Decimal(v) for k, v in TARGETS.items()}
    assert not [path for _, path, _ in state.writes if "wallets" in path]


CURE = "api: {ledger_types: {budget-grant: allocate}}"


def strange_world() -> World:
    """Return a world in which beta and gamma hold nothing, and gamma's ledger has an entry that may mean anything."""
    state = World(teams={key: key for key in TARGETS})
    for key in ("t-alpha", "t-alpha-dev"):
        state.enter(key, "allocate", Decimal(TARGETS[key]), at="2026-06-01T00:00:00Z")
    state.enter("t-gamma", "budget-grant", Decimal("450.00"), at="2026-06-02T00:00:00Z")
    return state


def moved(state: World) -> set[str]:
    return {path.split("/")[3] for _, path, _ in state.writes if "/wallets/" in path}


def test_an_entry_of_a_type_that_nobody_knows_stops_its_wallet_alone_with_a_cure_that_works(
    kt: Run, folder: Path
) -> None:
    with over_http(state := strange_world()) as url:
        done = kt(url, *PLAN)
        assert done.returncode == 10, done.stdout + done.stderr
        plan = json.loads((folder / "plan.json").read_text())
        assert {c["wallet"] for c in plan["changes"] if c["kind"] == "allocate"} == {"t-beta"}
        assert [(doubt["wallet"], doubt["kind"]) for doubt in plan["doubts"]] == [("t-gamma", "unreadable")]
        for format_ in ("text", "markdown", "html", "json"):
            shown = kt(url, "show", "plan.json", "--format", format_).stdout
            assert "its type `budget-grant` is not known" in plain(shown), format_
            assert CURE in plain(shown), format_
        assert "whose ledger cannot be read" in kt(url, "show", "plan.json", "--format", "markdown").stdout
        run = kt(url, *APPLY)
        assert run.returncode == 5, run.stdout + run.stderr
        assert json.loads(run.stdout)["converged"] is False
        assert state.funded("t-beta", "2026-06") == Decimal("0.07")
        organization = folder / "budgets" / "org.yaml"
        organization.write_text(organization.read_text() + CURE + "\n")
        assert kt(url, *PLAN).returncode == 0
        assert kt(url, *APPLY).returncode == 0
    assert len([path for _, path, _ in state.writes if "wallets" in path]) == 1


def plain(text: str) -> str:
    """Return a page without its line breaks and characters' names."""
    return html.unescape(" ".join(text.split())).replace("\\", "").replace("<code>", "`").replace("</code>", "`")


def test_an_entry_of_such_a_type_that_comes_after_the_review_refuses_its_team_and_no_other(kt: Run) -> None:
    state = strange_world()
    state.forget("t-gamma")
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 10
        state.enter("t-gamma", "budget-grant", Decimal("450.00"), at="2026-06-18T07:00:00Z")
        done = kt(url, *APPLY)
        assert done.returncode == 5, done.stdout + done.stderr
        outcomes = {each["wallet"]: each for each in json.loads(done.stdout)["outcomes"] if each.get("wallet")}
    assert outcomes["t-beta"]["status"] == "applied"
    assert outcomes["t-gamma"]["status"] == "refused"
    assert "cannot be read" in outcomes["t-gamma"]["reason"]
    assert CURE in outcomes["t-gamma"]["reason"]
    assert state.funded("t-gamma", "2026-06") == 0


def test_every_other_command_goes_on_without_a_wallet_whose_ledger_cannot_be_read(kt: Run) -> None:
    day, usage = ("--as-of", "2026-06-18"), ("--usage", "usage.csv")
    with over_http(state := strange_world()) as url:
        found = kt(url, "forecast", *day, *usage)
        assert found.returncode == 0, found.stderr
        assert "gamma/prod is left out: the ledger of t-gamma cannot be read" in " ".join(found.stdout.split())
        assert "alpha / prod" in found.stdout
        document = json.loads(kt(url, "forecast", *day, *usage, "--format", "json").stdout)
        assert "t-gamma" not in {wallet["wallet"] for wallet in document["wallets"]}
        assert "unreadable-wallet" in {notice["code"] for notice in document["notices"]}
        left_out = {one["wallet"]: one["reason"] for one in document["year"]["left_out"]}
        assert left_out == {"t-gamma": "unreadable", "t-beta": "unknown"}
        year = " ".join(found.stdout.split())
        assert "gamma / prod is not in it, because its ledger cannot be read" in year
        assert "what git does not cover" not in year
        alone = kt(url, "forecast", *day, *usage, "--wallet", "gamma")
        assert alone.returncode == 0, alone.stderr
        assert "gamma/prod is left out" in alone.stdout
        for command in (("recommend",), ("whatif", "--growth", "alpha=+25%")):
            done = kt(url, *command, *day, *usage)
            assert done.returncode == 0, done.stderr
            assert "gamma/prod is left out" in done.stdout
        drift = kt(url, "drift", *day)
        assert drift.returncode == 11, drift.stdout + drift.stderr
        assert "in doubt* gamma / prod: the ledger of t-gamma cannot be read" in " ".join(drift.stdout.split())
        opened = kt(url, "apply", "--period", "2026-06", *day, "--format", "json")
        assert opened.returncode == 5, opened.stdout + opened.stderr
        verified = kt(url, "audit", "--verify")
        assert verified.returncode in (0, 9)
    assert state.funded("t-beta", "2026-06") == Decimal("0.07")
    assert state.funded("t-gamma", "2026-06") == 0


@pytest.mark.parametrize("kind", ["allocation", "Allocated", "ALLOCATE"])
def test_another_form_of_a_known_type_counts_as_it(kt: Run, kind: str) -> None:
    with over_http(state := world(kind=kind)) as url:
        assert kt(url, *PLAN).returncode == 10
        assert kt(url, *APPLY).returncode == 0
    assert not [path for _, path, _ in state.writes if "wallets" in path]
