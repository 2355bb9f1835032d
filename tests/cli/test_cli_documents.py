"""Every `--format json` of every command is one document of a published schema, whatever came of the command.

All runners of the tests judge what is printed in JSON (`published.judge_printed`); here each command is taken through
each of its outcomes. Those of `pr` are in `tests/forge/test_forge_documents.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from cli.conftest import Result
from cli.journal_desk import AS_OF, Desk
from cli.test_cli_evidence import keep
from published import SCHEMAS, document_of, judge

from reconciler.app.schemas import DOCUMENTS
from reconciler.cli.main import cli
from reconciler.report.renderers import RENDERERS, formats, render

BUDGETS = Path(__file__).parents[2] / "budgets"
JSON = ("--format", "json")
DAY = ("--as-of", "2026-06-18")
APPLY = ("apply", *AS_OF, "--plan", "plan.json", "--settle", "0", *JSON)
WHAT_IF = ("--wallet", "alpha/prod=600", "--growth", "alpha=+5%")
OWN_RULE = """\
version: 1
rules: [{name: own, level: deny, owner: o, reason: r, assert: change.amount > 0, message: "{change.amount}"}]
"""
USAGE = ("--usage", "../history.csv", *AS_OF, *JSON)


class Case(NamedTuple):
    """What a command prints, and exits with, in a world that `run` makes."""

    command: str
    outcome: str
    document: str
    code: int
    run: Callable[[Desk], Result]


def history(desk: Desk) -> None:
    """Write fourteen months of spend."""
    days = (date(2025, 4, 15) + timedelta(days=number) for number in range(429))
    rows = [
        f"e{number},{day}T12:00:00Z,t-alpha,openai,gpt-4o,{10 + number % 5}.25\n" for number, day in enumerate(days)
    ]
    text = "id,timestamp,team_id,provider,model,cost\n" + "".join(rows)
    (desk.clone.parent / "history.csv").write_text(text, encoding="utf-8")


def planned(desk: Desk, *arguments: str) -> Result:
    return desk.plan(*JSON, *arguments)


def plan_of_broken_files(desk: Desk) -> Result:
    desk.write("5 dollars")
    return planned(desk)


def calendar_of_broken_files(desk: Desk) -> Result:
    desk.write("5 dollars")
    return desk.kt("calendar", *DAY, *JSON)


def plan_of_nothing(desk: Desk) -> Result:
    assert desk.applied().code == 0
    return planned(desk)


def plan_with_drift(desk: Desk) -> Result:
    by_hand(desk)
    return planned(desk)


def by_hand(desk: Desk) -> None:
    assert desk.applied().code == 0
    desk.world.enter("t-alpha", "allocate", Decimal(7))


def validated(desk: Desk) -> Result:
    desk.chdir(desk.clone)
    return desk.kt("validate", *JSON)


def validated_broken(desk: Desk) -> Result:
    desk.write("5 dollars")
    return validated(desk)


def shown(desk: Desk) -> Result:
    assert desk.plan().code == 0
    return desk.kt("show", "plan.json", *JSON)


def shown_edited(desk: Desk) -> Result:
    assert desk.plan().code == 0
    file = desk.clone / "plan.json"
    file.write_text(file.read_text().replace('"amount": "500.00"', '"amount": "501.00"'))
    return desk.kt("show", "plan.json", *JSON)


def applied(desk: Desk) -> Result:
    assert desk.plan().code == 0
    return desk.kt(*APPLY)


def applied_twice(desk: Desk) -> Result:
    assert applied(desk).code == 0
    return desk.kt(*APPLY)


def applied_stale(desk: Desk) -> Result:
    assert desk.plan().code == 0
    desk.world.enter("t-alpha", "allocate", Decimal(7))
    return desk.kt(*APPLY)


def applied_unknown(desk: Desk) -> Result:
    assert desk.plan().code == 0
    desk.world.habits.failures = 1
    return desk.kt(*APPLY)


def applied_refused(desk: Desk) -> Result:
    desk.write("500", org="guards: {total_moved: 100.00}\n")
    assert desk.plan().code == 4
    return desk.kt(*APPLY)


def applied_partly(desk: Desk) -> Result:
    """Apply an amount and an alert, of which the second is not allowed."""
    team = desk.clone / "budgets" / "teams" / "alpha.yaml"
    alert = "billing_budgets:\n  - {name: alert, amount: AMOUNT, alert_percentages: [80], environment: prod}\n"
    team.write_text(team.read_text() + alert.replace("AMOUNT", "500"))
    assert desk.applied().code == 0
    (known,) = desk.world.budgets
    team.write_text(team.read_text().replace("500", "600"))
    assert desk.plan().code == 0
    desk.world.habits.forbidden_path = f"/v1/billing/budgets/{known}"
    return desk.kt(*APPLY)


def opened(desk: Desk, *options: str) -> Result:
    return desk.kt("apply", "--period", "2026-06", *AS_OF, "--settle", "0", *JSON, *options)


def opened_after_the_first(desk: Desk, *options: str) -> Result:
    assert desk.applied().code == 0
    return opened(desk, *options)


def resumed(desk: Desk, *options: str) -> Result:
    return desk.kt("resume", *AS_OF, "--settle", "0", *JSON, *options)


def resumed_unknown(desk: Desk) -> Result:
    assert applied_unknown(desk).code == 8
    return resumed(desk)


def adopted(desk: Desk) -> Result:
    desk.world.enter("t-alpha", "allocate", Decimal(500))
    return desk.kt("adopt", *AS_OF, *JSON)


def released(desk: Desk) -> Result:
    assert adopted(desk).code == 0
    return desk.kt("release", "alpha", *AS_OF, *JSON)


def drifted(desk: Desk) -> Result:
    return desk.kt("drift", *AS_OF, *JSON)


def drifted_by_hand(desk: Desk) -> Result:
    by_hand(desk)
    return drifted(desk)


def drifted_unread(desk: Desk) -> Result:
    assert applied_unknown(desk).code == 8
    desk.world.habits.forbidden_path = "/v1/wallets"
    return drifted(desk)


def with_history(*arguments: str) -> Callable[[Desk], Result]:
    def run(desk: Desk) -> Result:
        desk.chdir(desk.clone)
        history(desk)
        return desk.kt(*arguments, *USAGE)

    return run


def without_usage(*arguments: str) -> Callable[[Desk], Result]:
    def run(desk: Desk) -> Result:
        desk.chdir(desk.clone)
        return desk.kt(*arguments, "--usage", "../usage.csv", *AS_OF, *JSON)

    return run


def audited(desk: Desk, *options: str) -> Result:
    return desk.kt("audit", *AS_OF, *JSON, *options)


def audited_against_the_ledger(desk: Desk) -> Result:
    by_hand(desk)
    desk.world.misstate("t-alpha", "501")
    return audited(desk, "--verify")


def audited_after_an_edit(desk: Desk) -> Result:
    assert desk.applied().code == 0
    journal = desk.clone / ".kt-budgets" / "journal"
    journal.write_text(journal.read_text().replace("500.00", "501.00"))
    return audited(desk)


def examined(desk: Desk) -> Result:
    return desk.kt("doctor", "--usage", "../usage.csv", *AS_OF, *JSON)


def examined_with_an_old_token(desk: Desk) -> Result:
    (desk.clone.parent / "token").write_text("old-token\n", encoding="utf-8")
    return desk.kt("doctor", "--usage", "../usage.csv", "--token-file", "../token", *AS_OF, *JSON)


def on_the_example(*arguments: str) -> Callable[[Desk], Result]:
    return lambda desk: desk.kt(*arguments, "--sandbox", "--budgets", BUDGETS, *DAY, *JSON)


def on_a_plan(*arguments: str) -> Callable[[Desk], Result]:
    def run(desk: Desk) -> Result:
        folder = desk.clone / "budgets" / "policies"
        folder.mkdir()
        (folder / "own.yaml").write_text(OWN_RULE, encoding="utf-8")
        fixture = "{name: a, change: {kind: allocate, amount: 1.00}, expect: {own: passes}}"
        (folder / "own.test.yaml").write_text(f"version: 1\ntests: [{fixture}]\n", encoding="utf-8")
        assert planned(desk).code == 0
        return desk.kt("policy", *arguments, *JSON)

    return run


def announced(desk: Desk) -> Result:
    assert desk.plan().code == 0
    (desk.clone / "hook").write_text("https://chat.example/x", encoding="utf-8")
    return desk.kt("notify", "plan.json", "--to", "file:hook", "--dry-run", *JSON)


def packed(desk: Desk) -> Result:
    keep(desk.clone / ".kt-budgets" / "evidence")
    return desk.kt("evidence", "packet", "--output", "one.zip", *AS_OF, *JSON)


def verified(desk: Desk) -> Result:
    assert packed(desk).code == 0
    return desk.kt("evidence", "verify", "one.zip", *JSON)


CASES = (
    Case("validate", "no findings", "findings", 0, validated),
    Case("validate", "findings", "findings", 3, validated_broken),
    Case("validate", "a refusal", "error", 2, lambda desk: desk.kt("validate", *JSON, "--nonsense")),
    Case("calendar", "what changes", "calendar", 0, lambda desk: desk.kt("calendar", *DAY, *JSON)),
    Case("calendar", "findings", "error", 3, calendar_of_broken_files),
    Case("plan", "changes", "plan", 0, planned),
    Case("plan", "nothing to change", "plan", 0, plan_of_nothing),
    Case("plan", "drift", "plan", 0, plan_with_drift),
    Case("plan", "findings", "error", 3, plan_of_broken_files),
    Case("plan", "a refusal", "error", 2, lambda desk: desk.kt("plan", *AS_OF, "--since", "nowhere", *JSON)),
    Case("show", "a plan", "plan", 0, shown),
    Case("show", "an edited plan", "error", 5, shown_edited),
    Case("show", "no plan", "error", 2, lambda desk: desk.kt("show", "nowhere.json", *JSON)),
    Case("policy", "rules that ship", "policy-library", 0, lambda desk: desk.kt("policy", "library", *JSON)),
    Case("policy", "a refusal", "error", 2, lambda desk: desk.kt("policy", "library", "nothing", *JSON)),
    Case("policy", "no rule refuses", "policy-check", 0, on_a_plan("check")),
    Case("policy", "what rules read", "rule-facts", 0, on_a_plan("facts")),
    Case("policy", "why", "policy-explained", 0, on_a_plan("explain", "own")),
    Case("policy", "rules on past plans", "policy-trial", 0, on_a_plan("check", "--from", ".")),
    Case("policy", "fixtures", "policy-tests", 0, on_a_plan("test")),
    Case("apply", "applied", "run", 0, applied),
    Case("apply", "nothing to do", "run", 0, applied_twice),
    Case("apply", "stale", "run", 5, applied_stale),
    Case("apply", "unknown", "run", 8, applied_unknown),
    Case("apply", "partly applied", "run", 7, applied_partly),
    Case("apply", "a refusal", "error", 4, applied_refused),
    Case("apply", "a month", "run", 0, opened),
    Case("apply", "a month that is open", "run", 0, lambda desk: opened_after_the_first(desk, "--once")),
    Case("apply", "a dry run", "plan", 10, lambda desk: opened(desk, "--dry-run")),
    Case("resume", "nothing to do", "run", 0, resumed),
    Case("resume", "unknown", "run", 8, resumed_unknown),
    Case("resume", "a refusal", "error", 2, lambda desk: resumed(desk, "--accept", "2026-06-nothing")),
    Case("init", "started", "init", 0, lambda desk: desk.kt("init", *AS_OF, *JSON, "--currency", "USD")),
    Case("init", "a refusal", "error", 2, lambda desk: desk.kt("init", *AS_OF, *JSON, "--budgets", ".")),
    Case("adopt", "adopted", "adoption", 0, adopted),
    Case("adopt", "something differs", "error", 4, lambda desk: desk.kt("adopt", *AS_OF, *JSON)),
    Case("release", "released", "release", 0, released),
    Case("release", "a refusal", "error", 2, lambda desk: desk.kt("release", "nobody", *AS_OF, *JSON)),
    Case("drift", "none", "drift", 0, drifted),
    Case("drift", "by hand", "drift", 11, drifted_by_hand),
    Case("drift", "Keeptrusts is not read", "error", 9, drifted_unread),
    Case("import", "nothing to add", "import", 0, lambda desk: desk.applied() and desk.kt("import", *AS_OF, *JSON)),
    Case("import", "a plan with changes", "import", 10, lambda desk: desk.kt("import", *AS_OF, *JSON)),
    Case("import", "no map", "error", 2, lambda desk: desk.kt("import", *AS_OF, "--map", "nowhere.yaml", *JSON)),
    Case("forecast", "a forecast", "forecast", 0, with_history("forecast")),
    Case("forecast", "no usage", "forecast", 0, without_usage("forecast")),
    Case("forecast", "a refusal", "error", 2, with_history("forecast", "--wallet", "nobody")),
    Case("whatif", "both sides", "whatif", 0, with_history("whatif", *WHAT_IF)),
    Case("whatif", "no usage", "whatif", 0, without_usage("whatif", "--wallet", "alpha/prod=600")),
    Case("whatif", "a refusal", "error", 2, with_history("whatif")),
    Case("recommend", "advice", "recommend", 0, with_history("recommend")),
    Case("recommend", "written", "recommend", 0, with_history("recommend", "--write")),
    Case("recommend", "no usage", "recommend", 0, without_usage("recommend")),
    Case("recommend", "a refusal", "error", 2, with_history("recommend", "--probability", "often")),
    Case("backtest", "scores", "backtest", 0, with_history("backtest", "--months", "2")),
    Case("backtest", "no usage", "backtest", 0, without_usage("backtest")),
    Case("backtest", "the log", "calibration", 0, with_history("backtest", "--logged")),
    Case("backtest", "a refusal", "error", 2, with_history("backtest", "--wallet", "nobody")),
    Case("notify", "a dry run", "notified", 0, announced),
    Case("notify", "a refusal", "error", 2, lambda desk: desk.kt("notify", "nowhere.json", "--to", "env:HOOK", *JSON)),
    Case("review", "what failed", "review", 0, with_history("review")),
    Case("review", "no usage", "error", 2, without_usage("review")),
    Case("review", "a refusal", "error", 2, with_history("review", "--period", "soon")),
    Case("year", "the planning table", "year", 0, with_history("year")),
    Case("year", "no usage", "year", 0, without_usage("year")),
    Case("year", "a refusal", "error", 2, with_history("year", "--since", "nowhere")),
    Case("spend", "three surfaces", "spend", 0, on_the_example("spend")),
    Case("spend", "a refusal", "error", 2, lambda desk: desk.kt("spend", *JSON, "--nonsense")),
    Case("evidence pull", "kept", "exports", 0, on_the_example("evidence", "pull")),
    Case("evidence packet", "made", "packet", 0, packed),
    Case("evidence packet", "no exports", "error", 2, lambda desk: desk.kt("evidence", "packet", *AS_OF, *JSON)),
    Case("evidence verify", "as it was made", "evidence-check", 0, verified),
    Case("evidence verify", "no packet", "error", 2, lambda desk: desk.kt("evidence", "verify", "nowhere.zip", *JSON)),
    Case("doctor", "a file of usage", "doctor", 0, examined),
    Case("doctor", "a token that is refused", "doctor", 9, examined_with_an_old_token),
    Case("doctor", "a refusal", "error", 2, lambda desk: desk.kt("doctor", *JSON, "--nonsense")),
    Case("audit", "no journal", "audit", 0, audited),
    Case("audit", "a trail", "audit", 0, lambda desk: desk.applied() and audited(desk)),
    Case("audit", "the ledger disagrees", "audit", 11, audited_against_the_ledger),
    Case("audit", "an edited journal", "error", 4, audited_after_an_edit),
)  # fmt: skip


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[pytest.mark.slow] if case.command == "evidence pull" else []) for case in CASES],
    ids=lambda case: f"{case.command}, {case.outcome}".replace(" ", "-"),
)
def test_what_a_command_prints_in_json_is_a_document_of_its_published_schema(case: Case, desk: Desk) -> None:
    desk.chdir(desk.clone)
    done = case.run(desk)
    assert done.code == case.code, done.out + done.err
    document = document_of(done.out)
    assert document["format"] == f"kt-budgets.{case.document}/1"
    if case.document == "error":
        assert document["exit_code"] == done.code
        assert document["error"] in done.err


def with_json(command: click.Command = cli, *names: str) -> Iterator[str]:
    """Yield every command that offers JSON, by what it is called after `kt-budgets`."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from with_json(found, *names, name)
    for option in command.params:
        if option.name == "format_" and isinstance(option.type, click.Choice) and "json" in option.type.choices:
            yield " ".join(names)


