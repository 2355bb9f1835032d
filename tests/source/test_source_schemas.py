"""The published schemas: current, closed, explained, and of one opinion with the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from source.test_source_broken_files import CASES
from source.trees import GOOD, ORGANIZATION, SUPPORT
from worlds import object_change

from reconciler.app.schemas import schemas
from reconciler.findings import Finding, Position, Severity
from reconciler.model.change import Allocate
from reconciler.model.drift import DriftItem
from reconciler.model.frozen import Frozen
from reconciler.model.money import Funds
from reconciler.model.organization import OrganizationBudget
from reconciler.model.outcome import Outcome, Run, Status
from reconciler.model.period import Period
from reconciler.model.plan import Plan, Source, Tool
from reconciler.model.plan_finding import FindingsDocument
from reconciler.model.team import TeamBudget
from reconciler.source.documents import shape_of
from reconciler.source.parse import parse
from reconciler.source.schemas import schema_text

pytestmark = pytest.mark.slow

SCHEMAS = Path(__file__).parents[2] / "schemas"
PUBLISHED = {
    "findings.schema.json",
    "forecast.schema.json",
    "merges.schema.json",
    "organization.schema.json",
    "plan.schema.json",
    "policy-input.schema.json",
    "run.schema.json",
    "suggestions.schema.json",
    "team.schema.json",
}
made_once = cache(schemas)


@cache
def exact(name: str) -> Draft7Validator:
    return Draft7Validator(json.loads(schema_text(made_once()[name]), parse_float=Decimal))


def schemas_in(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a schema document."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from schemas_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from schemas_in(value)


def agree(model: type[Frozen], name: str, document: Any) -> bool:
    """Whether the model and the schema both accept, or both refuse; returns what they say."""
    by_model = not shape_of(model, document, fallbacks={}).problems
    with localcontext(prec=1000):
        by_schema = exact(name).is_valid(document)
    assert by_model == by_schema, document
    return by_model


def test_the_committed_schemas_are_current() -> None:
    assert set(schemas()) >= PUBLISHED
    for name, schema in schemas().items():
        assert schema_text(schema) == (SCHEMAS / name).read_text(encoding="utf-8"), f"run kt-budgets schema: {name}"


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_every_schema_is_itself_valid(name: str) -> None:
    Draft7Validator.check_schema(schemas()[name])


@pytest.mark.parametrize("name", ["organization.schema.json", "team.schema.json"])
def test_every_field_of_the_yaml_is_explained(name: str) -> None:
    schema = schemas()[name]
    for part in [schema, *schema["$defs"].values()]:
        if "properties" not in part:
            continue
        assert part["additionalProperties"] is False
        for key, value in part["properties"].items():
            target = schema["$defs"].get(value.get("$ref", "").rsplit("/", 1)[-1], {})
            assert value.get("description", target.get("description", "")).endswith("."), key
            assert value.get("title") or "$ref" in value, key


@pytest.mark.parametrize("name", ["organization.schema.json", "team.schema.json"])
def test_no_schema_of_yaml_speaks_of_null(name: str) -> None:
    assert not any(node.get("type") == "null" for node in schemas_in(schemas()[name]))
    assert all(
        node["additionalProperties"] is False for node in schemas_in(schemas()[name]) if "patternProperties" in node
    )


@pytest.mark.parametrize("name", ["organization.schema.json", "team.schema.json"])
def test_every_default_and_example_is_valid(name: str) -> None:
    schema = schemas()[name]
    for part in schemas_in(schema):
        for value in [*([part["default"]] if "default" in part else []), *part.get("examples", ())]:
            Draft7Validator({**part, "$defs": schema["$defs"]}).validate(value)


def test_the_models_and_the_schemas_accept_the_same_files() -> None:
    assert agree(TeamBudget, "team.schema.json", parse(SUPPORT.encode()).value)
    assert agree(OrganizationBudget, "organization.schema.json", parse(ORGANIZATION.encode()).value)
    for path in sorted((Path(__file__).parents[2] / "budgets").rglob("*.yaml")):
        model = OrganizationBudget if path.name == "org.yaml" else TeamBudget
        name = "organization.schema.json" if path.name == "org.yaml" else "team.schema.json"
        assert agree(model, name, parse(path.read_bytes()).value), path


SEEN_ONLY_IN_THE_LITERAL = {"an amount has three decimals"}
"""12.500 is 12.5 to a schema, and 12,500 to somebody who writes thousands with a point: we ask."""


@pytest.mark.parametrize("case", sorted(CASES.keys() - SEEN_ONLY_IN_THE_LITERAL))
def test_the_model_and_the_schema_judge_a_broken_file_alike(case: str) -> None:
    old, new, _ = CASES[case]
    parsed = parse(SUPPORT.replace(old, new, 1).encode())

    if not parsed.flaws:  # a flaw of the text is refused before anybody judges what it says
        agree(TeamBudget, "team.schema.json", parsed.value)


SCALARS = st.one_of(
    st.sampled_from(
        ["0", "-1", "12500.00", "0.1", "9999999999999.99", "10000000000000", "1", "100", "101", "80.0", "24"]
    ),
    st.sampled_from(
        [
            '"12500.00"',
            '"0.001"',
            '"12500.000"',
            '"1"',
            "true",
            "false",
            "yes",
            "18%",
            "0%",
            "100%",
            "100.5%",
            "-100%",
            "-101%",
            "+5%",
            "18",
        ]
    ),
    st.sampled_from(
        ["2026-06", "2026-13", "0000-01", "prod", "a b", "-x", "[]", "{}", "[80]", "off_peak", "team", '""']
    ),
    st.text(alphabet="abc0189.%-_ ", max_size=6).map(lambda text: f'"{text}"'),
)
PLACES = [
    ("version: 1", "version: {}"),
    ("team: support\n", "team: {}\n"),
    ("name: Support", "name: {}"),
    ("baseline_monthly: 12000.00", "baseline_monthly: {}"),
    ("rate: 18%", "rate: {}"),
    ("from: 2026-06", "from: {}"),
    ("to: 28%", "to: {}"),
    ("lane: off_peak", "lane: {}"),
    ("2026-11: 15000.00", "2026-11: {}"),
    ("2026-11: 15000.00", "{}: 15000.00"),
    ("monthly: 12500.00", "monthly: {}"),
    ("[80, 100]", "{}"),
    ("[80, 100]", "[{}]"),
    ("hard_limit: false", "hard_limit: {}"),
    ("environment: dev", "environment: {}"),
    ("environment: dev", "scope: {{type: {}, id: a}}"),
    ("environment: dev", "period: {}"),
    ("wallets:", "plan2: {}\nwallets:"),
    ("planned_demand:", "fallback: {{share: 3%, price_ratio: {}}}\n  planned_demand:"),
    ("planned_demand:", "fallback: {{share: {}, price_ratio: 1.9}}\n  planned_demand:"),
]


@example(place=("2026-11: 15000.00", "{}: 15000.00"), literal='"000"')
@given(place=st.sampled_from(PLACES), literal=SCALARS)
def test_the_model_and_the_schema_judge_any_scalar_alike(place: tuple[str, str], literal: str) -> None:
    old, new = place
    parsed = parse(SUPPORT.replace(old, new.format(literal), 1).encode())

    if not parsed.flaws and isinstance(parsed.value, dict):
        agree(TeamBudget, "team.schema.json", parsed.value)


ORGANIZATION_PLACES = [
    ("currency: USD", "currency: {}"),
    ("starts: 2026-06", "starts: {}"),
    ("annual_target: 700000.00", "annual_target: {}"),
    ("[prod, dev]", "{}"),
    ("[prod, dev]", "[{}]"),
    ("currency: USD", "currency: USD\nforecast: {{interval: {}}}"),
    ("currency: USD", "currency: USD\nforecast: {{horizon_months: {}}}"),
    ("currency: USD", "currency: USD\nforecast: {{resilience_margin: {}}}"),
    ("currency: USD", "currency: USD\nunused: {}"),
    ("currency: USD", "currency: USD\nusage: {{columns: {{cost: {}}}}}"),
    ("currency: USD", "currency: USD\napi: {{billing_budgets_path: {}}}"),
    (
        "currency: USD",
        'currency: USD\nexport_schedules: [{{name: a, cron: "* * * * *", window: {}, s3: {{bucket: b}}}}]',
    ),
]


@given(place=st.sampled_from(ORGANIZATION_PLACES), literal=SCALARS)
def test_the_organizations_model_and_schema_judge_any_scalar_alike(place: tuple[str, str], literal: str) -> None:
    old, new = place
    parsed = parse(ORGANIZATION.replace(old, new.format(literal), 1).encode())

    if not parsed.flaws and isinstance(parsed.value, dict):
        agree(OrganizationBudget, "organization.schema.json", parsed.value)


AMOUNTS = [*range(0, 20_000, 7), *(10**power + cent for power in range(2, 15) for cent in (0, 1, 29, 57, 58, 99))]


def test_every_amount_in_cents_is_right_for_validators_that_count_in_floats() -> None:
    schema = schemas()["team.schema.json"]
    node = {**schema["$defs"]["WalletTarget"]["properties"]["monthly"], "$defs": schema["$defs"]}
    validator = Draft7Validator(node)
    for cents in AMOUNTS:
        written = f"{Decimal(cents) / 100:.2f}"
        assert validator.is_valid(json.loads(written)), written
        assert validator.is_valid(written), written
        assert not validator.is_valid(f"{written}1"), written
    assert not any("multipleOf" in part for document in schemas().values() for part in schemas_in(document))


def test_the_model_alone_refuses_a_plain_number_with_three_decimals() -> None:
    parsed = parse(SUPPORT.replace("monthly: 12500.00", "monthly: 12500.001", 1).encode())
    assert shape_of(TeamBudget, parsed.value, fallbacks={}).problems
    assert exact("team.schema.json").is_valid(parsed.value)


def test_a_field_cannot_be_written_by_the_name_it_has_in_python() -> None:
    text = SUPPORT.replace("rate: 18%, from:", "rate: 18%, starts:")

    assert not agree(TeamBudget, "team.schema.json", parse(text.encode()).value)


def test_what_validate_prints_fits_its_schema() -> None:
    finding = Finding(Position("budgets/org.yaml", 1, 1), "empty-file", Severity.ERROR, "the file is empty", "fill it")

    exact("findings.schema.json").validate(json.loads(FindingsDocument.of([finding]).text()))
    assert not exact("findings.schema.json").is_valid({"format": "kt-budgets.findings/2", "findings": []})


def test_the_example_files_name_their_schema_for_editors() -> None:
    for path in sorted((Path(__file__).parents[2] / "budgets").rglob("*.yaml")):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        target = first.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / target).resolve().is_file(), path
    assert GOOD.is_dir()


def test_plans_and_runs_fit_their_schemas() -> None:
    plan = Plan(
        tool=Tool(version="1.0"),
        organization="org_acme",
        currency="USD",
        period=Period(2026, 6),
        as_of=date(2026, 6, 18),
        source=Source(commit=None, dirty=None, tree_digest="sha256:0"),
        changes=(
            Allocate(
                team="support",
                environment="prod",
                wallet="team_support",
                amount=Decimal(1),
                currency="USD",
                target=Decimal(3),
                funded_before=Decimal(2),
                funded_after=Decimal(3),
                op="2026-06-0",
            ),
            object_change("create_export_schedule", key="weekly", after={"name": "weekly", "s3": {"bucket": "b"}}),
        ),
        fingerprints={"support": "sha256:0"},
        funds=Funds(available=None, after=None, allocated=Decimal(1), reclaimed=Decimal(0)),
        drift=(DriftItem.model_validate({"class": "missing", "team": "support"}),),
    )
    outcome = Outcome(op="2026-06-0", kind="allocate", team="support", status=Status.APPLIED)
    run = Run(run="1", outcomes=(outcome,), converged=True)

    document = json.loads(plan.text())
    exact("plan.schema.json").validate(document)
    exact("run.schema.json").validate(run.model_dump(mode="json"))

    document["changes"][0]["amount"] = 1.0
    assert not exact("plan.schema.json").is_valid(document)


def test_a_choice_that_is_an_enumeration_is_corrected_too() -> None:
    text = "waivers:\n  - {guard: total-movd, until: 2026-07-31, reason: a, approved_by: b}\n"
    problems = shape_of(OrganizationBudget, parse((ORGANIZATION + text).encode()).value, fallbacks={}).problems

    assert [(problem.code, problem.hint) for problem in problems] == [("invalid-choice", "did you mean `total-moved`?")]
