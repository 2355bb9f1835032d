"""Merges that a person edited on the way in: what no reviewer saw is shown as merged, and approved anew by others."""

from __future__ import annotations

import pytest
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, Edit, MergeDesk

from reconciler.findings import ExitCode


@pytest.fixture
def desk(desk: MergeDesk) -> MergeDesk:
    desk.github.members |= {("acme/support-leads", "luis")}
    return desk


def _edit(desk: MergeDesk, old: str, new: str, file: str = SUPPORT_FILE) -> Edit:
    return lambda: desk.repository.edit(file, old, new)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("monthly: 10900.00", "monthly: 10900.00, overrides: {2026-08: 10990.00}", "10,990"),
        ('"@acme/support-leads"', '"@mallory"', "mallory"),
        ("[80, 100]", "[100]", "support-monthly"),
    ],
)
def test_what_was_slipped_into_a_merge_is_shown_as_merged_and_applied_once_that_is_approved(
    desk: MergeDesk, old: str, new: str, told: str
) -> None:
    desk.opened(128, desk.target("10500.00", "10900.00"))
    desk.approved(128, "lena")
    commit = desk.merged_by_hand(128, "lena", _edit(desk, old, new))

    assert desk.told() == ExitCode.STALE, desk.desk.output
    assert desk.funded() == 10500.0
    assert f"{commit[:12]} says something else than merging the last commit" in desk.landing(128)["refused"]["support"]
    assert told in desk.comment(128).replace("&#8203;", "")
    assert told != "10,990" or "August 2026" in desk.comment(128)

    assert desk.told() == ExitCode.REFUSED, "the approval of the pull request is none of what was made of it"
    desk.approved(128, "lena")
    assert desk.told() == ExitCode.REFUSED, "lena made that merge"
    desk.approved(128, "luis")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10900.0
    assert desk.merges["pending"] == 0


def test_another_team_that_was_slipped_in_waits_and_the_one_that_was_shown_goes_on(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10900.00"))
    desk.approved(128, "lena", "sam")
    slipped = _edit(desk, "monthly: 300.00", "monthly: 300.00, overrides: {2026-08: 900.00}", SHADOW_FILE)
    desk.merged_by_hand(128, "mallory", slipped)

    assert desk.told() == ExitCode.PARTIAL, desk.desk.output
    assert list(desk.landing(128)["refused"]) == ["shadow"]
    assert desk.funded() == 10900.0
    assert desk.told() == ExitCode.REFUSED
    desk.approved(128, "sam")
    assert desk.told() == ExitCode.DONE, desk.desk.output


def test_a_merge_by_hand_that_holds_what_git_makes_of_it_was_approved(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10900.00"))
    desk.approved(128, "lena")
    desk.merged_by_hand(128, "mallory", _edit(desk, "what the pilot costs", "what the pliot costs"))
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10900.0


def test_a_merge_of_what_conflicts_was_made_by_a_person(desk: MergeDesk) -> None:
    desk.opened(129, desk.target("10500.00", "10800.00"))
    desk.opened(128, desk.target("10500.00", "10900.00"))
    desk.approved(129, "lena")
    desk.approved(128, "lena")
    desk.merged(129)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    desk.repository.git("switch", "--quiet", "main")
    desk.repository.git("merge", "--quiet", "--no-ff", "-X", "theirs", "--no-edit", "change-128")
    desk.repository.git("push", "--quiet", "origin", "main")
    desk.github.merge(128, desk.repository.head)

    assert desk.told() == ExitCode.STALE, desk.desk.output
    assert desk.funded() == 10800.0
    desk.approved(128, "lena")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10900.0


def test_a_merge_that_cannot_be_compared_is_refused_and_stops_no_other_one(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10900.00"))
    desk.opened(129, desk.target("300.00", "350.00", SHADOW_FILE))
    desk.approved(128, "lena")
    desk.approved(129, "sam")
    desk.merged(128, "squash")
    desk.merged(129)
    desk.github.push(128, "c" * 40, "alice")

    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert "it cannot be told whether" in desk.landing(128)["reason"]
    assert (desk.funded(), desk.funded("team_shadow")) == (10500.0, 350.0)


def test_what_is_shown_after_the_merge_tells_everything_that_it_changes(desk: MergeDesk) -> None:
    edits = _edit(desk, "monthly: 10500.00", "monthly: 10500.00, overrides: {2026-09: 12345.00}")
    desk.opened(128, edits, _edit(desk, '"@acme/support-leads"', '"@mallory"'), shown=False)
    desk.merged(128)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert "12,345" in desk.comment(128)
    assert "mallory" in desk.comment(128).replace("&#8203;", "")


def test_whoever_made_any_commit_of_an_edited_rebase_wrote_it(desk: MergeDesk) -> None:
    """Lena rebases two commits by hand and edits the first; mallory makes the last one of what came in."""
    if desk.desk.host.is_gitlab:
        pytest.skip("GitLab rebases the branch itself, as a new head, before it is merged")
    edits = (_edit(desk, "10500.00", "10900.00"), _edit(desk, "what the pilot costs", "what it costs"))
    desk.opened(128, *edits)
    desk.approved(128, "lena")
    repository = desk.repository
    repository.git("switch", "--quiet", repository.main)
    repository.git("cherry-pick", "--no-commit", "change-128~1")
    repository.edit(SUPPORT_FILE, "[80, 100]", "[100]")
    first = repository.commit("Change 128")
    repository.git("cherry-pick", "change-128")
    repository.git("push", "--quiet", "origin", repository.main)
    desk.github.merge(128, repository.head, how="rebase")
    desk.github.pulls[128].landed = [first, repository.head]
    desk.github.mergers |= {first: "lena", repository.head: "mallory"}

    assert desk.told() == ExitCode.STALE, desk.desk.output
    desk.approved(128, "lena")
    assert desk.told() == ExitCode.REFUSED, "lena made one of those commits"
    assert "lena wrote it" in desk.landing(128)["refused"]["support"]
    assert desk.funded() == 10500.0
    desk.approved(128, "luis")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10900.0