def test_no_command_with_json_is_left_out() -> None:
    offered = set(with_json())
    printed = {name.partition(" --")[0] for kind in DOCUMENTS for name in kind.commands}
    assert offered <= printed
    assert {name for name in offered if not name.startswith("pr ")} == {case.command for case in CASES}
    assert {case.document for case in CASES} == {
        kind.name()
        for kind in DOCUMENTS
        if kind.commands and not any(name.startswith("pr ") or name.endswith("--suggestions") for name in kind.commands)
    }


def test_every_document_has_a_renderer_for_programs_and_each_renderer_is_there() -> None:
    named = {kind.name() for kind in DOCUMENTS if kind.commands} - {"suggestions"}
    assert {document for document, _ in RENDERERS} == named
    assert all("json" in formats(document) for document in named)
    for (document, format_), where in RENDERERS.items():
        module, _, function = where.partition(":")
        renderer = getattr(__import__(f"reconciler.report.{module}", fromlist=[function]), function)
        assert callable(renderer), (document, format_)
    with pytest.raises(KeyError):
        render("run", "csv", None)


@pytest.mark.parametrize("kind", DOCUMENTS, ids=lambda kind: kind.name())
def test_a_document_with_a_key_that_was_not_declared_is_no_document(kind: Any) -> None:
    assert judge(f"kt-budgets.{kind.name()}/1").is_valid({"format": f"kt-budgets.{kind.name()}/1", "more": 1}) is False
    schema = json.loads((SCHEMAS / f"{kind.name()}.schema.json").read_text())
    for node in (schema, *schema.get("$defs", {}).values()):
        if "properties" in node:
            assert node["additionalProperties"] is False


