"""The commands apply, resume and audit against a real sandbox over HTTP, with its faults."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from decimal import Decimal
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from apply.rehearsal import Rehearsal, rehearsing
from memory_keeptrusts import VirtualClock

from reconciler.findings import ExitCode
from reconciler.journal.attribution import Attribution
from reconciler.journal.place import open_store
from reconciler.model.plan import GuardResult

pytestmark = pytest.mark.slow

ALLOCATE = "/v1/wallets/allocate"
QUICK = ("--settle", "0.3")


def ready(rehearsal: Rehearsal, **targets: str) -> Rehearsal:
    rehearsal.declare(targets or {"sales": "40", "support": "100"}, alert="30")
    rehearsal.plan()
    return rehearsal


def until(happened: Callable[[], bool], process: BaseProcess) -> None:
    waited = Event()
    while not happened() and process.is_alive():
        waited.wait(0.005)


def test_the_json_of_a_run_has_exactly_the_published_keys(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as rehearsal:
        said = ready(rehearsal).kt("apply")
    assert said.code == ExitCode.DONE
    assert set(said.json) == {"format", "run", "outcomes", "converged"}
    assert said.json["format"] == "kt-budgets.run/1"
    assert said.json["converged"] is True
    for outcome in said.json["outcomes"]:
        assert set(outcome) >= {"op", "kind", "team", "wallet", "amount", "status", "transaction", "reason"}
    assert [outcome["amount"] for outcome in said.json["outcomes"]] == ["40.00", "100.00", None, None]


def test_a_second_apply_sends_no_write(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as rehearsal:
        ready(rehearsal).kt("apply")
        writes = len(rehearsal.store.writes())
        said = rehearsal.kt("apply")
        assert len(rehearsal.store.writes()) == writes
        assert said.code == ExitCode.DONE
        assert set(said.statuses) == {"already_applied"}
        assert "nothing moved" in rehearsal.kt("apply", as_json=False).out


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "drop", "when": "after", "route": ALLOCATE, "nth": 1},
        {"fault": "error", "when": "after", "route": ALLOCATE, "nth": 1},
        {"fault": "garble", "route": ALLOCATE, "nth": 1},
        {"fault": "hang", "when": "after", "seconds": 0.1, "route": ALLOCATE, "nth": 1},
        {"fault": "delay", "requests": 2, "answer": "drop", "route": ALLOCATE, "nth": 1},
        {"fault": "delay", "requests": 2, "answer": 202, "route": ALLOCATE, "nth": 2},
        {"fault": "rate_limit", "retry_after": 1, "route": ALLOCATE, "nth": 1},
        {"fault": "slow_ledger", "reads": 2, "route": ALLOCATE},
        {"fault": "description", "keep": 0, "route": ALLOCATE},
        {"fault": "description", "keep": 36, "route": ALLOCATE},
        {"fault": "grow", "shifting": True},
    ],
    ids=lambda fault: f"{fault['fault']} {fault.get('when', '')}",
)
def test_what_the_ledger_can_settle_is_applied_exactly_once(tmp_path: Path, fault: Mapping[str, Any]) -> None:
    with rehearsing(tmp_path, fault) as rehearsal:
        said = ready(rehearsal).kt("apply", "--settle", "5")
        assert said.code == ExitCode.DONE, said
        assert rehearsal.funded("sales", "support") == [Decimal(40), Decimal(100)]
        again = rehearsal.kt("apply", "--settle", "5")
        assert again.code == ExitCode.DONE, again
        assert len([write for write in rehearsal.store.moves() if write.status != 429]) == 2


def test_a_lost_write_is_unknown_until_a_person_says_that_it_is_lost(tmp_path: Path) -> None:
    fault = {"fault": "drop", "when": "before", "route": ALLOCATE, "team": "team_sales", "nth": 1}
    with rehearsing(tmp_path, fault) as rehearsal:
        said = ready(rehearsal).kt("apply", *QUICK)
        assert said.code == ExitCode.UNKNOWN
        assert said.statuses == ["unknown", "applied", "applied", "applied"]
        again = rehearsal.kt("resume", *QUICK)
        assert again.code == ExitCode.UNKNOWN
        op = next(outcome["op"] for outcome in again.json["outcomes"] if outcome["status"] == "unknown")
        assert rehearsal.funded("sales") == [Decimal(0)]
        assert rehearsal.kt("resume", "--assume-lost", op).code == ExitCode.USAGE
        assert rehearsal.kt("resume", "--assume-lost", "2026-06-0", "--reason", "x").code == ExitCode.USAGE
        lost = rehearsal.kt("resume", *QUICK, "--assume-lost", op, "--reason", "the gateway saw no request")
        assert lost.code == ExitCode.DONE
        assert rehearsal.funded("sales", "support") == [Decimal(40), Decimal(100)]
        assert rehearsal.kt("resume").json["outcomes"] == []
        assert "Nothing to resume" in rehearsal.kt("resume", as_json=False).out
        trail = rehearsal.kt("audit", "--verify", as_json=False)
        assert trail.code == ExitCode.DONE
        assert "resumed" in trail.out
        assert "the ledger agrees" in trail.out


def test_a_duplicate_delivery_is_said_and_healed_by_the_next_plan(tmp_path: Path) -> None:
    with rehearsing(tmp_path, {"fault": "duplicate", "route": ALLOCATE, "team": "team_sales", "nth": 1}) as rehearsal:
        said = ready(rehearsal).kt("apply", *QUICK)
        assert said.code == ExitCode.UNKNOWN
        assert "twice" in said.json["outcomes"][0]["reason"]
        audit = rehearsal.kt("audit", "--verify")
        assert audit.code == ExitCode.DRIFT
        assert any("2 times" in problem for problem in audit.json["problems"])
        rehearsal.plan()
        assert rehearsal.kt("apply", *QUICK).code == ExitCode.DONE
        assert rehearsal.funded("sales", "support") == [Decimal(40), Decimal(100)]


def test_an_administrator_who_allocates_in_between_is_noticed_before_or_after_the_send(tmp_path: Path) -> None:
    fault = {
        "fault": "admin",
        "when": "before",
        "route": ALLOCATE,
        "method": "POST",
        "nth": 1,
        "team_id": "team_support",
        "amount": 7,
    }
    with rehearsing(tmp_path, fault) as rehearsal:
        said = ready(rehearsal).kt("apply", *QUICK)
        assert (said.code, said.statuses[1]) in ((ExitCode.STALE, "refused"), (ExitCode.PARTIAL, "applied"))
        assert not said.json["converged"]
        assert "7.00" in said.json["outcomes"][1]["reason"]
        assert said.statuses[0] == "applied"


def test_a_token_that_may_only_read_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as rehearsal:
        ready(rehearsal)
        rehearsal.token = rehearsal.read_token
        said = rehearsal.kt("apply")
        assert said.code == ExitCode.REMOTE
        assert "org:billing" in said.json["hint"]
        assert rehearsal.funded("sales", "support") == [Decimal(0), Decimal(0)]


def test_a_run_in_words_ends_with_what_converged(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as rehearsal:
        said = ready(rehearsal).kt("apply", as_json=False)
        assert "Done: 4 applied; 140.00 out and 0.00 back." in said.out


def test_a_guard_that_refuses_stops_before_any_write(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as rehearsal:
        ready(rehearsal)
        rehearsal.plan(guards=(GuardResult(guard="total-moved", status="refused", value="140.00", limit="100.00"),))
        said = rehearsal.kt("apply")
        assert said.code == ExitCode.REFUSED
        assert "140.00" in said.json["error"]
        assert rehearsal.store.writes() == ()


def test_a_team_whose_budget_file_moved_on_since_the_plan_is_stale_and_the_others_go_on(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as rehearsal:
        ready(rehearsal)
        rehearsal.declare({"sales": "41"}, alert="30")
        said = rehearsal.kt("apply")
        assert said.code == ExitCode.STALE
        assert rehearsal.funded("sales", "support") == [Decimal(0), Decimal(100)]


def test_another_month_than_the_plan_s_is_a_usage_error(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as rehearsal:
        assert ready(rehearsal).kt("apply", "--period", "2026-07").code == ExitCode.USAGE


def test_while_one_apply_works_another_exits_6_and_writes_nothing(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as rehearsal:
        ready(rehearsal)
        store = open_store(rehearsal.journal)
        with store.lock(Attribution("ada").owner("run-1"), clock=VirtualClock()):
            said = rehearsal.kt("apply")
        assert said.code == ExitCode.LOCKED
        assert "ada@" in said.json["error"]
        assert rehearsal.store.writes() == ()
        assert not Path(rehearsal.journal.removeprefix("file:")).exists()


def test_two_applies_started_at_once_move_money_once(tmp_path: Path) -> None:
    with rehearsing(tmp_path, latency_ms=60) as rehearsal:
        ready(rehearsal)
        both = [rehearsal.start("apply") for _ in range(2)]
        for process in both:
            process.join(60)
        codes = sorted(process.exitcode or 0 for process in both)
        assert codes in ([ExitCode.DONE, ExitCode.LOCKED], [ExitCode.DONE, ExitCode.DONE])
        assert len(rehearsal.store.moves()) == 2
        assert rehearsal.funded("sales", "support") == [Decimal(40), Decimal(100)]


@pytest.mark.parametrize("damage", ["edit", "truncate", "organization"])
def test_a_damaged_journal_stops_before_any_write(tmp_path: Path, damage: str) -> None:
    with rehearsing(tmp_path) as rehearsal:
        ready(rehearsal).kt("apply")
        path = Path(rehearsal.journal.removeprefix("file:"))
        text = path.read_text(encoding="utf-8")
        match damage:
            case "edit":
                text = text.replace("40.00", "90.00", 1)
            case "truncate":
                text = "\n".join(text.splitlines()[:-2]) + "\n"
            case _:
                text = text.replace("org_acme", "org_other")
        path.write_text(text, encoding="utf-8")
        writes = len(rehearsal.store.writes())
        for verb in ("apply", "resume", "audit"):
            said = rehearsal.kt(verb)
            assert said.code == ExitCode.REFUSED, (verb, said)
            assert "record " in said.json["error"]
        assert len(rehearsal.store.writes()) == writes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_finishes_the_step_exits_130_and_is_resumed(tmp_path: Path, number: signal.Signals) -> None:
    output = tmp_path / "out"
    with rehearsing(tmp_path, latency_ms=150) as rehearsal:
        ready(rehearsal)
        process = rehearsal.start("apply", output=output)
        until(lambda: bool(rehearsal.store.moves()), process)
        os.kill(process.pid or 0, number)
        process.join(60)
        assert process.exitcode == ExitCode.INTERRUPTED, output.read_text(encoding="utf-8")
        assert '"skipped"' in output.read_text(encoding="utf-8")
        assert rehearsal.kt("resume").code == ExitCode.DONE
        assert len(rehearsal.store.moves()) == 2
        assert rehearsal.funded("sales", "support") == [Decimal(40), Decimal(100)]


def test_a_second_interruption_leaves_a_journal_that_resume_understands(tmp_path: Path) -> None:
    output = tmp_path / "out"
    fault = {"fault": "hang", "when": "after", "seconds": 20, "route": ALLOCATE, "nth": 1}
    with rehearsing(tmp_path, fault) as rehearsal:
        ready(rehearsal)
        process = rehearsal.start("apply", output=output)
        until(lambda: bool(rehearsal.store.moves()), process)
        os.kill(process.pid or 0, signal.SIGINT)
        until(lambda: "once more stops at once" in output.read_text(encoding="utf-8"), process)
        os.kill(process.pid or 0, signal.SIGINT)
        process.join(60)
        assert process.exitcode == ExitCode.INTERRUPTED
        assert "kt-budgets resume" in output.read_text(encoding="utf-8")
        assert rehearsal.kt("resume", "--settle", "5").code == ExitCode.DONE
        assert rehearsal.funded("sales", "support") == [Decimal(40), Decimal(100)]


def test_the_trail_says_who_what_and_why(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as rehearsal:
        rehearsal.environment = {
            "GITHUB_ACTOR": "ada",
            "GITHUB_SHA": "c0ffee",
            "GITHUB_REF": "refs/pull/128/merge",
            "GITHUB_SERVER_URL": "https://forge.example",
            "GITHUB_REPOSITORY": "acme/budgets",
            "GITHUB_RUN_ID": "77",
            "KT_BUDGETS_APPROVED_BY": "grace",
        }
        ready(rehearsal).kt("apply")
        said = rehearsal.kt("audit", "--verify")
    (run,) = said.json["runs"]
    assert said.json["format"] == "kt-budgets.audit/1"
    assert (run["who"], run["url"]) == ("ada", "https://forge.example/acme/budgets/actions/runs/77")
    assert run["why"]["pull_request"] == "128"
    assert run["why"]["approved_by"] == "grace"
    assert run["plan"].startswith("sha256:")
    first = run["operations"][0]
    assert (first["before"], first["after"], first["amount"]) == ("0.00", "40.00", "40.00")
    assert first["transactions"][0].startswith("txn_")
    assert (said.json["ledger_checked"], said.json["problems"]) == (True, [])


def test_a_trail_without_a_token_is_verified_by_its_chain_alone(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as rehearsal:
        ready(rehearsal).kt("apply")
        rehearsal.environment = {"KEEPTRUSTS_API_TOKEN": ""}
        said = rehearsal.kt("audit", "--verify", as_json=False)
        assert said.code == ExitCode.DONE
        assert "The ledger was not checked" in said.out


def test_money_that_the_ledger_lost_is_found_by_the_audit(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as rehearsal:
        ready(rehearsal).kt("apply")
        with rehearsing(tmp_path) as other:
            other.journal = rehearsal.journal
            said = other.kt("audit", "--verify", as_json=False)
        assert said.code == ExitCode.DRIFT
        assert "which the ledger does not show" in said.out


def test_a_git_journal_carries_a_run_from_one_machine_to_another(tmp_path: Path) -> None:
    bare = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True)
    fault = {"fault": "drop", "when": "after", "route": ALLOCATE, "nth": 1}
    with rehearsing(tmp_path, fault, journal=f"git:{bare}") as rehearsal:
        said = ready(rehearsal).kt("apply", "--settle", "5")
        assert said.code == ExitCode.DONE, said
        trail = rehearsal.kt("audit", "--verify")
        assert trail.json["problems"] == []
        assert len(trail.json["runs"]) == 1


def test_an_unreachable_git_journal_stops_with_exit_9_before_any_write(tmp_path: Path) -> None:
    with rehearsing(tmp_path, journal=f"git:{tmp_path / 'nowhere.git'}") as rehearsal:
        rehearsal.declare({"sales": "40"})
        rehearsal.journal = f"file:{tmp_path / 'unused'}"
        rehearsal.plan()
        rehearsal.journal = f"git:{tmp_path / 'nowhere.git'}"
        said = rehearsal.kt("apply")
        assert said.code == ExitCode.REMOTE
        assert rehearsal.store.writes() == ()
