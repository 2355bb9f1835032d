"""What was merged about org.yaml before anything was applied: no later approval counts for it, nor a looser limit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forge import budget_repository as begun
from forge.host import Host
from forge.merge_desk import SUPPORT_FILE, MergeDesk, merge_desk

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

SETTINGS = "budgets/org.yaml"
ORGANIZATION = begun.ORGANIZATION.replace("finance_above: 1000.00", "finance_above: 20000.00")
LOOSER = ORGANIZATION.replace("finance_above: 20000.00, finance", "finance")


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    """A desk whose Keeptrusts holds what the YAML says, by hand; nothing was applied or adopted yet."""
    files = {SETTINGS: ORGANIZATION, SUPPORT_FILE: begun.SUPPORT.partition("billing_budgets")[0]}
    with merge_desk(tmp_path, host.state, host.url, capsys, is_applied=False, files=files) as made:
        made.desk.by_hand(10500.0)
        made.desk.by_hand(300.0, team="team_shadow")
        yield made


def merged_past_the_gate(desk: MergeDesk, text: str, number: int = 127) -> None:
    desk.opened(number, lambda: desk.repository.write({SETTINGS: text}))
    desk.merged(number)


def raised(desk: MergeDesk, *people: str, number: int = 128) -> None:
    """Raise support by more than finance's threshold, show it as merged, and let `people` approve it."""
    desk.opened(number, desk.target("10500.00", "30500.00"))
    desk.merged(number)
    desk.told()
    desk.approved(number, *people)


def test_a_threshold_that_was_taken_out_past_the_gate_holds_at_the_first_apply(desk: MergeDesk) -> None:
    merged_past_the_gate(desk, LOOSER)
    raised(desk, "lena", "sam")
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert desk.funded() == 10500.0
    assert "acme/finance" in desk.comment(128).replace("&#8203;", "")
    desk.approved(128, "bob")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 30500.0


def test_owners_who_made_themselves_owners_past_the_gate_approve_nothing_at_the_first_apply(desk: MergeDesk) -> None:
    merged_past_the_gate(desk, LOOSER.replace('owners: ["@acme/finance"]', 'owners: ["@acme/shadow-leads"]'))
    raised(desk, "lena", "sam")
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert desk.funded() == 10500.0


def test_settings_that_are_as_they_began_ask_nobody_at_the_first_apply(desk: MergeDesk) -> None:
    merged_past_the_gate(desk, LOOSER, 126)
    merged_past_the_gate(desk, ORGANIZATION, 127)
    desk.opened(128, desk.target("10500.00", "10600.00"))
    desk.merged(128)
    desk.told()
    desk.approved(128, "lena", "sam")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10600.0


def test_what_the_first_pull_request_says_about_settings_is_approved_by_those_who_owned_them(desk: MergeDesk) -> None:
    desk.opened(128, lambda: desk.repository.write({SETTINGS: LOOSER}))
    desk.merged(128)
    desk.told()
    desk.approved(128, "lena", "sam")
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    desk.approved(128, "bob")
    assert desk.told() == ExitCode.DONE, desk.desk.output


def test_settings_that_were_adopted_ask_nobody(desk: MergeDesk) -> None:
    merged_past_the_gate(desk, LOOSER)
    assert desk.desk.kt("adopt", "--as-of", "2026-06-18") == ExitCode.DONE, desk.desk.errors
    desk.approved_and_merged(128, desk.target("10500.00", "30500.00"), by="lena")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 30500.0


def test_the_approval_of_a_merge_is_stated_by_the_threshold_that_org_yaml_began_with(desk: MergeDesk) -> None:
    merged_past_the_gate(desk, LOOSER)
    desk.opened(128, desk.target("10500.00", "30600.00"))
    desk.approved(128, "lena", "sam")
    merge = desk.merged(128)
    desk.repository.git("switch", "--quiet", "main")
    asked = ("pr", "approval", "--merge-sha", merge, "--plan", "../pr.json", "--as-of", "2026-06-18")
    assert desk.desk.kt("plan", "--as-of", "2026-06-18", "--usage", desk.usage, "--output", "../pr.json") == 0
    assert desk.desk.kt(*asked) == ExitCode.REFUSED, desk.desk.output
    assert "above USD 20,000.00" in desk.desk.errors
    assert "the organization's settings change" in desk.desk.errors
    desk.approved(128, "bob", "lena")
    assert desk.desk.kt(*asked) == ExitCode.DONE, desk.desk.errors
