"""`kt-budgets policy test`: the fixtures beside the rules, and which rules they reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.app.planning.saved import load_plan
from reconciler.findings import BudgetsError, ExitCode, Finding, FindingsError, UsageError
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.rule_fixture import Expected, FixtureFile, RuleFixture
from reconciler.model.rule_verdicts import FixtureResult, PolicyTests
from reconciler.policy.facts import facts_of
from reconciler.policy.fixtures import FixtureError, asked_of, known_of, verdict_of
from reconciler.policy.organization_rules import organization_rules
from reconciler.policy.rule import results
from reconciler.policy.rule_set import LoadedRule, loaded
from reconciler.report.renderers import Statement
from reconciler.report.spans import visible
from reconciler.source.documents import YamlDocument, read_document
from reconciler.source.tree import FIXTURES, LARGEST, POLICIES, SourceFile

Said = Mapping[str, tuple[Expected, str]]


def tested(budgets: Path, organization: OrganizationBudget) -> Statement:
    """Return what the fixtures beside the rules of `budgets` come to; exit code 3 where one says otherwise than rules.

    Raises:
        FindingsError: a file of fixtures, has errors.
        UsageError: there are no fixtures.
    """
    rules = loaded(organization)
    outcomes: dict[str, set[str]] = {rule.setting.name: set() for rule in rules}
    fixtures = tuple(
        _result(document, fixture, organization, rules, outcomes)
        for document, file in _files(budgets)
        for fixture in file.tests
    )
    found = PolicyTests(
        fixtures=fixtures,
        rules=len(rules),
        never_passed=tuple(name for name, said in outcomes.items() if "passes" not in said),
        never_failed=tuple(name for name, said in outcomes.items() if not said - {"passes"}),
    )
    is_right = all(one.passed for one in fixtures)
    return Statement(found, "\n".join(_lines(found)), ExitCode.DONE if is_right else ExitCode.FINDINGS)


def _files(budgets: Path) -> Iterator[tuple[YamlDocument[FixtureFile], FixtureFile]]:
    folder = budgets / POLICIES
    paths = sorted(folder.glob(f"*{FIXTURES}"))
    if not paths:
        raise UsageError(f"there are no fixtures in {folder}", hint=f"write them into {folder}/NAME{FIXTURES}")
    wrong: list[Finding] = []
    found = []
    for path in paths:
        if not path.is_file():
            raise UsageError(f"{path} is no file", hint="put the file itself here")
        file = SourceFile(str(path), f"{POLICIES}/{path.name}", path.read_bytes()[: LARGEST + 1])
        document = read_document(file, FixtureFile, fallbacks={"version": 1})
        findings = [finding for finding, _ in document.findings(())]
        wrong += findings
        if not findings and document.shape.model is not None:
            found.append((document, document.shape.model))
    if wrong:
        raise FindingsError(wrong)
    yield from found


def _result(
    document: YamlDocument[FixtureFile],
    fixture: RuleFixture,
    organization: OrganizationBudget,
    rules: tuple[LoadedRule, ...],
    outcomes: dict[str, set[str]],
) -> FixtureResult:
    """Return what a fixture comes to, and note in `outcomes` what rules said of it."""
    name = document.file.relative.removesuffix(FIXTURES)
    own = tuple(rule for rule in rules if rule.set_name.removesuffix(".yaml") == name)
    try:
        said = (
            _of_plan(document, fixture, organization, own)
            if fixture.plan_file
            else _of_facts(fixture, _fiscal_year(document, organization), own)
        )
    except (FixtureError, BudgetsError) as error:
        return FixtureResult(file=document.path, name=fixture.name, passed=False, message=str(error))
    for rule, (verdict, _) in said.items():
        outcomes[rule].add(verdict)
    wrong = "; ".join(_wrong(fixture, said, {rule.setting.name for rule in own}))
    return FixtureResult(file=document.path, name=fixture.name, passed=not wrong, message=wrong)


def _fiscal_year(document: YamlDocument[FixtureFile], organization: OrganizationBudget) -> Period:
    own = document.shape.model.fiscal_year if document.shape.model else None
    return own or organization.fiscal_year.starts


def _of_facts(fixture: RuleFixture, fiscal_year: Period, own: tuple[LoadedRule, ...]) -> Said:
    known = known_of(fixture, fiscal_year)
    return {rule.setting.name: verdict_of(rule, known) for rule in own if asked_of(fixture, rule)}


def _of_plan(
    document: YamlDocument[FixtureFile],
    fixture: RuleFixture,
    organization: OrganizationBudget,
    own: tuple[LoadedRule, ...],
) -> Said:
    plan = load_plan(Path(document.path).parent / str(fixture.plan_file))
    day = fixture.today or plan.as_of
    found = results(organization_rules(organization, day=day), facts_of(plan), (), as_of=day)
    names = {rule.setting.name for rule in own}
    said: dict[str, tuple[Expected, str]] = dict.fromkeys(names, ("passes", ""))
    for one in found:
        if one.guard in names and one.status in ("refused", "warned", "asks"):
            said[one.guard] = (one.status, one.message)
    return said


def _wrong(fixture: RuleFixture, said: Said, names: set[str]) -> Iterator[str]:
    for rule, expected in fixture.expect.items():
        if rule not in names:
            yield f"there is no rule `{rule}` beside these fixtures"
        elif rule not in said:
            yield f"{rule}: nothing is given that it is asked of"
        elif said[rule][0] != expected:
            verdict, why = said[rule]
            yield f"{rule}: {verdict}{f', {why}' if why else ''}; expected: {expected}"
    for rule, (verdict, why) in said.items():
        if rule not in fixture.expect and verdict != "passes" and not why:
            yield f"{rule}: {verdict}, which is not expected"


def _lines(found: PolicyTests) -> Iterator[str]:
    for one in found.fixtures:
        if not one.passed:
            yield f"{visible(one.file, 160)}: {visible(one.name, 200)}: {visible(one.message, 480)}"
    failed = sum(not one.passed for one in found.fixtures)
    for words, names in (("pass", found.never_passed), ("refuse, warn or ask", found.never_failed)):
        if names:
            yield f"in no fixture {words}: {', '.join(names)}"
    reached = found.rules - len({*found.never_passed, *found.never_failed})
    yield f"{len(found.fixtures)} fixtures, {failed} failed; {reached} of {found.rules} rules are seen both ways"
