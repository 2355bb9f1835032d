"""The first budgets of an organization, merged past the check beside those of others: its own owners are not enough."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT
from forge.host import Host
from forge.merge_desk import SUPPORT_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

OTHER = ORGANIZATION.replace("org_acme", "org_other").replace("@acme/finance", "@acme/platform")
OWN = ORGANIZATION.replace("@acme/finance", "@mallory").replace("@acme/platform", "@mallory")


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    """A desk of a repository that has the budgets of another organization, in another folder."""
    with merge_desk(tmp_path, host.state, host.url, capsys, is_applied=False) as made:
        made.repository.git("switch", "--quiet", "--orphan", "empty")
        made.repository.write({"other/org.yaml": OTHER})
        made.repository.commit("Start with another organization")
        made.repository.git("branch", "--quiet", "--force", "main", "empty")
        made.repository.git("push", "--quiet", "--force", "origin", "main")
        yield made


def brought(desk: MergeDesk) -> str:
    """Merge the first budgets with the approval of the owner that they name."""
    files = {"budgets/org.yaml": OWN, SUPPORT_FILE: SUPPORT.replace("@acme/support-leads", "@mallory")}
    desk.opened(128, lambda: desk.repository.write(files))
    desk.approved(128, "mallory")
    return desk.merged(128)


def test_an_owner_of_the_others_approves_before_it_is_applied(desk: MergeDesk) -> None:
    brought(desk)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert "there were no budgets of org_acme, and others in other" in desk.landing(128)["reason"]
    assert desk.funded() == 0.0
    desk.approved(128, "pat", "mallory")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10500.0


def test_the_approval_of_its_merge_is_not_stated_without_them(desk: MergeDesk) -> None:
    merge = brought(desk)
    desk.repository.git("switch", "--quiet", "main")
    asked = ("pr", "approval", "--merge-sha", merge, "--plan", "../pr.json", "--as-of", DAY)
    assert desk.desk.kt("plan", "--as-of", DAY, "--usage", desk.usage, "--output", "../pr.json") == ExitCode.DONE
    assert desk.desk.kt(*asked) == ExitCode.REFUSED
    assert "there were no budgets of org_acme, and others in other" in desk.desk.errors
    desk.approved(128, "pat", "mallory")
    assert desk.desk.kt(*asked) == ExitCode.DONE, desk.desk.errors


def test_where_it_is_the_first_of_all_its_own_owners_approve_it(desk: MergeDesk) -> None:
    desk.repository.git("rm", "--quiet", "-r", "other")
    desk.pushed(lambda: None, "Take the others away")
    brought(desk)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10500.0


def test_others_that_cannot_be_read_stop_it(desk: MergeDesk) -> None:
    desk.pushed(lambda: desk.repository.edit("other/org.yaml", "currency: USD", "currency: nothing"))
    brought(desk)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert "the budgets of org_other in other" in desk.landing(128)["reason"]
    assert desk.funded() == 0.0


@pytest.mark.parametrize("place", ["docs/example", "tests/fixtures"])
def test_an_example_of_another_organization_has_no_say(desk: MergeDesk, place: str) -> None:
    desk.repository.write({f"{place}/org.yaml": OTHER.replace("@acme/platform", "@nobody")})
    desk.repository.git("rm", "--quiet", "-r", "other")
    desk.pushed(lambda: None, "An example alone")
    brought(desk)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10500.0
