"""What is merged for a team with a wallet in doubt keeps its place, is said to wait, and is applied once afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from forge.budget_repository import SUPPORT
from forge.doubts import in_doubt, unclear_alert
from forge.host import Host
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY
from thorough import drawn

from reconciler.findings import ExitCode
from reconciler.model.operation import mark
from reconciler.sandbox.faults import Drop, Faults

pytestmark = pytest.mark.slow

SUPPORTS, SHADOWS = "team_support", "team_shadow"
FOREIGN = mark("2026-06-00112233445566778899")


def asked(desk: MergeDesk, number: int, before: str, after: str, file: str = SUPPORT_FILE) -> None:
    desk.approved_and_merged(number, desk.target(before, after, file), by="sam" if file == SHADOW_FILE else "lena")


def resumed(desk: MergeDesk, *options: str) -> int:
    """Resume with a person's word about the one operation that is unknown."""
    desk.desk.kt("resume", "--as-of", DAY, "--format", "json", "--settle", "1")
    (unknown,) = set(re.findall(r"2026-06-[0-9a-f]{20}", desk.desk.output))
    said = (*options, unknown, "--reason", "asked the operators")
    return desk.desk.kt("resume", "--as-of", DAY, "--settle", "1", *said)


def test_a_merge_waits_while_a_ledger_cannot_be_read_and_the_other_teams_go_on(desk: MergeDesk) -> None:
    asked(desk, 128, "10500.00", "10600.00")
    asked(desk, 129, "300.00", "400.00", SHADOW_FILE)
    with in_doubt(desk.desk.sandbox.store, SUPPORTS):
        assert desk.told() == ExitCode.STALE
        assert desk.statuses == [(128, "refused"), (129, "applied")]
        assert desk.merges["pending"] == 1
        assert "its type `adjustment` is not known" in desk.landing(128)["refused"]["support"]
        assert "ledger_types" in desk.landing(128)["cure"]
        assert "Not applied" in desk.comment()
        assert "Applied (merged" in desk.comment(129)
        desk.desk.drift("--format", "json")
        assert desk.told() == ExitCode.STALE
        assert desk.statuses == [(128, "refused")]
        assert (desk.funded(), desk.funded(SHADOWS)) == (10500.0, 400.0)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.statuses == [(128, "applied")]
    assert desk.landing(128)["approved_by"] == ["lena"]
    assert "Keeptrusts is as the YAML says" in desk.comment()
    assert desk.ledger()[1:] == [("allocate", 100.0)]
    assert desk.told() == ExitCode.DONE
    assert desk.merges["landings"] == []
    assert desk.ledger()[1:] == [("allocate", 100.0)]


def test_drift_says_of_a_merge_that_it_waits_and_what_for(desk: MergeDesk) -> None:
    asked(desk, 128, "10500.00", "10600.00")
    with in_doubt(desk.desk.sandbox.store, SUPPORTS):
        assert desk.apply() == ExitCode.STALE
        later = ("drift", "--as-of", "2026-06-20", "--pull-requests", "--format", "json")
        assert desk.desk.kt(*later) == ExitCode.DRIFT, desk.desk.errors
        (waiting,) = [item for item in json.loads(desk.desk.output)["waiting"] if item["kind"] == "landing"]
        assert (waiting["pull_request"], waiting["state"]) == (128, "not applied")
        assert "cannot be read" in waiting["sentence"]
        assert "ledger_types" in waiting["cure"]


def test_every_merge_of_the_team_waits_its_turn_and_all_that_was_approved_is_sent_once(desk: MergeDesk) -> None:
    with in_doubt(desk.desk.sandbox.store, SUPPORTS):
        for number, before, after in ((128, "10500.00", "10600.00"), (129, "10600.00", "10650.00")):
            asked(desk, number, before, after)
            assert desk.told() == ExitCode.STALE
            assert desk.landing(number)["status"] == "refused"
    codes = [desk.told(), desk.told()]
    while desk.merges["pending"]:
        for landing in desk.merges["landings"]:
            desk.approved(landing["pull_request"], "lena")
        codes.append(desk.told())
        assert len(codes) < 6, desk.desk.output
    assert desk.funded() == 10650.0
    assert sum(amount for _, amount in desk.ledger()[1:]) == 150.0


