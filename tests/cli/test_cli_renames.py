"""A team, an environment and an alert are renamed without a delete, a create, or a cent that moves."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from cli.journal_desk import AS_OF, Desk, git

APPLY = ("apply", *AS_OF, "--plan", "plan.json", "--settle", "0")


def text(
    team: str = "alpha", *, environment: str = "prod", alert: str = "spend", more: str = "", wallet: str = ""
) -> str:
    return (
        f"version: 1\nteam: {team}\n{more}wallets:\n"
        f"  {environment}: {{team_id: t-alpha, monthly: 500{wallet}}}\n"
        f"billing_budgets:\n  - {{name: {alert}, amount: 500, alert_percentages: [80]}}\n"
    )


def committed(desk: Desk, name: str, content: str) -> None:
    folder = desk.clone / "budgets" / "teams"
    for file in folder.iterdir():
        file.unlink()
    (folder / f"{name}.yaml").write_text(content)
    git(desk.clone, "add", ".")
    git(desk.clone, "commit", "--quiet", "--message", name)


@pytest.fixture
def known(desk: Desk) -> Desk:
    """Return a desk whose team and alert were applied."""
    committed(desk, "alpha", text())
    assert desk.applied().code == 0
    desk.world.writes.clear()
    return desk


def plan(desk: Desk, *options: str) -> dict[str, Any]:
    made = desk.plan(*options)
    assert made.code == 0, made.err
    document: dict[str, Any] = json.loads((desk.clone / "plan.json").read_text())
    return document


def alerts(desk: Desk) -> dict[str, str]:
    return {id: item["name"] for id, item in desk.world.budgets.items()}


def test_an_alert_is_renamed_in_place(known: Desk) -> None:
    (id,) = alerts(known)
    committed(known, "alpha", text(alert="soft, previously: spend"))
    made = plan(known)
    (change,) = made["changes"]
    assert (change["kind"], change["key"]) == ("update_billing_budget", "team/t-alpha/soft")
    assert (change["before"]["name"], change["after"]["name"]) == ("spend", "soft")
    assert "unmanaged" not in json.dumps(made["unmanaged"])
    assert "name spend" in known.kt("show", "plan.json").out.replace("→", " ")
    assert known.kt(*APPLY).code == 0
    assert alerts(known) == {id: "soft"}
    assert [method for method, _, _ in known.world.writes] == ["PUT"]
    assert plan(known)["changes"] == []
    assert known.kt("drift", *AS_OF).code == 0
    known.world.writes.clear()
    assert known.kt(*APPLY).code == 0
    assert known.world.writes == []


def test_without_its_earlier_name_an_alert_is_deleted_and_another_one_made(known: Desk) -> None:
    committed(known, "alpha", text(alert="soft"))
    kinds = [change["kind"] for change in plan(known)["changes"]]
    assert kinds == ["delete_billing_budget", "create_billing_budget"]


def test_an_alert_that_has_the_new_name_already_is_no_second_one(known: Desk) -> None:
    (id,) = alerts(known)
    known.world.budgets[id]["name"] = "soft"
    committed(known, "alpha", text(alert="soft, previously: spend"))
    assert plan(known)["changes"] == []


def test_an_earlier_name_that_nothing_has_makes_an_alert(known: Desk) -> None:
    known.world.budgets.clear()
    committed(known, "alpha", text(alert="soft, previously: spend"))
    assert [change["kind"] for change in plan(known)["changes"]] == ["create_billing_budget"]


def test_a_rename_that_was_refused_is_planned_again(known: Desk) -> None:
    (id,) = alerts(known)
    committed(known, "alpha", text(alert="soft, previously: spend"))
    first = plan(known)["changes"]
    known.world.habits.forbidden_path = f"/v1/billing/budgets/{id}"
    assert known.kt(*APPLY).code != 0
    known.world.habits.forbidden_path = ""
    assert plan(known)["changes"] == first
    assert known.kt(*APPLY).code == 0
    assert alerts(known) == {id: "soft"}


def test_a_team_is_renamed_and_its_old_file_is_not_missed(known: Desk) -> None:
    committed(known, "beta", text("beta"))
    assert [item["code"] for item in plan(known)["findings"]].count("team-file-vanished") == 1
    committed(known, "beta", text("beta", more="previously: alpha\n"))
    for options in ((), ("--since", "HEAD~2")):
        made = plan(known, *options)
        assert made["changes"] == []
        assert [item["code"] for item in made["findings"]].count("team-file-vanished") == 0
    assert known.kt(*APPLY).code == 0
    assert known.world.writes == []
    assert known.kt("drift", *AS_OF).code == 0


def test_an_environment_is_renamed(known: Desk) -> None:
    org = known.clone / "budgets" / "org.yaml"
    org.write_text(org.read_text().replace("[prod]", "[prod, live]"))
    committed(known, "alpha", text(environment="live", wallet=", previously: prod"))
    assert plan(known)["changes"] == []
    assert known.kt(*APPLY).code == 0
    assert known.world.writes == []
    july = ("--as-of", "2026-07-01")
    assert known.kt("apply", *july, "--period", "2026-07", "--settle", "0").code == 0
    assert [body["amount"] for _, _, body in known.world.writes] == [Decimal("500.00")]


def test_a_released_team_stays_released_under_another_name_and_comes_back_under_it(known: Desk) -> None:
    assert known.kt("release", "alpha", *AS_OF).code == 0
    committed(known, "beta", text("beta", more="previously: alpha\n").replace("monthly: 500", "monthly: 700"))
    assert plan(known)["changes"] == []
    committed(known, "beta", text("beta", more="previously: alpha\n"))
    assert known.kt("adopt", "beta", *AS_OF).code == 0
    committed(known, "beta", text("beta", more="previously: alpha\n").replace("monthly: 500", "monthly: 700"))
    assert [change["amount"] for change in plan(known)["changes"]] == ["200.00"]


def test_a_comment_tells_new_names_and_neither_a_loss_nor_an_addition(known: Desk) -> None:
    org = known.clone / "budgets" / "org.yaml"
    org.write_text(org.read_text().replace("[prod]", "[prod, live]"))
    more = {"more": "previously: alpha\n", "wallet": ", previously: prod"}
    committed(known, "beta", text("beta", environment="live", alert="soft, previously: spend", **more))
    made = plan(known, "--since", "HEAD~1")
    told = {(item["team"], item["name"]): (item["before"], item["after"]) for item in made["later"]["settings"]}
    assert told == {
        ("", "environments"): ("prod", "prod, live"),
        ("beta", "name before"): ("", "alpha"),
        ("beta", "wallet live, environment before"): ("", "prod"),
        ("beta", "alert soft, name before"): ("", "spend"),
    }
    shown = known.kt("show", "plan.json", "--format", "markdown").out
    assert "leaves the YAML" not in shown
    assert "is new in the YAML" not in shown


@pytest.mark.parametrize("owners", ["@acme/finance", "@acme/alpha"])
def test_a_comment_names_the_owners_of_both_names_of_a_team(known: Desk, owners: str) -> None:
    org = known.clone / "budgets" / "org.yaml"
    org.write_text(f'{org.read_text()}owners: ["{owners}"]\n')
    theirs = 'owners: ["@acme/alpha"]\n'
    committed(known, "alpha", text(more=theirs))
    assert known.applied().code == 0
    committed(known, "beta", text("beta", more=f"previously: alpha\n{theirs}"))
    plan(known, "--since", "HEAD~1")
    shown = known.kt("show", "plan.json", "--format", "markdown").out
    both = "to be approved by `acme/alpha`, and by `acme/finance`"
    assert (both in shown) is ("finance" in owners)
    assert "to be approved by `acme/alpha`" in shown
