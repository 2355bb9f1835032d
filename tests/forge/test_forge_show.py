"""`pr show`: whoever keeps the default branch shows open change requests their plans; their authors need no token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode


def show(desk: MergeDesk, *options: str, code: ExitCode = ExitCode.DONE) -> dict[int, str]:
    """Show from a checkout of main, and return the state of each by its number."""
    desk.repository.git("switch", "--quiet", "main")
    done = desk.desk.kt("pr", "show", "--as-of", DAY, "--usage", desk.usage, "--format", "json", *options)
    assert done == code, desk.desk.errors + desk.desk.output
    document: dict[str, Any] = json.loads(desk.desk.output)
    return {item["pull_request"]: item["state"] for item in document["pull_requests"]}


def test_what_is_open_is_shown_once_and_applied_once_it_is_approved(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"), shown=False)
    desk.opened(129, desk.target("300.00", "350.00", SHADOW_FILE), shown=False)
    assert show(desk) == {128: "shown", 129: "shown"}
    assert "USD 500" in desk.comment(128)
    assert "Approve:" in desk.comment(128)
    writes = len(desk.github.writes)
    assert show(desk) == {128: "shown as it is", 129: "shown as it is"}
    assert len(desk.github.writes) == writes
    assert desk.repository.git("worktree", "list").count("\n") == 0

    desk.approved(128, "lena")
    desk.merged(128)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert (desk.funded(), desk.funded("team_shadow")) == (11000.0, 300.0)


def test_another_head_another_base_and_another_ledger_are_shown_anew(desk: MergeDesk) -> None:
    pull = desk.opened(128, desk.target("10500.00", "11000.00"), shown=False)
    show(desk)
    desk.repository.git("switch", "--quiet", "change-128")
    desk.repository.edit(SUPPORT_FILE, "11000.00", "11200.00")
    desk.github.push(128, desk.repository.commit("More"), "alice")
    desk.repository.push(128)
    assert show(desk) == {128: "shown"}
    assert "USD 700" in desk.comment(128)

    desk.desk.by_hand(100.0)
    assert show(desk) == {128: "shown"}
    assert "USD 600" in desk.comment(128)

    desk.pushed(lambda: desk.repository.write({"README.md": "Hello\n"}))
    assert show(desk) == {128: "shown as it is"}
    desk.pushed(desk.target("300.00", "301.00", SHADOW_FILE))
    assert show(desk) == {128: "shown"}
    assert pull.head == desk.github.pulls[128].head


def test_one_that_cannot_be_planned_stops_no_other_one(desk: MergeDesk) -> None:
    desk.opened(127, desk.target("10500.00", "11000.00"), shown=False)
    desk.opened(128, desk.target("300.00", "350.00", SHADOW_FILE), shown=False)
    desk.opened(129, lambda: desk.repository.write({"notes.txt": "x\n"}), shown=False)
    desk.opened(130, lambda: desk.repository.edit(SHADOW_FILE, "monthly", "montly"), shown=False)
    desk.pushed(desk.target("10500.00", "12000.00"))
    found = show(desk, code=ExitCode.REFUSED)
    assert found[127].startswith("not planned: it conflicts with main")
    assert (found[128], found[129], found[130]) == ("shown", "no budgets change", "shown")
    assert "so there is no plan" in desk.comment(130)
    assert any("did you mean" in item["body"] for item in desk.github.review_comments)


def test_one_can_be_named_and_its_plan_kept(desk: MergeDesk, tmp_path: Path) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"), shown=False)
    desk.opened(129, desk.target("300.00", "350.00", SHADOW_FILE), shown=False)
    assert show(desk, "--pr", "129", "--plans", str(tmp_path / "plans")) == {129: "shown"}
    assert [file.name for file in (tmp_path / "plans").iterdir()] == ["129.json"]
    desk.github.pulls[129].state = "closed"
    assert show(desk, "--pr", "129") == {129: "left alone, since it is not open"}
