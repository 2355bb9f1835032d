"""Taking an organization under management as it is: nothing is written to Keeptrusts, and nothing is adopted unseen."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from cli.journal_desk import AS_OF, Desk, git
from installed import begun
from paging_shapes import Answer, Shape

from reconciler.journal.journal import last_declared, read_records
from reconciler.journal.record import Step

TWO = "version: 1\nteam: beta\nwallets:\n  prod: {team_id: t-beta, monthly: 70.00}\n"
LEFT = "unused: reclaim\n"


def journal(desk: Desk) -> Path:
    return desk.clone / ".kt-budgets" / "journal"


def add_beta(desk: Desk) -> None:
    (desk.clone / "budgets" / "teams" / "beta.yaml").write_text(TWO)
    git(desk.clone, "add", ".")
    git(desk.clone, "commit", "--quiet", "--message", "beta")


def changes(desk: Desk, *options: str) -> list[dict[str, Any]]:
    assert desk.plan(*options).code == 0
    listed: list[dict[str, Any]] = json.loads((desk.clone / "plan.json").read_text())["changes"]
    return listed


def adopted(desk: Desk, *teams: str) -> None:
    desk.chdir(desk.clone)
    done = desk.kt("adopt", *AS_OF, *teams)
    assert done.code == 0, done.err


def top_up(desk: Desk, team: str = "t-alpha", *, words: str = "") -> None:
    desk.world.enter(team, "allocate", Decimal(40), words)


def test_adopting_needs_a_token_that_may_read_and_writes_nothing_to_keeptrusts(desk: Desk) -> None:
    desk.world.permissions = frozenset({"org:read"})
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    desk.chdir(desk.clone)
    done = desk.kt("adopt", *AS_OF)
    assert done.code == 0, done.err
    assert desk.world.writes == []
    assert "Ledger before: USD 500.00 in 1 entry.\nLedger after:  USD 500.00 in 1 entry." in done.out


def test_what_is_given_by_hand_after_adopting_is_drift_and_a_plan_takes_it_back(desk: Desk) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    adopted(desk)
    top_up(desk)
    found = desk.kt("drift", *AS_OF)
    assert found.code == 11
    (change,) = changes(desk)
    assert (change["kind"], change["amount"]) == ("reclaim", "40.00")
    (told,) = json.loads((desk.clone / "plan.json").read_text())["drift"]
    assert told["sentence"].startswith("alpha / prod was given USD 40.00 by hand (")
    assert "alpha / prod was given USD 40.00 by hand (" in found.out
    assert desk.applied().code == 0
    assert desk.funded == 500


def test_what_is_given_by_hand_after_adopting_is_told_apart_whatever_it_adds_up_to(desk: Desk) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    adopted(desk)
    desk.world.enter("t-alpha", "allocate", Decimal("12.345678"))
    assert "was given USD 12.35 by hand (" in desk.kt("drift", *AS_OF).out


def test_what_is_given_by_hand_before_adopting_is_left(desk: Desk) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    top_up(desk)
    assert changes(desk) == []
    desk.chdir(desk.clone)
    refused = desk.kt("adopt", *AS_OF)
    assert refused.code == 4
    assert (
        "budgets/teams/alpha.yaml:4:9: alpha/prod is to have USD 500.00 in 2026-06, and the ledger says USD 540.00"
        in (refused.err)
    )
    assert not journal(desk).exists()


def test_the_cure_of_a_difference_is_what_makes_adopting_possible(desk: Desk) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    top_up(desk)
    desk.chdir(desk.clone)
    (cure,) = re.findall(r"write `(2026-06: [^`]+)` under", desk.kt("adopt", *AS_OF).err)
    desk.write(f"500, overrides: {{{cure}}}")
    adopted(desk)


@pytest.mark.parametrize("words", ["for July 2026", "2026-07", "July"])
def test_money_whose_words_name_another_month_is_left_before_adopting_and_told_when_it_is_adopted(
    desk: Desk, words: str
) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(460))
    top_up(desk, words=words)
    assert changes(desk) == []
    desk.chdir(desk.clone)
    done = desk.kt("adopt", *AS_OF)
    assert done.code == 0, done.err
    assert "taken as it is dated: alpha/prod was given USD 40.00" in done.err


def test_what_earlier_months_left_is_no_baseline_where_it_would_be_taken_back(desk: Desk) -> None:
    desk.write("0", org=LEFT)
    desk.world.enter("t-alpha", "allocate", Decimal(30), at="2026-05-02T00:00:00Z")
    desk.chdir(desk.clone)
    refused = desk.kt("adopt", *AS_OF)
    assert refused.code == 4
    assert "`unused: reclaim` takes back; to leave it, write `unused: keep` in org.yaml" in refused.err
    desk.write("0")
    adopted(desk)


def test_an_alert_that_differs_is_named_with_its_place(desk: Desk) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    team = desk.clone / "budgets" / "teams" / "alpha.yaml"
    team.write_text(team.read_text() + "billing_budgets:\n  - {name: spend, amount: 500, alert_percentages: [80]}\n")
    desk.chdir(desk.clone)
    refused = desk.kt("adopt", *AS_OF)
    assert refused.code == 4
    assert "budgets/teams/alpha.yaml:6:5: create the billing budget spend" in refused.err


def test_one_team_is_adopted_and_the_others_are_still_met_for_the_first_time(desk: Desk) -> None:
    add_beta(desk)
    for team, amount in {"t-alpha": 500, "t-beta": 70}.items():
        desk.world.enter(team, "allocate", Decimal(amount))
    adopted(desk, "alpha")
    top_up(desk)
    top_up(desk, "t-beta")
    assert [change["wallet"] for change in changes(desk)] == ["t-alpha"]
    assert [change["wallet"] for change in changes(desk, "--first-apply")] == ["t-alpha", "t-beta"]


def test_first_apply_names_the_wallets_that_it_is_about(desk: Desk) -> None:
    add_beta(desk)
    for team, amount in {"t-alpha": 540, "t-beta": 90}.items():
        desk.world.enter(team, "allocate", Decimal(amount))
    named = ("--first-apply", "beta/prod")
    assert [change["wallet"] for change in changes(desk, *named)] == ["t-beta"]
    apply = ("apply", *AS_OF, "--plan", "plan.json", "--settle", "0")
    refused = desk.kt(*apply)
    assert refused.code == 5
    assert "kt-budgets apply --first-apply" in refused.out
    assert desk.kt(*apply, *named).code == 0
    assert desk.funded == 540
    assert desk.world.funded("t-beta", "2026-06") == 70
    unknown = desk.plan("--first-apply", "betta")
    assert unknown.code == 2
    assert "did you mean `beta`?" in unknown.err


def test_a_team_that_no_file_declares_is_not_adopted(desk: Desk) -> None:
    desk.chdir(desk.clone)
    done = desk.kt("adopt", *AS_OF, "alhpa")
    assert done.code == 2
    assert "did you mean `alpha`?" in done.err


def torn_end(desk: Desk) -> None:
    """Cut the end of the last record off, as a machine does that dies while it writes."""
    text = journal(desk).read_bytes()
    journal(desk).write_bytes(text[:-40])
    first = text.splitlines()[0]
    digest = json.loads(first)["digest"]
    journal(desk).with_name("journal.head").write_text(f"{1:012d} {digest}\n")


def test_an_adoption_that_died_while_it_was_recorded_is_none_until_resume_finishes_it(desk: Desk) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    adopted(desk)
    torn_end(desk)
    desk.chdir(desk.clone)
    again = desk.kt("adopt", *AS_OF)
    assert again.code == 4
    assert "kt-budgets resume" in again.err
    desk.world.permissions = frozenset({"org:read"})
    assert desk.kt("resume", *AS_OF, "--settle", "0").code == 0
    assert desk.world.writes == []
    top_up(desk)
    (change,) = changes(desk)
    assert change["kind"] == "reclaim"


@dataclass(frozen=True)
class Watched(Shape):
    """The habit of a Keeptrusts that calls `before` whenever it gives a listing, all of it at once."""

    before: Callable[[], object] = object

    def __call__(self, items: Sequence[Any], query: Mapping[str, str], path: str) -> Answer:
        self.before()
        return {"data": items}, {}


@pytest.mark.slow
@pytest.mark.parametrize("recorded", [False, True])
def test_a_process_that_is_killed_while_it_adopts_adopted_nothing_or_all_and_it_can_be_run_again(
    desk: Desk, tmp_path: Path, recorded: bool
) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    processes: list[BaseProcess] = []

    def kill() -> None:
        if (journal(desk).exists() and b"finished" in journal(desk).read_bytes()) is recorded:
            processes[0].kill()

    desk.world.habits.shape = Watched("", "", 0, kill)
    place = {"folder": desk.clone, "out": tmp_path / "out", "err": tmp_path / "err"}
    processes.append(begun("adopt", *AS_OF, environment=os.environ, **place))
    processes[0].join()
    assert processes[0].exitcode == -9, (tmp_path / "err").read_text()
    desk.world.habits.shape = None
    top_up(desk)
    assert len(changes(desk)) == recorded
    assert desk.world.writes == []
    again = desk.kt("adopt", *AS_OF)
    assert (again.code, "540" in again.err) == (4, True)
    desk.write("540")
    adopted(desk)


def test_an_interrupted_adoption_adopts_nothing(desk: Desk) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    adopted(desk)
    lines = journal(desk).read_bytes().splitlines(keepends=True)
    journal(desk).write_bytes(lines[0])
    journal(desk).with_name("journal.head").write_text(f"{1:012d} {json.loads(lines[0])['digest']}\n")
    top_up(desk)
    assert changes(desk) == []
    refused = desk.kt("adopt", *AS_OF)
    assert refused.code == 4
    assert "is not finished" in refused.err


def test_what_is_recorded_are_the_steps_that_every_reader_of_journals_knows_and_the_trail_tells_it(desk: Desk) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    adopted(desk)
    records = [json.loads(line) for line in journal(desk).read_text().splitlines()]
    assert [record["step"] for record in records] == [Step.STARTED, Step.FINISHED]
    assert records[0]["facts"]["adopted"] == {"alpha": ["t-alpha"]}
    head = git(desk.clone, "rev-parse", "HEAD")
    assert records[1]["facts"]["commit"] == head
    told = desk.kt("audit", *AS_OF, "--verify", "--format", "json")
    assert [run["commit"] for run in json.loads(told.out)["runs"]] == [head]
    told = desk.kt("audit", *AS_OF, "--verify")
    assert told.code == 0, told.err
    assert "took alpha under management as it was: t-alpha" in told.out


def test_what_was_declared_when_it_was_adopted_is_deleted_when_it_no_longer_is(desk: Desk) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    team = desk.clone / "budgets" / "teams" / "alpha.yaml"
    before = team.read_text()
    team.write_text(before + "billing_budgets:\n  - {name: spend, amount: 500, alert_percentages: [80]}\n")
    desk.world.budgets["bud_1"] = {
        "id": "bud_1",
        "name": "spend",
        "scope": {"type": "team", "id": "t-alpha"},
        "amount": 500,
        "currency": "USD",
        "period": "monthly",
        "alert_percentages": [80],
        "hard_limit": False,
    }
    adopted(desk)
    team.write_text(before)
    assert [change["kind"] for change in changes(desk)] == ["delete_billing_budget"]


def test_a_wallet_in_doubt_is_not_adopted(desk: Desk) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(500), "June [kt-budgets op=2026-06-0123456789abcdef0123]")
    desk.chdir(desk.clone)
    refused = desk.kt("adopt", *AS_OF)
    assert refused.code == 4
    assert "t-alpha" in refused.err
    assert not journal(desk).exists()


def test_what_unused_reclaim_takes_back_is_said_before_anything_was_applied_with_it(desk: Desk) -> None:
    desk.write("500", org=LEFT)
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    assert desk.plan().code == 0
    plan = json.loads((desk.clone / "plan.json").read_text())
    (found,) = [item for item in plan["findings"] if item["code"] == "unused-goes-back"]
    assert (found["path"], found["line"]) == ("budgets/org.yaml", 6)
    assert (
        "on 1 July about USD 500.00 goes back to the organization wallet: alpha / prod USD 500.00" in found["message"]
    )
    done = desk.kt("adopt", *AS_OF)
    assert done.code == 0, done.err
    assert "takes back on 1 July 2026 what is left by then; today that is USD 500.00" in done.err
    assert desk.plan().code == 0
    again = json.loads((desk.clone / "plan.json").read_text())
    assert [item for item in again["findings"] if item["code"] == "unused-goes-back"] == []


def test_without_a_commit_to_compare_with_it_is_said_as_well_and_once(desk: Desk) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    org = desk.clone / "budgets" / "org.yaml"
    org.write_text(org.read_text() + LEFT)
    assert desk.plan().code == 0
    plan = json.loads((desk.clone / "plan.json").read_text())
    told = [item for item in plan["later"]["expectations"] if item["key"] == "unused"]
    found = [item for item in plan["findings"] if item["code"] == "unused-goes-back"]
    assert len(told) + len(found) == 1


@pytest.mark.parametrize("again", ["put-back", "opening", "the same plan"])
def test_a_run_that_moves_nothing_on_the_day_of_the_adoption_forgets_nothing_of_what_was_applied(
    desk: Desk, again: str
) -> None:
    top_up(desk)
    file = desk.clone / "budgets" / "teams" / "alpha.yaml"
    file.write_text(re.sub(r"monthly: [0-9.]+", "monthly: 40.00", file.read_text()))
    git(desk.clone, "commit", "--quiet", "--all", "--message", "as it is")
    adopted(desk)
    (before,) = (record.facts for record in read_records(f"file:{journal(desk)}") if record.step is Step.FINISHED)
    runs = {
        "put-back": ("pr", "apply", "--put-back"),
        "opening": ("apply", "--period", "2026-06"),
        "the same plan": ("apply",),
    }
    if again == "the same plan":
        assert desk.plan().code == 0
    ran = desk.kt(*runs[again], *AS_OF, "--settle", "0")
    assert ran.code == 0, ran.err
    last = last_declared(read_records(f"file:{journal(desk)}"))
    assert last is not None
    assert (last.commit, last.whole) == (before["commit"], True)
    file.write_text(file.read_text().replace("40.00", "999.00"))
    git(desk.clone, "commit", "--quiet", "--all", "--message", "past review")
    desk.kt("apply", "--period", "2026-06", *AS_OF, "--settle", "0")
    assert desk.world.writes == [], "nothing of what nobody approved"
