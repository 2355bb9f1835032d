"""A default branch that was pushed by force: what was applied and is gone is looked at, and what came in since."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from forge.host import Host
from forge.merge_desk import SHADOW_FILE, MergeDesk, merge_desk

from reconciler.findings import ExitCode

LATER = "2026-06-19"


def _taken_off_main(desk: MergeDesk) -> None:
    """Apply pull request 128, and push main by force to what lies below it."""
    before = desk.repository.git("rev-parse", "main")
    desk.approved_and_merged(128, desk.target("10500.00", "10900.00"), by="lena", how="squash")
    assert desk.apply() == ExitCode.DONE, desk.desk.errors
    desk.repository.git("switch", "--quiet", "main")
    desk.repository.git("reset", "--quiet", "--hard", before)
    desk.repository.git("push", "--quiet", "--force", "origin", "main")


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_what_is_merged_after_main_was_pushed_by_force_is_applied_and_what_was_lost_is_told(
    desk: MergeDesk, how: str
) -> None:
    _taken_off_main(desk)
    desk.approved_and_merged(130, desk.target("300.00", "350.00", SHADOW_FILE), by="sam", how=how)

    assert desk.apply() == ExitCode.PARTIAL, desk.desk.output
    assert (desk.funded(), desk.funded("team_shadow")) == (10900.0, 350.0)
    assert list(desk.landing(130)["refused"]) == ["support"], "nobody approved that support goes back to 10,500"
    assert desk.merges["pending"] == 1
    assert desk.desk.kt("drift", "--as-of", LATER, "--pull-requests") == ExitCode.DRIFT, (
        desk.desk.output + desk.desk.errors
    )
    assert f"{desk.desk.host.sign}130" in desk.desk.output


def test_where_nothing_of_the_budgets_came_in_since_the_last_commit_stands_for_what_was_lost(desk: MergeDesk) -> None:
    _taken_off_main(desk)
    desk.pushed(lambda: desk.repository.write({"README.md": "# Ours\n"}))

    assert desk.apply() == ExitCode.REFUSED, desk.desk.output
    assert desk.statuses == [(None, "refused")]
    assert list(desk.landing(None)["refused"]) == ["support"]
    assert desk.funded() == 10900.0


def test_a_month_opens_from_what_was_applied_where_main_was_pushed_back(desk: MergeDesk) -> None:
    _taken_off_main(desk)
    desk.desk.by_hand(900.0, "reclaim")
    opened = desk.desk.kt("apply", "--period", "2026-06", "--as-of", "2026-06-18")
    assert opened == ExitCode.DONE, desk.desk.errors
    assert desk.funded() == 10900.0


def test_a_journal_that_anybody_may_push_is_believed_where_the_forge_says_that_main_held_it(
    tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    with merge_desk(tmp_path, host.state, host.url, capsys, journal="git:origin") as desk:
        _taken_off_main(desk)
        lost, now = desk.github.pulls[128].merge_commit or "", desk.repository.git("rev-parse", "main")
        desk.pushed(lambda: desk.repository.write({"README.md": "# Ours\n"}))
        desk.desk.by_hand(900.0, "reclaim")
        month = ("apply", "--period", "2026-06", "--as-of", "2026-06-18")
        assert desk.desk.kt(*month) == ExitCode.REFUSED, "nobody says that the branch ever held it"
        assert "main never held that commit" in desk.desk.errors
        desk.github.force_pushes.append(("refs/heads/of-mallory", lost, now))
        assert desk.desk.kt(*month) == ExitCode.REFUSED, "another branch held it"

        desk.github.force_pushes.append(("refs/heads/main", lost, now))
        assert desk.desk.kt(*month) == ExitCode.DONE, desk.desk.errors
        assert desk.funded() == 10900.0


def test_the_issue_says_what_was_pushed_back_and_another_old_clone_is_refused(desk: MergeDesk) -> None:
    _taken_off_main(desk)
    lost = desk.github.pulls[128].merge_commit or ""
    assert desk.desk.kt("drift", "--as-of", LATER, "--issue") == ExitCode.DRIFT, desk.desk.errors
    (issue,) = desk.github.issues
    assert lost in issue["body"]
    assert "pushed back by force" in issue["body"]
    assert desk.apply() == ExitCode.REFUSED
    assert f"push {lost} to it again" in desk.desk.errors

    desk.repository.git("push", "--quiet", "origin", f"{lost}:main")
    assert desk.desk.kt("drift", "--as-of", LATER, "--issue") == ExitCode.REFUSED, "this clone is the old one now"
    desk.repository.git("reset", "--quiet", "--hard", lost)
    assert desk.desk.kt("drift", "--as-of", LATER, "--issue") == ExitCode.DONE, desk.desk.output
    assert issue["state"] == "closed"


def test_where_what_was_applied_is_lost_it_is_told_and_one_reviewed_plan_begins_anew(
    desk: MergeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _taken_off_main(desk)
    remote = desk.repository.remote
    desk.repository.lends_no_more()
    subprocess.run(["git", "-C", str(remote), "gc", "--quiet", "--prune=now"], check=True)
    desk.pushed(lambda: desk.repository.write({"README.md": "# Ours\n"}))
    subprocess.run(["git", "clone", "--quiet", str(remote), str(tmp_path / "fresh")], check=True)
    monkeypatch.chdir(tmp_path / "fresh")

    assert desk.desk.kt("drift", "--as-of", LATER, "--issue") == ExitCode.DRIFT, desk.desk.output
    assert "cannot be told" in desk.github.issues[0]["body"]
    month = ("apply", "--period", "2026-06", "--as-of", "2026-06-18")
    assert desk.desk.kt(*month) == ExitCode.REFUSED
    assert "kt-budgets apply --plan plan.json" in desk.desk.errors

    made = ("plan", "--as-of", "2026-06-18", "--usage", desk.usage, "--output", str(tmp_path / "anew.json"))
    assert desk.desk.kt(*made) == ExitCode.DONE, desk.desk.errors
    assert desk.desk.kt("apply", "--as-of", "2026-06-18", "--plan", str(tmp_path / "anew.json")) == ExitCode.DONE
    assert desk.funded() == 10500.0
    assert desk.desk.kt(*month) == ExitCode.DONE, desk.desk.errors
    assert desk.desk.kt("drift", "--as-of", LATER, "--issue") == ExitCode.DONE, desk.desk.output


def test_a_branch_that_took_main_in_and_became_main_is_applied_as_its_pull_request_showed(desk: MergeDesk) -> None:
    """The branch's own line turns: what main was comes second in the merge."""
    desk.opened(129, desk.target("300.00", "350.00", SHADOW_FILE), shown=False)
    desk.approved_and_merged(128, desk.target("10500.00", "10900.00"), by="lena")
    assert desk.apply() == ExitCode.DONE, desk.desk.errors
    desk.repository.git("switch", "--quiet", "change-129")
    desk.repository.git("merge", "--quiet", "--no-edit", "main")
    desk.github.push(129, desk.repository.push(129), "alice", parents=("0" * 40, "1" * 40))
    desk.shown(129)
    desk.approved(129, "sam")
    desk.repository.git("push", "--quiet", "origin", "change-129:main")
    desk.repository.git("switch", "--quiet", "main")
    desk.repository.git("reset", "--quiet", "--hard", "change-129")
    desk.github.merge(129, desk.github.pulls[129].head)

    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.statuses == [(129, "applied")]
    assert (desk.funded(), desk.funded("team_shadow")) == (10900.0, 350.0)
