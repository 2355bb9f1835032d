"""Rules are read with the budgets: whatever is wrong with one is a finding, to the column; nothing half is judged."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from time import monotonic

import pytest
from source.trees import ORGANIZATION, SUPPORT, write_tree

from reconciler.app.budget_files import BudgetFiles, changed_files
from reconciler.findings import Severity
from reconciler.model.landing import ORGANIZATION as GENERAL
from reconciler.source.load import load, load_files

HEAD = "version: 1\nrules:\n"
RULE = """\
  - name: {name}
    level: deny
    owner: "@acme/finance"
    reason: because
    assert: {asserts}
    message: {message}
"""


def text(asserts: str = "change.is_raise", message: str = "no", name: str = "own", more: str = "") -> str:
    return HEAD + RULE.format(asserts=asserts, message=message, name=name) + more


def findings(rules: str, **other: str) -> list[str]:
    files = {"org.yaml": ORGANIZATION, "teams/support.yaml": SUPPORT, "policies/own.yaml": rules, **other}
    loaded = load_files("budgets", {path: content.encode() for path, content in files.items()})
    assert (loaded.desired is None) == any(one.is_error for one in loaded.findings)
    return [f"{one.position}: {one.code}: {one.message}" for one in loaded.findings if "/policies/" in str(one.where)]


def test_rules_of_files_and_of_org_yaml_are_the_organization_s() -> None:
    there = "[{name: there, level: deny, owner: o, reason: r, assert: 'true', message: m}]"
    own = f"policies: {{here: {{rules: {there}}}}}\n"
    files = {"org.yaml": ORGANIZATION + own, "teams/support.yaml": SUPPORT, "policies/own.yaml": text()}
    loaded = load_files("budgets", {path: content.encode() for path, content in files.items()})
    assert loaded.desired is not None, loaded.findings
    sets = loaded.desired.organization.policies
    assert {name: [rule.name for rule in one.rules] for name, one in sets.items()} == {
        "here": ["there"],
        "policies/own.yaml": ["own"],
    }


@pytest.mark.parametrize(
    ("asserts", "place", "message"),
    [
        ("change.amout > 1", "7:13", "`change.amout` is nothing that this rule can read"),
        ("'true && change.amout > 1'", "7:22", "`change.amout` is nothing that this rule can read"),
        ('"true && change.team > 1"', "7:34", "`>` does not take a text and a number"),
        (">-\n      true &&\n      change.teem == ''", "9:7", "`change.teem` is nothing that this rule can read"),
        ("true &&\n      change.teem == 'a'", "8:7", "`change.teem` is nothing that this rule can read"),
        ("change.amount > 1.5", "7:29", "a number with decimals is not exact"),
        ("change.amount > 0.5e3", "7:29", "a number with decimals is not exact"),
        ("change.amount == 1u", "7:30", "a number is written without `u`"),
        ("change.amount == null", "7:30", "nothing is `null`"),
        ("change.team == b'x'", "7:28", "bytes are in no plan"),
        ("change.amount", "7:13", "this is a value of type int, not something that is true or false"),
        ("usd('1.234') > 0", "7:17", "`1.234` is no amount"),
        ("percent('20') > 0", "7:21", "`20` is no percentage"),
        ("today.date > date('2026-02-30')", "7:31", "`2026-02-30` is no day"),
        ("eur('1.00') > 0", "7:13", "`eur` is nothing that this rule can read"),
        ("change.team in ['a', 1]", "7:28", "the values of this list are of several types"),
        ("plan.teams.all(t, t in [t])", "7:36", "a list holds names and values"),
        ("dyn(change.team) == 1", "7:13", "`dyn` is nothing that this rule can read"),
        ("has(change.team)", "7:13", "`has` is nothing that this rule can read"),
        ("change.team.matches('(a+)+')", "7:25", "`matches` is nothing that this rule can read"),
        ('\'{"a": 1}["a"] == 1\'', "7:14", "nothing is made in a rule"),
        ("change.amount >", "7:28", "the expression ends too early"),
        ("é == 'e'", "7:13", "`é == 'e'` is not allowed"),
        ("chаnge.is_raise", "7:13", "`chаnge.is_raise` is not allowed"),
        ('"true\\u202e"', "7:13", "this text holds"),
        (f"{'(' * 40}true{')' * 40}", "7:13", "it is not CEL that can be judged: Expression recursion limit"),
        ("true" + " && true" * 150, "7:13", ""),
        ("params.most > 1", "7:13", "`params.most` is nothing that this rule can read"),
        ("wallet.spent", "7:13", "this is a value of type int"),
        ("alert.hard_limit", "7:13", "`alert.hard_limit` is nothing that this rule can read"),
    ],
)
def test_what_is_wrong_with_an_expression_is_said_to_the_column(asserts: str, place: str, message: str) -> None:
    said = findings(text(asserts))
    assert said
    assert said[0].startswith(f"budgets/policies/own.yaml:{place}: ")
    assert message in said[0]


@pytest.mark.parametrize(
    ("message", "place", "said"),
    [
        ('"{change.amout}"', "8:15", "`change.amout` is nothing that this message can tell"),
        ('"a {change.amount} b {"', "8:35", "this brace stands alone"),
        ("a } b", "8:16", "this brace stands alone"),
        ('"{change.__class__}"', "8:15", "`change.__class__` is nothing that this message can tell"),
        ('"{plan.teams[0]}"', "8:15", "`plan.teams[0]` is nothing that this message can tell"),
    ],
)
def test_a_message_tells_names_and_nothing_else(message: str, place: str, said: str) -> None:
    (found,) = findings(text(message=message))
    assert found.startswith(f"budgets/policies/own.yaml:{place}: rule-message: {said}")


def test_after_a_rule_that_is_damaged_the_places_of_the_others_are_right() -> None:
    rules = text(name="own", more=RULE.format(asserts="change.x", message="no", name="two")).replace("deny", "den", 1)
    places = [one.split(": ")[0].removeprefix("budgets/policies/own.yaml:") for one in findings(rules)]
    assert places == ["4:12", "13:13"]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (text(more="parameters: {a: 12.50}\n"), "9:17: invalid-parameter: `12.50` is no parameter"),
        (text(more="parameters: {a: USD 1.234}\n"), "9:17: invalid-amount: "),
        (text(more="parameters: {a: EUR 1.00}\n"), "9:17: rule-currency: `EUR 1.00` is not in the organization's"),
        (text(more="parameters: {a: 2026-02-30}\n"), "9:17: invalid-day: "),
        (text(more="parameters: {A: 1}\n"), "9:14: "),
        (text(more=RULE.format(asserts="change.is_cut", message="no", name="OWN")), "9:11: duplicate-rule: the rule"),
        (text(more="    until: 2026-01-01\n    from: 2026-01-02\n"), "9:12: rule-never-holds: "),
        (
            text("plan.changes > 0", more="    each: plan\n    applies_to: {teams: [support]}\n"),
            "10:25: rule-never-holds: each plan",
        ),
        (text(more="    applies_to: {teams: [suport]}\n"), "9:26: rule-of-nobody: there is no team `suport`"),
        (text(more="    applies_to: {environments: [stage]}\n"), "9:33: rule-of-nobody: there is no environment"),
        (text(more="    levels: deny\n"), "9:5: unknown-key: "),
        ("version: 1\nrules: yes\n", "2:8: "),
        ("", "1:1: empty-file: "),
    ],
)
def test_what_is_wrong_with_a_set_of_rules_has_its_place(rules: str, expected: str) -> None:
    (found, *_) = findings(rules)
    assert found.startswith(f"budgets/policies/own.yaml:{expected}")


def test_ten_thousand_rules_are_one_finding_and_quick() -> None:
    rules = HEAD + "".join(
        f"  - {{name: r{n}, level: deny, owner: o, reason: r, assert: 'true', message: m}}\n" for n in range(10_000)
    )
    begun = monotonic()
    (found,) = findings(rules)
    assert found.startswith("budgets/policies/own.yaml:1:1: too-many-rules: there are 10,000 rules")
    assert monotonic() - begun < 30


def test_a_rule_that_ends_and_a_waiver_of_none_are_warnings(tmp_path: Path) -> None:
    rules = text(more="    until: 2026-07-01\n")
    waiver = "waivers: [{rule: owm, team: support, until: 2027-01-01, reason: r, approved_by: a}]\n"
    root = write_tree(
        tmp_path, {"org.yaml": ORGANIZATION + waiver, "policies/own.yaml": rules, "teams/support.yaml": SUPPORT}
    )
    told = {
        day: [(one.code, one.message, one.severity) for one in load(root, today=day).findings]
        for day in (date(2026, 5, 1), date(2026, 6, 18), date(2026, 7, 2))
    }
    none = ("waiver-of-no-rule", "there is no rule `owm`, so this waiver lets nothing pass", Severity.WARNING)
    soon = "the rule `own` ends on 2026-07-01, in 13 days: then nothing of it holds"
    over = "the rule `own` ended on 2026-07-01: it refuses nothing"
    assert list(told.values()) == [
        [none],
        [none, ("ends-soon", soon, Severity.WARNING)],
        [none, ("is-over", over, Severity.WARNING)],
    ]


def test_a_waiver_for_no_team_or_where_there_are_no_rules_is_a_warning(tmp_path: Path) -> None:
    waiver = (
        "waivers:\n  - {guard: largest-change, team: suport, until: 2027-01-01, reason: r, approved_by: a}\n"
        "  - {rule: own, team: support, until: 2027-01-01, reason: r, approved_by: a}\n"
    )
    root = write_tree(tmp_path, {"org.yaml": ORGANIZATION + waiver, "teams/support.yaml": "version: 1\nteam: 5\n"})
    found = [(one.code, one.message, one.hint) for one in load(root).findings if one.code.startswith("waiver")]
    assert found == [
        ("waiver-of-no-team", "there is no team `suport`, so this waiver lets nothing pass", "write `support`"),
        (
            "waiver-of-no-rule",
            "there is no rule `own`, so this waiver lets nothing pass",
            "correct it, or take the waiver out",
        ),
    ]


def test_a_waiver_that_can_never_hold_is_a_warning(tmp_path: Path) -> None:
    about = (
        *("guard: pool-exhaustion", "guard: pool-exhaustion, team: support", "guard: total-moved, team: support"),
        *("guard: largest-change", "guard: total-moved", "guard: largest-change, team: support"),
        *("rule: own", "rule: own, team: support", "rule: whole", "rule: whole, team: support"),
    )
    ends = "until: 2027-01-01, reason: r, approved_by: a"
    waivers = "waivers:\n" + "".join(f"  - {{{one}, {ends}}}\n" for one in about)
    rules = text() + (
        "  - {name: whole, level: deny, owner: o, reason: r, each: plan, assert: plan.changes < 9, message: m}\n"
    )
    root = write_tree(
        tmp_path, {"org.yaml": ORGANIZATION + waivers, "policies/own.yaml": rules, "teams/support.yaml": SUPPORT}
    )
    first = ORGANIZATION.count("\n") + 2
    found = [one for one in load(root).findings if one.code == "waiver-holds-nowhere"]
    assert [(about[one.position.line - first], one.hint) for one in found] == [
        ("guard: pool-exhaustion", "take the waiver out, and fund the pool or plan less"),
        ("guard: pool-exhaustion, team: support", "take the waiver out, and fund the pool or plan less"),
        ("guard: total-moved, team: support", "leave `team` out"),
        ("guard: largest-change", "write the team that it is for, as in `team: support`"),
        ("rule: own", "write the team that it is for, as in `team: support`"),
        ("rule: whole, team: support", "leave `team` out"),
    ]


def test_fixtures_beside_rules_are_no_budget_files(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path, {"policies/own.yaml": text(), "policies/own.test.yaml": "tests: []", "policies/x.yml": ""}
    )
    loaded = load(root)
    assert [(str(one.position), one.code) for one in loaded.findings] == [
        ("budgets/policies/x.yml:1:1", "file-extension")
    ]


def test_a_number_of_uses_that_is_none_says_which_may_be_written(tmp_path: Path) -> None:
    waiver = "waivers: [{name: a, guard: total-moved, uses: 0, until: 2099-01-01, reason: r, approved_by: a}]\n"
    (found,) = load(write_tree(tmp_path, {"org.yaml": ORGANIZATION + waiver})).findings
    assert (found.code, found.hint) == ("out-of-range", "write a whole number from 1 to 1000")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "own.test.yaml",
            text(),
            "error rules-not-read: `own.test.yaml` is for fixtures, and holds rules that nothing",
        ),
        ("own.test.yaml", "{}\n'rules' : []\n", "error rules-not-read: "),
        (".own.yaml", text(), "warning hidden-file: `.own.yaml` is not read: its name begins with a dot"),
        ("sub/own.yaml", text(), "error misplaced-file: nothing reads the YAML files in this folder"),
        ("own.YML", text(), "error file-extension: `own.YML` is not read"),
    ],
)
def test_rules_that_nothing_reads_are_told(tmp_path: Path, name: str, content: str, said: str) -> None:
    root = write_tree(tmp_path, {f"policies/{name}": content})
    (found,) = load(root).findings
    assert str(found.position) == f"budgets/policies/{name}:1:1"
    assert f"{found.severity} {found.code}: {found.message}".startswith(said)


def test_fixtures_that_are_no_file_are_neither_waited_for_nor_followed(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"policies/own.yaml": text()})
    os.mkfifo(root / "policies" / "pipe.test.yaml")
    (root / "policies" / "gone.test.yaml").symlink_to("nowhere")
    places = [(str(one.position), one.code) for one in load(root).findings]
    assert places == [(f"budgets/policies/{name}.test.yaml:1:1", "unreadable-file") for name in ("gone", "pipe")]


def test_rules_are_a_part_of_the_organization_in_git() -> None:
    before = BudgetFiles("budgets", {"org.yaml": b"a", "policies/own.yaml": b"b", "teams/support.yaml": b"c"})
    after = BudgetFiles("budgets", {"org.yaml": b"a", "policies/new.yaml": b"d", "teams/support.yaml": b"e"})
    assert changed_files(before, after) == {GENERAL, "support"}
    assert before.with_parts(after, {GENERAL}).files == {
        "org.yaml": b"a",
        "policies/new.yaml": b"d",
        "teams/support.yaml": b"c",
    }