def explained(node: Any, at: str) -> Iterator[str]:
    """Yield where a field is without a description, or a number or amount without its unit."""
    for name, field in node.get("properties", {}).items():
        if not field.get("description", "").endswith("."):
            yield f"{at}.{name}"
    for name, part in node.get("$defs", {}).items():
        yield from explained(part, name)


@pytest.mark.parametrize("kind", DOCUMENTS, ids=lambda kind: kind.name())
def test_every_field_of_a_document_is_explained(kind: Any) -> None:
    schema = json.loads((SCHEMAS / f"{kind.name()}.schema.json").read_text())
    assert list(explained(schema, kind.name())) == []
    assert "format" in schema["required"]


def test_a_name_that_is_not_unicode_ends_in_a_document_all_the_same(desk: Desk) -> None:
    desk.chdir(desk.clone)
    done = desk.kt("show", b"\xff.json".decode("utf-8", "surrogateescape"), *JSON)
    assert done.code == 2
    assert "?.json" in document_of(done.out)["error"]


def test_a_page_names_each_schema_and_what_prints_it() -> None:
    readme = (SCHEMAS.parent / "docs" / "how-to" / "programs.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `schemas/([a-z-]+)\.schema\.json` \| (.+?) \|", readme, re.MULTILINE))
    documents = {kind.name(): kind for kind in DOCUMENTS}
    assert rows.keys() == documents.keys()
    for name, kind in documents.items():
        assert all(f"`{command}`" in rows[name] for command in kind.commands if command != "every command"), name
