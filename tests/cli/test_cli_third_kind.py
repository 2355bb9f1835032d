"""A kind that this test brings along is planned, applied, remembered, watched and told, and nothing else knows of it.

A `contact` is kept for each owner of a team, so that the YAML needs no section of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, ValidationError
from memory_over_http import TOKEN, World, over_http

from reconciler.app.schemas import schemas
from reconciler.cli.boundary import run
from reconciler.cli.main import cli
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.managed_kind import Key, ManagedKind, Owned, Stray, WireObject
from reconciler.model.kinds.registry import registered
from reconciler.model.plan import read_plan
from reconciler.model.team import TeamBudget
from reconciler.report.markdown import markdown
from reconciler.report.site.html import html
from reconciler.report.summary import summarise

PATH = "/v1/contacts"
DAY = ("--as-of", "2026-06-18")
APPLY = ("apply", *DAY, "--plan", "plan.json", "--format", "json")


class Contact(Frozen):
    """Who is written to about a team."""

    team: str
    name: str
    channel: str = "mail"


class Contacts(ManagedKind[Contact]):
    """One for each owner of a team; Keeptrusts says `topic` where we say `team`."""

    name, section, noun, entry = "contact", "owners", "contact", "owner"
    path, plural, of_teams = PATH, "contacts", True
    labels, identity = {"channel": "reached by"}, ("team", "name")

    def key(self, value: Contact) -> Key:
        return value.team, value.name

    def stored(self, document: Mapping[str, Any]) -> Contact:
        return Contact.model_validate(document)

    def declared(self, entry: Any, team: TeamBudget | None, *, currency: str) -> Owned[Contact] | None:
        return Owned(Contact(team=team.team, name=entry)) if team else None

    def read(self, item: WireObject, *, organization: str) -> Contact:
        return Contact(team=item.text("topic"), name=item.text("name"), channel=item.text("channel"))

    def partial_key(self, item: WireObject) -> Key:
        return item.words("topic"), item.words("name")

    def body(self, document: Mapping[str, Any]) -> dict[str, Any]:
        body = {name: value for name, value in document.items() if name != "team"}
        return {**body, "topic": document.get("team", document.get("topic"))}

    def stray(self, value: Contact, *, currency: str) -> Stray:
        return Stray(reason=f"it is written to by {value.channel}")


def team(name: str, *owners: str) -> str:
    return (
        f"version: 1\nteam: {name}\nowners: [{', '.join(owners)}]\n"
        f"wallets:\n  prod: {{team_id: t-{name}, monthly: 100}}\n"
    )


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    """Yield a Keeptrusts that keeps contacts, one of them by hand; the budgets are in the folder of the test."""
    world = World(teams={"t-aa": "aa", "t-bb": "bb"})
    world.stores[PATH] = {}
    world.stores[PATH]["c0"] = {"id": "c0", "topic": "aa", "name": "by-hand", "channel": "pager", "spare": 1}
    for key in ("t-aa", "t-bb"):
        world.enter(key, "allocate", Decimal(100), at="2026-06-01T00:00:00Z")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "budgets" / "teams").mkdir(parents=True)
    (tmp_path / "budgets" / "org.yaml").write_text(
        "version: 1\norganization: org_acme\ncurrency: USD\nfiscal_year: {name: FY2027, starts: 2026-06}\n"
        "environments: [prod]\nowners: [cfo]\n"
    )
    write(aa=("ada", "bob"), bb=("cyd",))
    with registered(Contacts()), over_http(world) as url:
        monkeypatch.setenv("KEEPTRUSTS_API_URL", url)
        monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", TOKEN)
        monkeypatch.delenv("KT_BUDGETS_JOURNAL", raising=False)
        yield world


Said = Callable[..., str]


@pytest.fixture
def said(state: World, capsys: pytest.CaptureFixture[str]) -> Said:
    """Return a function that runs a command, which must exit with `code`, and gives what it prints."""

    def ran(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        exit_code = run(cli, [*arguments])
        out, err = capsys.readouterr()
        assert exit_code == code, out + err
        return out

    return ran


def write(**owners: tuple[str, ...]) -> None:
    for name, listed in owners.items():
        Path(f"budgets/teams/{name}.yaml").write_text(team(name, *listed))


def changes() -> list[tuple[str, str, str]]:
    document = json.loads(Path("plan.json").read_text())
    return [(change["kind"], change["team"], change["key"]) for change in document["changes"]]


def kept(state: World) -> dict[tuple[str, str], Any]:
    return {(item["topic"], item["name"]): item["channel"] for item in state.stores[PATH].values()}


def test_it_is_planned_told_and_published(said: Said) -> None:
    said("plan", *DAY)

    assert changes() == [
        ("create_contact", "aa", "aa/ada"),
        ("create_contact", "aa", "aa/bob"),
        ("create_contact", "bb", "bb/cyd"),
    ]
    text = Path("plan.json").read_text()
    judge = Draft7Validator(schemas()["plan.schema.json"])
    judge.validate(json.loads(text))
    with pytest.raises(ValidationError):
        judge.validate(json.loads(text.replace("create_contact", "create_contract")))
    plan = read_plan(text)
    assert plan.changes[0].after == Contact(team="aa", name="ada")  # type: ignore[union-attr]
    report = summarise(plan)
    told = markdown(report)
    assert "no money moves, 3 contacts change" in told
    assert "| Contact | Merging will | What changes |" in told
    assert "| ada | create | reached by mail |" in told
    assert "contact *by-hand* (`aa/by-hand`), it is written to by pager" in told
    assert "Contacts</h2>" in html(plan, report)


def test_it_is_applied_once_and_deleted_only_where_it_was_declared_before(said: Said, state: World) -> None:
    said("plan", *DAY)
    first = json.loads(said(*APPLY))
    assert {outcome["status"] for outcome in first["outcomes"]} == {"applied"}
    assert first["converged"]
    by_hand = {("aa", "by-hand"): "pager"}
    assert kept(state) == {**by_hand, ("aa", "ada"): "mail", ("aa", "bob"): "mail", ("bb", "cyd"): "mail"}
    again = json.loads(said(*APPLY))
    assert {outcome["status"] for outcome in again["outcomes"]} == {"already_applied"}

    write(aa=("ada",))
    next(item for item in state.stores[PATH].values() if item["name"] == "ada").update(channel="chat", spare=2)
    said("plan", *DAY)
    assert changes() == [("delete_contact", "aa", "aa/bob"), ("update_contact", "aa", "aa/ada")]
    said(*APPLY)
    assert kept(state) == {**by_hand, ("aa", "ada"): "mail", ("bb", "cyd"): "mail"}
    assert next(item for item in state.stores[PATH].values() if item["name"] == "ada")["spare"] == 2
    said("plan", *DAY, "--detailed-exit-code")


def test_what_becomes_of_it_by_hand_is_drift(said: Said, state: World) -> None:
    said("plan", *DAY)
    said(*APPLY)
    said("drift", *DAY)
    ids = {item["name"]: id for id, item in state.stores[PATH].items()}
    state.stores[PATH][ids["ada"]]["channel"] = "chat"
    del state.stores[PATH][ids["bob"]]

    items = json.loads(said("drift", *DAY, "--format", "json", code=11))["items"]

    assert [(item["class"], item["team"], item["key"]) for item in items] == [
        ("changed", "aa", "aa/ada"),
        ("missing", "aa", "aa/bob"),
        ("unmanaged", "", "aa/by-hand"),
    ]
    assert items[0]["sentence"] == "contact aa/ada was changed in Keeptrusts: reached by mail → chat."


def test_one_that_is_there_and_not_understood_or_there_twice_is_said_and_left_alone(said: Said, state: World) -> None:
    said("plan", *DAY)
    said(*APPLY)
    listed = state.stores[PATH]
    ada, bob = (next(item for item in listed.values() if item["name"] == name) for name in ("ada", "bob"))
    bob["channel"] = ["chat"]
    listed["zz"] = {**ada, "id": "zz"}

    said("plan", *DAY)

    assert changes() == []
    findings = {item["code"]: item for item in json.loads(Path("plan.json").read_text())["findings"]}
    assert "`channel` is no text" in findings["unclear-contact"]["message"]
    assert "zz is left alone" in findings["repeated-contact"]["message"]
    assert findings["unclear-contact"]["path"] == "budgets/teams/aa.yaml"


def test_one_that_is_declared_twice_is_an_error_at_its_place(said: Said) -> None:
    write(aa=("ada", "ada"))

    findings = json.loads(said("validate", "--format", "json", code=3))["findings"]

    assert [(item["code"], item["path"]) for item in findings] == [("duplicate-contact", "budgets/teams/aa.yaml")]


def test_a_plan_that_holds_it_is_no_plan_where_nobody_knows_it(said: Said) -> None:
    said("plan", *DAY)
    text = Path("plan.json").read_text().replace("_contact", "_contract")
    Path("plan.json").write_text(text)

    said(*APPLY, code=2)
