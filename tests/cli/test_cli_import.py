"""`import` on a Keeptrusts over HTTP: what it prints, writes and exits with."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from memory_keeptrusts import BUDGETS
from memory_over_http import TOKEN, Habits, World, floating, over_http
from organizations import DAY, JUNE

from reconciler.findings import ExitCode
from reconciler.sandbox.globex import WITHOUT_SLUG, team_id
from reconciler.sandbox.server import Sandbox, running


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_is_imported_into_an_empty_folder_and_planned_without_a_change(kt: Any, here: Path) -> None:
    done = kt("import", "--sandbox", "--as-of", DAY, "--budgets", "ours")
    assert done.code == ExitCode.DONE, done.err
    assert "Added 5 teams, 8 wallets, 4 alerts, 2 export schedules of org_acme:" in done.out
    assert "The plan of what is written is empty for 2026-06: nothing would move." in done.out
    assert kt("validate", "--budgets", "ours").code == ExitCode.DONE
    planned = kt("plan", "--sandbox", "--as-of", DAY, "--budgets", "ours", "--detailed-exit-code")
    assert planned.code == ExitCode.DONE, planned.out


def test_a_dry_run_says_the_same_and_writes_nothing(kt: Any, here: Path) -> None:
    done = kt("import", "--sandbox", "--as-of", DAY, "--budgets", "ours", "--dry-run")
    assert done.code == ExitCode.DONE
    assert "Would add (--dry-run, nothing was written) 5 teams" in done.out
    assert "The plan of what would be written is empty" in done.out
    assert list(here.iterdir()) == []


def test_a_month_that_has_not_begun_is_refused(kt: Any, here: Path) -> None:
    done = kt("import", "--sandbox", "--as-of", DAY, "--period", "2026-07")
    assert done.code == ExitCode.USAGE
    assert "2026-07 has not begun" in done.err


def test_what_the_yaml_says_otherwise_is_told_and_left_as_it_is(kt: Any, here: Path) -> None:
    assert kt("import", "--sandbox", "--as-of", DAY, "--budgets", "ours").code == ExitCode.DONE
    file = here / "ours" / "teams" / "support.yaml"
    edited = file.read_text().replace("{amount: 10500.00, demand: usual}", "11000.00 # ours")
    assert "# ours" in edited
    file.write_text(edited)
    done = kt("import", "--sandbox", "--as-of", DAY, "--budgets", "ours", "--format", "json")
    assert done.code == ExitCode.PENDING
    (difference,) = json.loads(done.out)["plan"]["differences"]
    assert difference.startswith("ours/teams/support.yaml:")
    assert "support/prod would get USD 500.00" in difference
    assert file.read_text() == edited


@pytest.fixture
def globex(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with running(scenario="globex", as_of=DAY) as served:
        monkeypatch.setenv("KEEPTRUSTS_API_URL", served.url)
        monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", served.read_token)
        yield served


@pytest.fixture
def of_globex(here: Path) -> Path:
    """Return a map of the teams whose slugs say nothing."""
    file = here / "map.yaml"
    file.write_text("\n".join(f"{team_id(slug)}: {slug.replace('-', '/')}" for slug in WITHOUT_SLUG))
    return file


def test_an_organization_that_ran_by_hand_is_imported_over_http_with_a_token_that_may_only_read(
    kt: Any, globex: Sandbox, here: Path, of_globex: Path, golden: Any
) -> None:
    done = kt("import", "--as-of", DAY, "--map", of_globex)
    assert done.code == ExitCode.DONE, done.err
    golden("import/globex.txt", done.out)
    golden("import/legal.yaml", (here / "budgets" / "teams" / "legal.yaml").read_text())
    golden("import/search.yaml", (here / "budgets" / "teams" / "search.yaml").read_text())
    before = {path: path.read_bytes() for path in (here / "budgets").rglob("*.yaml")}
    assert kt("import", "--as-of", DAY, "--map", of_globex).code == ExitCode.DONE
    assert {path: path.read_bytes() for path in (here / "budgets").rglob("*.yaml")} == before
    assert globex.store.received == []
    assert kt("validate").code == ExitCode.DONE
    usage = here / "usage.csv"
    usage.write_text("id,timestamp,team_id,provider,model,cost\n")
    planned = kt("plan", "--as-of", DAY, "--usage", usage, "--detailed-exit-code")
    assert planned.code == ExitCode.DONE, planned.out
    assert globex.store.received == []


def test_an_answer_names_the_month_in_the_comment(kt: Any, globex: Sandbox, here: Path) -> None:
    asked = json.loads(kt("import", "--as-of", DAY, "--dry-run", "--format", "json").out)["questions"]
    (question,) = asked
    option, answer = question["answers"][1].split()
    done = kt("import", "--as-of", DAY, option, answer, "--output", "out.json", "--format", "json")
    assert done.code == ExitCode.DONE
    assert json.loads((here / "out.json").read_text())["questions"] == []
    text = (here / "budgets" / "teams" / "legal.yaml").read_text()
    assert f"# given for it before it began: {question['transaction']}, 2026-05-29: 6,100.00" in text


@pytest.mark.parametrize("answer", ["txn_1", "txn_1=June", "=2026-06"])
def test_an_answer_that_names_no_entry_or_month_is_refused(kt: Any, globex: Sandbox, here: Path, answer: str) -> None:
    assert kt("import", "--as-of", DAY, "--month", answer).code == ExitCode.USAGE
    assert kt("import", "--as-of", DAY, "--month", "words", "--dry-run").code == ExitCode.DONE
    assert not (here / "budgets").exists()


def test_a_year_of_usage_says_what_plans_may_be(kt: Any, here: Path, example_export: Path, golden: Any) -> None:
    usage = ("--usage", example_export)
    done = kt("import", "--sandbox", "--as-of", DAY, *usage)
    assert done.code == ExitCode.DONE, done.err
    golden("import/usage.txt", done.out)
    golden("import/support.yaml", (here / "budgets" / "teams" / "support.yaml").read_text())
    assert "warning unknown-teams" in done.out
    before = {path: path.read_bytes() for path in (here / "budgets").rglob("*.yaml")}
    assert kt("import", "--sandbox", "--as-of", DAY, *usage).code == ExitCode.DONE
    assert {path: path.read_bytes() for path in (here / "budgets").rglob("*.yaml")} == before
    assert kt("validate").code == ExitCode.DONE


def test_a_plan_is_added_to_files_that_have_none_and_no_other(kt: Any, here: Path, example_export: Path) -> None:
    assert kt("import", "--sandbox", "--as-of", DAY).code == ExitCode.DONE
    support, finance = (here / "budgets" / "teams" / f"{team}.yaml" for team in ("support", "finance"))
    ours = f"{support.read_text()}plan: {{baseline_monthly: 1.00}}  # ours\n"
    support.write_text(ours)
    before = finance.read_text()
    done = kt("import", "--sandbox", "--as-of", DAY, "--usage", example_export, "--format", "json")
    assert done.code == ExitCode.DONE
    assert support.read_text() == ours
    assert finance.read_text().startswith(f"{before}plan:\n  # the middle one of what the last whole months cost")
    document = json.loads(done.out)
    assert not [line for line in document["proposals"] if line.startswith("support:")]
    assert {found["code"] for found in document["findings"]} == {
        "unpriced-events",
        "requests-not-served",
        "unknown-teams",
    }


def test_usage_without_a_path_is_asked_of_keeptrusts(kt: Any, here: Path) -> None:
    done = kt("import", "--sandbox", "--as-of", DAY, "--dry-run", "--usage")
    assert done.code == ExitCode.DONE
    assert "  support: baseline_monthly: 12202.46, cache_hit_rate: {from: 13.4%" in done.out


def test_what_was_imported_can_be_adopted_and_a_team_that_is_released_does_not_come_back(
    kt: Any, globex: Sandbox, here: Path, of_globex: Path
) -> None:
    wanted = ("import", "--as-of", DAY, "--map", of_globex)
    assert kt("init", "--as-of", DAY, "--forge", "none").code == ExitCode.DONE
    assert kt(*wanted).code == ExitCode.DONE
    adopted = kt("adopt", "--as-of", DAY)
    assert adopted.code == ExitCode.DONE, adopted.err
    assert kt("release", "hr", "--as-of", DAY).code == ExitCode.DONE
    file = here / "budgets" / "teams" / "hr.yaml"
    file.unlink()
    done = kt(*wanted)
    assert done.code == ExitCode.DONE, done.out
    assert not file.exists()
    assert done.out.count("the team hr was released from management") == 2
    assert globex.store.received == []


def test_a_person_at_a_terminal_is_asked_and_may_not_know(globex: Sandbox, here: Path) -> None:
    answered = _at_a_terminal("import", "--as-of", str(DAY), typed="2026-06\n")
    assert "legal/prod was given USD 6,100.00 on 2026-05-29" in answered
    assert "open question" not in answered.partition("[unknown]")[2]
    legal = (here / "budgets" / "teams" / "legal.yaml").read_text()
    assert "given for it before it began" in legal
    for file in (here / "budgets").rglob("*.yaml"):
        file.unlink()
    assert "1 open question" in _at_a_terminal("import", "--as-of", str(DAY), typed="\n")


def _at_a_terminal(*arguments: str, typed: str) -> str:
    """Return what a person sees who runs a command and types that."""
    main, child = pty.openpty()
    command = [sys.executable, "-m", "reconciler", *arguments]
    with subprocess.Popen(command, stdin=child, stdout=child, stderr=child, env=os.environ, close_fds=True) as process:
        os.close(child)
        os.write(main, typed.encode())
        seen = b""
        with suppress(OSError):
            while part := os.read(main, 65_536):
                seen += part
        assert process.wait(timeout=60) == ExitCode.DONE, seen.decode()
    os.close(main)
    return seen.decode().replace("\r\n", "\n")


ELSEWHERE = {"team_support": "Support", "team_support_dev": "Support (dev)", "t-77aa01": "Legal Ops"}


def _alert(id: str, scope: tuple[str, str], percentages: list[Decimal]) -> dict[str, Any]:
    fields = {"amount": Decimal("4000"), "currency": "USD", "period": "monthly", "hard_limit": False}
    at = {"type": scope[0], "id": scope[1]}
    return {"id": id, "name": id, "scope": at, "alert_percentages": percentages, "team_tags": ["x"], **fields}


@pytest.mark.parametrize("envelope", ["data", "bare", "plural"])
def test_another_keeptrusts_is_imported_planned_and_adopted_without_a_write(
    kt: Any, here: Path, monkeypatch: pytest.MonkeyPatch, envelope: Any
) -> None:
    world = World(habits=Habits(envelope=envelope, amounts=floating), permissions=frozenset(), teams=ELSEWHERE)
    for number, team in enumerate(ELSEWHERE):
        for age in range(-12, 1):
            month = JUNE.plus(age)
            world.enter(team, "allocate", Decimal(1000 * (number + 1)), f"{month.name} budget", f"{month}-02T08:00:00Z")
    world.enter("team_support", "allocate", Decimal("250.50"), "top-up", "2026-06-09T08:00:00Z")
    world.stores[BUDGETS] = {
        "b1": _alert("b1", ("team", "team_support"), [Decimal(80)]),
        "b2": _alert("b2", ("organization", "org_acme"), [Decimal(80)]),
        "b3": _alert("b3", ("team", "t-77aa01"), [Decimal("79.5")]),
    }
    with over_http(world) as url:
        monkeypatch.setenv("KEEPTRUSTS_API_URL", url)
        monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", TOKEN)
        done = kt("import", "--as-of", DAY, "--format", "json")
        assert done.code == ExitCode.DONE, done.out
        document = json.loads(done.out)
        written = {f"{one['team']}/{one['environment']}": one for one in document["wallets"]}
        assert {name: one["monthly"] for name, one in written.items()} == {
            "support/prod": "1000.00",
            "support/dev": "2000.00",
            "legal-ops/all": "3000.00",
        }
        assert written["support/prod"]["overrides"] == {"2026-06": "1250.50"}
        assert document["objects"]["billing_budget"] == ["team/team_support/b1"]
        assert {left["name"] for left in document["left_out"]} == {"b2", "b3", "user_1"}
        (here / "usage.csv").write_text("id,timestamp,team_id,provider,model,cost\n")
        planned = kt("plan", "--as-of", DAY, "--usage", "usage.csv", "--detailed-exit-code")
        assert planned.code == ExitCode.DONE, planned.out
        assert kt("adopt", "--as-of", DAY).code == ExitCode.DONE
    assert world.writes == []