def test_a_change_of_the_organization_waits_for_a_doubt_about_any_team(desk: MergeDesk) -> None:
    edit = partial(desk.repository.edit, "budgets/org.yaml", "version: 1\n", "version: 1\nannual_target: 700000.00\n")
    desk.opened(128, edit, desk.target("300.00", "400.00", SHADOW_FILE))
    desk.approved(128, "bob", "sam")
    desk.merged(128)
    with in_doubt(desk.desk.sandbox.store, SUPPORTS):
        assert desk.told() == ExitCode.STALE, desk.desk.output
        assert desk.statuses == [(128, "partly")]
        assert set(desk.landing(128)["refused"]) == {"support"}
        assert desk.funded(SHADOWS) == 400.0
        assert desk.merges["pending"] == 1
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.merges["pending"] == 0
    assert (desk.funded(), desk.funded(SHADOWS)) == (10500.0, 400.0)


@pytest.fixture
def lossy(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    """A desk at which an allocation gets lost on its way, before it arrives."""
    lost = Faults(faults=(Drop(when="before", method="POST", route="/v1/wallets/allocate", nth=1),))
    with merge_desk(tmp_path, host.state, host.url, capsys, faults=lost) as made:
        yield made


WORDS = (("--assume-lost", True), ("--accept", False), ("--assume-lost", False), ("--accept", True))


@pytest.mark.parametrize(("word", "is_overtaken"), WORDS[: drawn(4, sample=2)])
def test_what_got_lost_is_sent_once_when_somebody_says_that_it_did(
    lossy: MergeDesk, word: str, *, is_overtaken: bool
) -> None:
    desk = lossy
    asked(desk, 128, "10500.00", "10600.00")
    assert desk.told("--settle", "1") == ExitCode.UNKNOWN
    assert desk.statuses == [(128, "unknown")]
    asked(desk, 129, "10600.00", "10650.00")
    if is_overtaken:
        asked(desk, 130, "300.00", "400.00", SHADOW_FILE)
    for _ in range(2):
        assert desk.told("--settle", "1") == ExitCode.UNKNOWN
        assert desk.statuses[:2] == [(128, "unknown"), (129, "refused")]
        assert "Not known whether it was applied" in desk.comment()
        assert "Not applied" in desk.comment(129)
        assert desk.funded() == 10500.0
    assert desk.funded(SHADOWS) == (400.0 if is_overtaken else 300.0)

    resumed(desk, word)
    codes = [desk.told()]
    while desk.merges["pending"]:
        for landing in desk.merges["landings"]:
            desk.approved(landing["pull_request"], "lena")
        codes.append(desk.told())
        assert len(codes) < 5, desk.desk.output
    assert desk.funded() == 10650.0
    assert desk.told() == ExitCode.DONE
    assert desk.funded() == 10650.0


def test_what_is_applied_by_hand_leaves_the_team_in_doubt_to_the_next_run(desk: MergeDesk) -> None:
    asked(desk, 128, "10500.00", "10600.00")
    asked(desk, 129, "300.00", "400.00", SHADOW_FILE)
    planned = ("plan", "--as-of", DAY, "--usage", desk.usage, "--output", "../hand.json")
    apply = ("apply", "--as-of", DAY, "--plan", "../hand.json")
    with in_doubt(desk.desk.sandbox.store, SUPPORTS):
        assert desk.desk.kt(*planned) == ExitCode.DONE, desk.desk.errors
        assert desk.desk.kt(*apply) == ExitCode.STALE, desk.desk.errors
        assert "cannot be read" in desk.desk.output
        assert (desk.funded(), desk.funded(SHADOWS)) == (10500.0, 400.0)
        assert desk.told() == ExitCode.STALE, desk.desk.output
        assert desk.statuses == [(128, "refused")]
    assert desk.desk.kt(*apply) == ExitCode.PARTIAL, desk.desk.errors
    assert "was left out of this plan" in desk.desk.output
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.statuses == [(128, "applied")]
    assert (desk.funded(), desk.funded(SHADOWS)) == (10600.0, 400.0)


def test_a_month_is_open_once_the_doubt_is_gone_and_the_others_do_not_wait(desk: MergeDesk) -> None:
    opened = ("apply", "--as-of", "2026-07-01", "--period", "2026-07", "--once")
    with in_doubt(desk.desk.sandbox.store, SUPPORTS):
        assert desk.desk.kt(*opened) == ExitCode.STALE
        assert (desk.funded(), desk.funded(SHADOWS)) == (10500.0, 600.0)
    for _ in range(2):
        assert desk.desk.kt(*opened) == ExitCode.DONE, desk.desk.output
        assert (desk.funded(), desk.funded(SHADOWS)) == (21000.0, 600.0)


def test_git_s_values_that_cannot_be_put_back_are_named(desk: MergeDesk) -> None:
    desk.desk.by_hand(50.0)
    with in_doubt(desk.desk.sandbox.store, SUPPORTS):
        assert desk.desk.kt("pr", "apply", "--as-of", DAY, "--put-back") == ExitCode.STALE
        assert "put back for every team that was applied: 1 wallet in doubt" in desk.desk.output
        assert "its type `adjustment` is not known" in desk.desk.output
    assert desk.apply("--put-back") == ExitCode.DONE
    assert desk.funded() == 10500.0


def test_a_mark_of_another_journal_holds_a_merge_back_until_somebody_accepts_it(desk: MergeDesk) -> None:
    asked(desk, 128, "10500.00", "10600.00")
    facts = {"team_id": SUPPORTS, "amount": 5.0, "currency": "USD", "description": f"{FOREIGN} June"}
    desk.desk.keeptrusts("POST", "/v1/wallets/allocate", **facts)
    assert desk.told() == ExitCode.STALE
    assert "another journal" in desk.landing(128)["refused"]["support"]
    assert "--accept 2026-06-00112233445566778899" in desk.landing(128)["cure"]
    word = ("resume", "--as-of", DAY, "--accept", "2026-06-00112233445566778899", "--reason", "an old journal")
    desk.desk.kt(*word)
    code = desk.told()
    if code == ExitCode.STALE:
        desk.approved(128, "lena")
        code = desk.told()
    assert code == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10600.0


def test_a_change_of_an_alert_that_is_not_understood_waits_and_money_beside_one_does_not(desk: MergeDesk) -> None:
    edit = partial(desk.repository.edit, SUPPORT_FILE, "amount: 12500.00", "amount: 12600.00")
    desk.opened(128, edit)
    desk.approved(128, "lena")
    undone = unclear_alert(desk.desk.sandbox.store)
    asked(desk, 127, "10500.00", "10600.00")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10600.0
    desk.merged(128)
    assert desk.told() == ExitCode.STALE, desk.desk.output
    assert "in a form that is not understood" in desk.landing(128)["refused"]["support"]
    assert "correct it in Keeptrusts" in desk.landing(128)["cure"]
    assert desk.merges["pending"] == 1
    undone()
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.desk.keeptrusts("GET", "/v1/billing/budgets")["data"][0]["amount"] == 12600.0


def test_of_a_team_that_was_released_it_is_said_that_nothing_comes_of_its_merge(desk: MergeDesk) -> None:
    assert desk.desk.kt("release", "support", "--reason", "it left") == ExitCode.DONE, desk.desk.errors
    asked(desk, 128, "10500.00", "10600.00")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert "support is released: nothing comes of what is merged for it" in desk.comment()
    assert "Keeptrusts is as the YAML says" not in desk.comment()


def test_what_is_left_as_it_was_found_is_said_and_not_called_as_git_says(desk: MergeDesk) -> None:
    desk.desk.keeptrusts("POST", "/v1/teams", name="Legal")
    desk.desk.by_hand(900.0, team="team_legal")
    legal = SUPPORT.partition("billing_budgets")[0].replace("support", "legal").replace("10500.00", "500.00")
    desk.opened(128, lambda: desk.repository.write({"budgets/teams/legal.yaml": legal}))
    desk.approved(128, "bob")
    desk.merged(128)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded("team_legal") == 900.0
    assert "nothing was ever applied to this wallet" in desk.comment()
    assert "Keeptrusts is as the YAML says" not in desk.comment()
    assert desk.desk.kt("pr", "apply", "--as-of", DAY) == ExitCode.DONE


def test_money_of_another_currency_refuses_what_was_merged(desk: MergeDesk) -> None:
    asked(desk, 128, "10500.00", "10600.00")
    database = desk.desk.sandbox.store.database
    database.rows("UPDATE wallets SET currency = 'EUR'")
    assert desk.told() != ExitCode.DONE
    assert desk.merges["pending"] == 1
    assert desk.landing(128)["status"] == "refused"
    database.rows("UPDATE wallets SET currency = 'USD'")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10600.0
