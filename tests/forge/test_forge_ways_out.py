"""Whatever holds a merge back is told in its pull request, and one approval or one dispatch mends it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from forge.github_standin import answer
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

FIRST_OF_JULY = "2026-07-01"


def merged(desk: MergeDesk, *people: str) -> str:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.approved(128, *people)
    return desk.merged(128)


def test_a_plan_that_moved_is_shown_anew_and_applied_once_that_is_approved(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.approved(128, "lena")
    desk.desk.by_hand(100.0)
    desk.merged(128)

    assert desk.told() == ExitCode.STALE
    assert "Not applied: the plan moved since it was shown" in desk.comment()
    assert "acme/support-leads" in desk.comment()
    assert "USD 400" in desk.comment()
    assert desk.told() == ExitCode.REFUSED
    assert "lena approved before this plan was shown" in desk.comment()
    assert desk.funded() == 10600.0

    desk.approved(128, "lena")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert "Checked afterwards: Keeptrusts is as the YAML says. Approved by lena." in desk.comment()
    assert desk.funded() == 11000.0


def test_a_merge_without_a_plan_is_shown_one_afterwards(desk: MergeDesk) -> None:
    desk.approved_and_merged(128, desk.target("10500.00", "11000.00"), shown=False, by="lena")
    assert desk.told() == ExitCode.REFUSED
    assert "no plan was recorded" in desk.comment()
    desk.approved(128, "lena")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 11000.0


def test_what_was_approved_for_june_is_shown_again_for_july_and_the_month_opens_meanwhile(desk: MergeDesk) -> None:
    merged(desk, "lena")
    opened = ("apply", "--as-of", FIRST_OF_JULY, "--period", "2026-07", "--once", "--beyond-fiscal-year")
    assert desk.desk.kt(*opened) == ExitCode.DONE, desk.desk.errors
    assert "what the YAML says of support is not applied" in desk.desk.errors
    assert desk.funded() == 21000.0

    assert desk.told(day=FIRST_OF_JULY) == ExitCode.STALE, desk.desk.output
    assert "was the plan for 2026-06, and this is 2026-07" in desk.comment()
    desk.approved(128, "lena")
    assert desk.told(day=FIRST_OF_JULY) == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 21500.0
    assert desk.desk.kt(*opened) == ExitCode.DONE
    assert "2026-07 was opened on" in desk.desk.output
    assert desk.funded() == 21500.0


def test_a_month_that_was_opened_is_opened_again_by_nothing_but_a_run_without_once(desk: MergeDesk) -> None:
    opened = ("apply", "--as-of", DAY, "--period", "2026-06")
    assert desk.desk.kt(*opened, "--once") == ExitCode.DONE, desk.desk.errors
    desk.desk.by_hand(500.0, "reclaim")
    assert desk.desk.kt(*opened, "--once") == ExitCode.DONE
    assert desk.funded() == 10000.0
    assert desk.desk.kt(*opened) == ExitCode.DONE
    assert desk.funded() == 10500.0


@pytest.mark.parametrize("broken", ["an unapproved team", "a file with errors", "a readme", "an unapproved org.yaml"])
def test_a_month_opens_whatever_is_merged_and_not_applied(desk: MergeDesk, broken: str) -> None:
    edits = {
        "an unapproved team": desk.target("10500.00", "99000.00"),
        "a file with errors": lambda: desk.repository.edit(SHADOW_FILE, "monthly", "montly"),
        "a readme": lambda: desk.repository.write({"budgets/README.md": "# Budgets\n"}),
        "an unapproved org.yaml": lambda: desk.repository.edit("budgets/org.yaml", "USD", "EUR"),
    }
    desk.pushed(edits[broken])
    opened = ("apply", "--as-of", FIRST_OF_JULY, "--period", "2026-07", "--once")
    assert desk.desk.kt(*opened) == ExitCode.DONE, desk.desk.errors
    assert (desk.funded(), desk.funded("team_shadow")) == (21000.0, 600.0)


def test_with_keeptrusts_down_the_pull_request_says_so_and_the_next_run_applies_it(desk: MergeDesk) -> None:
    merged(desk, "lena")
    url = desk.desk.variables["KEEPTRUSTS_API_URL"]
    desk.desk.variables["KEEPTRUSTS_API_URL"] = "http://127.0.0.1:9"
    assert desk.told() == ExitCode.REMOTE
    assert desk.statuses == [(128, "failed")]
    assert "Not applied: it could not be done" in desk.comment()
    assert "tried again within the hour by itself" in desk.comment()
    desk.desk.variables["KEEPTRUSTS_API_URL"] = url
    assert desk.told() == ExitCode.DONE
    assert desk.funded() == 11000.0
    assert "could not be done" not in desk.comment()


def test_where_the_forge_does_not_answer_for_one_landing_nothing_is_lost(desk: MergeDesk) -> None:
    merged(desk, "lena")
    down = [answer(502)] * 20
    desk.github.fail("GET .*/128/(reviews|approvals)", *down)
    assert desk.apply() == ExitCode.REMOTE
    assert desk.statuses == [(128, "refused")]
    desk.github.faults.clear()
    assert desk.apply() == ExitCode.DONE
    assert desk.funded() == 11000.0


def test_an_apply_that_cannot_begin_says_so_in_the_pull_request(desk: MergeDesk) -> None:
    merge = merged(desk, "lena")
    journal = desk.desk.variables["KT_BUDGETS_JOURNAL"]
    desk.desk.variables |= {"KT_BUDGETS_JOURNAL": "git:nowhere", **desk.desk.host.of_push(merge)}
    assert desk.told() != ExitCode.DONE
    assert json.loads(desk.desk.output)["format"] == "kt-budgets.error/1"
    assert "Not applied yet" in desk.comment()
    desk.desk.variables |= {"KT_BUDGETS_JOURNAL": journal}
    assert desk.told() == ExitCode.DONE
    assert "Not applied yet" not in desk.comment()


def began(desk: MergeDesk, how: Mapping[str, str], commit: str) -> int:
    """Run an apply of which `how` says what started it, and that cannot begin."""
    journal = desk.desk.variables["KT_BUDGETS_JOURNAL"]
    desk.desk.variables |= {"KT_BUDGETS_JOURNAL": "git:nowhere", **how, **desk.desk.host.of_commit(commit)}
    code = desk.told()
    desk.desk.variables |= {"KT_BUDGETS_JOURNAL": journal}
    return code


def test_what_is_applied_is_not_said_to_wait_by_an_apply_that_cannot_begin(desk: MergeDesk) -> None:
    merge = merged(desk, "lena")
    host = desk.desk.host
    assert desk.told() == ExitCode.DONE, desk.desk.output
    receipt = desk.comment().partition("/kt-budgets:receipt")[0].partition("\n")[2]
    for how in (host.by_the_clock, host.by_hand, host.of_push(merge)):
        assert began(desk, how, merge) != ExitCode.DONE
        assert receipt in desk.comment()


def test_a_run_by_the_clock_that_cannot_begin_tells_nothing_of_what_waits(desk: MergeDesk) -> None:
    merge = merged(desk, "lena")
    before = desk.comment()
    assert began(desk, desk.desk.host.by_the_clock, merge) != ExitCode.DONE
    assert desk.comment() == before


def test_a_word_that_a_merge_waits_is_taken_back_once_everything_is_applied(desk: MergeDesk) -> None:
    merge = merged(desk, "lena")
    assert began(desk, desk.desk.host.of_push(merge), merge) != ExitCode.DONE
    assert "Not applied yet" in desk.comment()
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    desk.desk.variables |= {**desk.desk.host.by_the_clock, **desk.desk.host.of_commit(merge)}
    for _ in range(2):
        assert desk.told() == ExitCode.DONE
        assert "Not applied yet" not in desk.comment()
        assert "Nothing left to apply" in desk.comment()
        assert "everything that was merged is applied" in desk.comment()


def test_a_commit_can_be_named_and_what_is_none_is_refused(desk: MergeDesk) -> None:
    merge = merged(desk, "lena")
    for name in ("--put-back", "main", "0" * 40, "dead"):
        assert desk.apply("--commit", name) == ExitCode.USAGE
    assert desk.apply("--pr", "999") == ExitCode.USAGE
    assert desk.funded() == 10500.0
    assert desk.apply("--commit", merge[:10]) == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 11000.0


def test_a_checkout_that_was_left_behind_applies_nothing_that_was_taken_back(desk: MergeDesk) -> None:
    first = merged(desk, "lena")
    desk.approved_and_merged(129, desk.target("11000.00", "10500.00"), by="lena")
    desk.repository.git("checkout", "--quiet", first)
    assert desk.desk.kt("pr", "apply", "--as-of", DAY) == ExitCode.DONE, desk.desk.errors
    assert "main has moved on" in desk.desk.errors
    assert desk.funded() == 10500.0


def test_a_checkout_from_before_what_was_applied_applies_nothing(desk: MergeDesk) -> None:
    first = merged(desk, "lena")
    desk.approved_and_merged(129, desk.target("11000.00", "10600.00"), by="lena")
    assert desk.apply() == ExitCode.DONE
    ledger = desk.ledger()
    desk.repository.git("checkout", "--quiet", first)
    assert desk.desk.kt("pr", "apply", "--as-of", DAY) == ExitCode.REFUSED
    assert "was applied after it" in desk.desk.errors
    assert desk.ledger() == ledger


def test_line_ends_of_the_checkout_have_no_say(desk: MergeDesk) -> None:
    desk.repository.write({".gitattributes": "*.yaml text eol=crlf\n"})
    desk.pushed(lambda: None, "Windows")
    merged(desk, "lena")
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 11000.0


def test_a_wallet_that_moves_between_teams_moves_whole_or_not_at_all(desk: MergeDesk) -> None:
    def swap() -> None:
        desk.repository.edit(SHADOW_FILE, "team_shadow, monthly: 300.00", "team_shadow2, monthly: 0.00")
        desk.repository.edit(SUPPORT_FILE, "wallets:\n", "wallets:\n  dev: {team_id: team_shadow, monthly: 300.00}\n")

    desk.approved_and_merged(128, swap, by="lena")
    assert desk.apply() == ExitCode.REFUSED
    assert "can only be applied together with shadow" in desk.landing(128)["refused"]["support"]
    assert desk.funded("team_shadow") == 300.0
    desk.approved(128, "sam")
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.funded("team_shadow") == 300.0


def test_a_team_that_gets_another_name_keeps_its_wallet_until_all_of_it_is_approved(desk: MergeDesk) -> None:
    def renamed() -> None:
        desk.repository.git("mv", SUPPORT_FILE, "budgets/teams/help.yaml")
        desk.repository.edit("budgets/teams/help.yaml", "team: support", "team: help")

    desk.approved_and_merged(128, renamed, by="lena")
    assert desk.apply() == ExitCode.REFUSED, desk.desk.output
    assert set(desk.landing(128)["refused"]) == {"help", "support"}
    assert "the wallet `team_support`" in desk.landing(128)["refused"]["support"]
    assert "would be no team's" in desk.landing(128)["refused"]["support"]
    assert desk.desk.kt("apply", "--period", "2026-07", "--as-of", "2026-07-01") == ExitCode.DONE, desk.desk.errors
    assert desk.funded() == 21000.0, "a month opens for the wallet meanwhile"

    desk.approved(128, "bob")
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.merges["pending"] == 0
    assert desk.funded() == 21000.0


def test_only_those_who_could_approve_are_said_to_have(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10900.00"))
    desk.approved(128, "mallory", "lena", "helper[bot]")
    desk.merged(128)
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.landing(128)["approved_by"] == ["lena"]
