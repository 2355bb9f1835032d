"""Budgets that a change request brings in another folder are judged by the rules of the base branch, not by its own."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from forge.merge_desk import MergeDesk, check
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode
from reconciler.forge.check import GATE

OWNER = re.compile(r'"@acme/[a-z-]+"')
THERE = ("--budgets", "finance/budgets")


def taken(desk: MergeDesk, *, organization: str = "org_acme", stays: bool = False) -> None:
    """Put the budgets into another folder, with more money for Support and mallory for all owners."""
    repository = desk.repository
    files = [path for path in (repository.folder / "budgets").rglob("*") if path.is_file()]
    texts = {f"finance/{path.relative_to(repository.folder)}": path.read_text(encoding="utf-8") for path in files}
    if not stays:
        repository.git("rm", "-r", "--quiet", "budgets")
    repository.write({path: OWNER.sub('"@mallory"', text) for path, text in texts.items()})
    repository.edit("finance/budgets/org.yaml", "organization: org_acme", f"organization: {organization}")
    repository.edit("finance/budgets/teams/support.yaml", "10500.00", "10600.00")


def brought_from(desk: MergeDesk, place: str) -> None:
    """Copy the budgets of `place` into another folder, with mallory for all owners."""
    repository, old = desk.repository, desk.repository.folder / place
    files = [path for path in old.rglob("*") if path.is_file()]
    texts = {f"finance/budgets/{path.relative_to(old)}": path.read_text(encoding="utf-8") for path in files}
    repository.write({path: OWNER.sub('"@mallory"', text) for path, text in texts.items()})
    repository.edit("finance/budgets/teams/support.yaml", "10500.00", "10600.00")


def shown(desk: MergeDesk) -> None:
    """Show the plan of what is opened, from a checkout of its merge."""
    merge_checked_out(desk)
    made = desk.desk.kt("plan", *THERE, "--as-of", DAY, "--usage", desk.usage, "--output", "../pr.json")
    assert made == ExitCode.DONE, desk.desk.errors
    assert desk.desk.kt("pr", "comment", *THERE, "--plan", "../pr.json", "--pr", "128") == ExitCode.DONE
    desk.desk.variables |= dict.fromkeys(desk.desk.host.of_test_merge, "")


def merge_checked_out(desk: MergeDesk) -> None:
    desk.repository.git("switch", "--quiet", "--detach", "main")
    desk.repository.git("merge", "--quiet", "--no-ff", "--no-edit", "change-128")
    desk.desk.variables |= desk.desk.host.of_test_merge


def judged(desk: MergeDesk, where: str, *options: str) -> dict[str, Any]:
    """Publish the check from a checkout of main, or of the merge, and return what was said."""
    if where == "main":
        desk.repository.git("switch", "--quiet", "main")
    done = desk.desk.kt("pr", "approval", "--check", "--format", "json", "--pr", "128", *options)
    assert done == ExitCode.DONE, desk.desk.errors
    desk.repository.git("switch", "--quiet", "main")
    (found,) = json.loads(desk.desk.output)["pull_requests"]
    return dict(found)


@pytest.mark.parametrize("where", ["main", "its merge"])
@pytest.mark.parametrize("stays", [False, True], ids=["moved", "copied"])
def test_owners_that_it_names_in_another_folder_do_not_approve_it(desk: MergeDesk, where: str, *, stays: bool) -> None:
    desk.opened(128, lambda: taken(desk, stays=stays), shown=False)
    shown(desk)
    desk.approved(128, "mallory")
    assert judged(desk, where, *THERE)["title"] == "Waits for acme/finance, acme/shadow-leads, acme/support-leads"
    assert check(desk)["conclusion"] != "success"
    desk.approved(128, "bob", "lena", "sam")
    assert judged(desk, where, *THERE)["title"].startswith("Approved by")
    assert check(desk)["conclusion"] == "success"


@pytest.mark.parametrize("where", ["main", "its merge"])
def test_the_first_budgets_of_another_organization_are_approved_by_the_owners_of_those_that_are_there(
    desk: MergeDesk, where: str
) -> None:
    desk.opened(128, lambda: taken(desk, organization="org_other", stays=True), shown=False)
    merge_checked_out(desk)
    found = judged(desk, where, *THERE)
    assert found["state"] == "waiting"
    if not desk.desk.host.is_gitlab:
        (summary,) = [item["output"]["summary"] for item in desk.github.checks if item["name"] == GATE]
        rows = [unescape(line) for line in summary.splitlines() if "others in budgets" in line]
        assert len(rows) == 3
        assert all("there were no budgets of org_other" in row and "acme/finance" in row for row in rows)


def test_a_folder_of_which_there_are_two_before_it_is_refused_in_the_check(desk: MergeDesk) -> None:
    copied = {"old/org.yaml": (desk.repository.folder / "budgets" / "org.yaml").read_text(encoding="utf-8")}
    desk.pushed(lambda: desk.repository.write(copied))
    desk.opened(128, lambda: taken(desk), shown=False)
    found = judged(desk, "main", *THERE)
    assert (found["state"], check(desk)["conclusion"]) == ("refused", "failure")
    assert "which of them came before cannot be told" in found["title"]
    assert "in 2 other folders: budgets, old" in found["title"]


@pytest.mark.parametrize("place", ["docs", "tests/fixtures/budgets", "Examples/one"])
@pytest.mark.parametrize("organization", ["org_acme", "org_example"])
def test_an_example_is_not_what_budgets_moved_from(desk: MergeDesk, place: str, organization: str) -> None:
    text = (desk.repository.folder / "budgets" / "org.yaml").read_text(encoding="utf-8")
    text = OWNER.sub('"@example"', text).replace("org_acme", organization)
    desk.pushed(lambda: desk.repository.write({f"{place}/org.yaml": text}))
    desk.opened(128, lambda: taken(desk), shown=False)
    shown(desk)
    desk.approved(128, "mallory")
    assert judged(desk, "main", *THERE)["title"] == "Waits for acme/finance, acme/shadow-leads, acme/support-leads"


def test_budgets_that_really_lie_where_examples_do_are_judged_by_their_owners(desk: MergeDesk) -> None:
    def moved() -> None:
        desk.repository.git("mv", "budgets", "examples")

    desk.pushed(moved)
    desk.opened(128, lambda: brought_from(desk, "examples"), shown=False)
    shown(desk)
    desk.approved(128, "mallory")
    assert judged(desk, "main", *THERE)["title"] == "Waits for acme/finance, acme/shadow-leads, acme/support-leads"


def test_budgets_elsewhere_that_cannot_be_read_are_refused(desk: MergeDesk) -> None:
    desk.pushed(lambda: desk.repository.edit("budgets/org.yaml", "currency: USD", "currency: nothing"))
    desk.opened(128, lambda: taken(desk, organization="org_other", stays=True), shown=False)
    desk.repository.git("switch", "--quiet", "change-128")
    desk.repository.edit("finance/budgets/org.yaml", "currency: nothing", "currency: USD")
    desk.repository.commit("Correct the copy")
    head = desk.repository.push(128)
    desk.github.pulls[128].commits.append((head, "alice"))
    found = judged(desk, "main", *THERE)
    assert found["state"] == "refused"
    assert "the budgets of org_acme in budgets" in found["title"].lower()
    assert found["problems"][0]["cure"] == "correct the files on main first"


def test_a_folder_that_is_nowhere_lets_nothing_pass_while_there_are_budgets_elsewhere(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"), shown=False)
    found = judged(desk, "main", "--budgets", "no/such")
    assert (found["state"], check(desk)["conclusion"]) == ("refused", "failure")
    assert "no folder no/such, before or after, and there are budgets in budgets" in found["title"]
    (problem,) = found["problems"]
    assert "`--budgets budgets`" in problem["cure"]
    assert not (desk.repository.folder / "no").exists()
    assert judged(desk, "main", "--budgets", "budgets")["state"] == "waiting"
