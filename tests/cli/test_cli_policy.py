"""`kt-budgets policy`: rules are tried on a saved plan, explained, tested with fixtures, and copied from a library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run
from cli.journal_desk import AS_OF, Desk, git
from source.trees import TEAM

from reconciler.app.policy.library import NAMES, text_of
from reconciler.journal.kept_facts import JUDGED_BY
from reconciler.journal.record import Entry, Record, Step, chained
from reconciler.source.load import load

RULES = """\
version: 1
parameters: {{most: "USD {most}"}}
rules:
  - name: small-steps
    level: {level}
    owner: "@acme/finance"
    reason: a typing error is cheap
    when: change.is_money
    assert: change.amount <= params.most
    message: "{{change.team}} changes by {{change.amount}}, more than {{params.most}}"
  - name: known-middle
    level: warn
    owner: "@acme/finance"
    reason: a look ahead
    each: wallet
    when: wallet.has_forecast
    assert: wallet.after.target >= wallet.month_end.p50
    message: "{{wallet.team}} may cost {{wallet.month_end.p50}}"
"""


def with_rules(desk: Desk, *, most: str = "100.00", level: str = "deny", monthly: str = "500.00") -> None:
    folder = desk.clone / "budgets" / "policies"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "money.yaml").write_text(RULES.format(most=most, level=level), encoding="utf-8")
    desk.write(monthly)


@pytest.fixture
def planned(desk: Desk) -> Desk:
    """Return a clone with rules that the plan in plan.json breaks."""
    desk.chdir(desk.clone)
    with_rules(desk)
    assert desk.kt("plan", *AS_OF, "--usage", "../usage.csv").code == 4
    return desk


def guards(desk: Desk) -> list[tuple[str, str]]:
    plan = json.loads((desk.clone / "plan.json").read_text(encoding="utf-8"))
    return [(one["status"], one["message"]) for one in plan["guards"] if one["guard"] == "small-steps"]


WHY = "alpha changes by USD 500.00, more than USD 100.00 (a typing error is cheap)"


def test_a_plan_that_a_rule_refuses_says_so_and_is_not_applied(planned: Desk) -> None:
    assert guards(planned) == [("refused", WHY)]
    done = planned.kt("apply", *AS_OF, "--plan", "plan.json", "--settle", "0")
    assert done.code == 4
    assert WHY in done.err


def test_a_change_that_weakens_its_own_rule_is_refused_and_both_verdicts_are_told(planned: Desk) -> None:
    with_rules(planned, most="900.00")
    done = planned.kt("plan", *AS_OF, "--usage", "../usage.csv", "--since", "HEAD~1")
    assert done.code == 4
    told = f"{WHY}; this rule is changed here: as changed, it passes; a rule is judged as it was"
    assert guards(planned) == [("refused", told)]
    assert "as changed, it passes" in " ".join(done.out.split())
    shown = planned.kt("show", "plan.json", "--format", "markdown").out
    assert "this rule is changed here: as changed, it passes" in shown
    git(planned.clone, "rm", "-q", "budgets/policies/money.yaml")
    git(planned.clone, "commit", "-qm", "none")
    assert planned.kt("plan", *AS_OF, "--usage", "../usage.csv", "--since", "HEAD~2").code == 4
    assert "this rule is taken out here" in guards(planned)[0][1]


def test_a_rule_that_asks_says_whom_and_one_that_warns_is_a_warning(desk: Desk) -> None:
    desk.chdir(desk.clone)
    with_rules(desk, level="approve")
    done = desk.kt("plan", *AS_OF, "--usage", "../usage.csv")
    assert done.code == 0
    assert "small-steps" in done.out
    assert "acme/finance" in done.out
    with_rules(desk, level="warn")
    done = desk.kt("plan", *AS_OF, "--usage", "../usage.csv")
    assert done.code == 0
    assert "warning small-steps (alpha)" in done.out


def test_check_says_what_the_rules_here_say_of_a_saved_plan(planned: Desk) -> None:
    done = planned.kt("policy", "check")
    assert done.code == 4
    assert done.out.startswith(f"refused small-steps (alpha): {WHY}\n  hint: change it so that `small-steps`")
    assert done.out.endswith("2 rules: 1 verdict\n")
    with_rules(planned, most="500.00")
    assert planned.kt("policy", "check").out == "2 rules: every rule passes\n"


def test_explain_says_which_values_decide_and_what_would_pass(planned: Desk) -> None:
    done = planned.kt("policy", "explain", "small-steps")
    assert done.code == 0
    assert "alpha/prod fails" in done.out
    assert "change.amount    USD 500.00" in done.out
    assert "a target of USD 100.00 would pass" in done.out
    passes = planned.kt("policy", "explain", "known-middle")
    assert "of 1 more thing it is not asked" in passes.out or "passes" in passes.out
    for name in (), ("nobody",):
        wrong = planned.kt("policy", "explain", *name)
        assert wrong.code == 2
        assert "name one of: known-middle, small-steps" in wrong.err


def test_a_rule_that_is_not_in_force_is_explained_as_asked_of_nothing(planned: Desk) -> None:
    file = planned.clone / "budgets" / "policies" / "money.yaml"
    text = file.read_text(encoding="utf-8")
    for when, why in (
        ("until: 2026-06-17", "it held until 2026-06-17, and is over on 2026-06-18"),
        ("from: 2026-06-19", "it holds from 2026-06-19 on, and not yet on 2026-06-18"),
    ):
        file.write_text(text.replace("    reason: a typing", f"    {when}\n    reason: a typing"), encoding="utf-8")
        done = planned.kt("policy", "explain", "small-steps")
        assert done.out.endswith(f"\n\nasked of nothing: {why}\n")
        assert planned.kt("policy", "check").out == "2 rules: every rule passes\n"
        told = json.loads(planned.kt("policy", "explain", "small-steps", "--format", "json").out)
        assert (told["idle"], told["subjects"]) == (why, [])


def test_facts_are_what_rules_read(planned: Desk) -> None:
    facts = json.loads(planned.kt("policy", "facts", "--as-of", "2026-06-20").out)
    assert facts["today"]["date"] == "2026-06-20"
    assert facts["changes"][0]["amount"] == 500_000_000


FIXTURES = """\
version: 1
tests:
  - name: a small step
    change: {kind: allocate, team: alpha, funded_before: 0.00, amount: 100.00}
    expect: {small-steps: passes}
  - name: a large one
    change: {kind: allocate, team: alpha, funded_before: 0.00, amount: 100.01}
    expect: {small-steps: refused}
  - name: the plan of June
    plan_file: ../../plan.json
    expect: {small-steps: refused, known-middle: passes}
"""


def fixtures_of(desk: Desk, text: str) -> Any:
    (desk.clone / "budgets" / "policies" / "money.test.yaml").write_text(text, encoding="utf-8")
    return desk.kt("policy", "test", "--format", "json")


def test_fixtures_say_what_rules_must_say_and_which_rules_they_never_reach(planned: Desk) -> None:
    done = fixtures_of(planned, FIXTURES)
    found = json.loads(done.out)
    assert [one["message"] for one in found["fixtures"]] == ["", "", ""]
    assert (done.code, found["never_passed"], found["never_failed"]) == (0, [], ["known-middle"])
    text = planned.kt("policy", "test").out
    assert text.endswith("3 fixtures, 0 failed; 1 of 2 rules are seen both ways\n")


@pytest.mark.parametrize(
    ("change", "expect", "message"),
    [
        ("{kind: allocate, amount: 100.01}", "{small-steps: passes}", "small-steps: refused; expected: passes"),
        ("{kind: allocate}", "{small-steps: passes}", "refused, `change.amount` is not known; expected: passes"),
        ("{kind: allocate, amount: 1.00}", "{nobody: passes}", "there is no rule `nobody` beside these fixtures"),
        ("{kind: allocate, amount: 900.00}", "{known-middle: passes}", "nothing is given that it is asked of"),
        ("{kind: allocate, amount: much}", "{small-steps: passes}", "`much` is no value for `change.amount`"),
        ("{kind: allocate, amont: 1.00}", "{small-steps: passes}", "`change.amont` is nothing that a rule can read"),
        ("{kind: 5}", "{small-steps: passes}", "`5` is no value for `change.kind`, which is text"),
    ],
)
def test_a_fixture_that_is_wrong_says_what_was_said_instead(
    planned: Desk, change: str, expect: str, message: str
) -> None:
    done = fixtures_of(planned, f"version: 1\ntests:\n  - name: own\n    change: {change}\n    expect: {expect}\n")
    assert done.code == 3
    assert message in json.loads(done.out)["fixtures"][0]["message"]


def test_fixtures_that_cannot_be_read_are_findings_and_none_is_a_refusal(planned: Desk) -> None:
    wrong = fixtures_of(planned, "version: 1\ntests: [{name: a, expect: {b: maybe}}]\n")
    assert wrong.code == 3
    assert "money.test.yaml:2:" in wrong.err
    (planned.clone / "budgets" / "policies" / "money.test.yaml").unlink()
    assert planned.kt("policy", "test").code == 2


@pytest.mark.parametrize("starts", ["2026-01", "2026-02", "2026-06"])
def test_the_library_s_rules_are_sound_and_seen_both_ways(kt: Run, tmp_path: Path, starts: str) -> None:
    org = f"version: 1\norganization: o\ncurrency: USD\nfiscal_year: {{name: F, starts: {starts}}}\n"
    folder = tmp_path / "budgets"
    (folder / "policies").mkdir(parents=True)
    (folder / "teams").mkdir()
    (folder / "org.yaml").write_text(f"{org}environments: [prod, dev]\n", encoding="utf-8")
    (folder / "teams" / "support.yaml").write_text(TEAM.format(team="support"), encoding="utf-8")
    for name in NAMES:
        printed = kt("policy", "library", name).out
        assert printed == text_of(name)
        (folder / "policies" / f"{name}.yaml").write_text(printed, encoding="utf-8")
    (folder / "policies" / "guards.yaml").unlink()
    assert load(folder).findings == ()
    done = kt("policy", "test", "--budgets", folder)
    assert (done.code, done.out) == (0, "29 fixtures, 0 failed; 20 of 20 rules are seen both ways\n")
    assert kt("policy", "library", "nothing").code == 2
    assert kt("policy", "library").out == text_of("guards")


WAIVER = """\
waivers:
  - {name: launch, rule: small-steps, team: alpha, until: 2026-06-30, uses: 1, reason: a launch, approved_by: "@cfo"}
"""


def test_a_waiver_lets_as_many_plans_pass_as_it_says_and_is_told_with_its_uses(desk: Desk) -> None:
    desk.chdir(desk.clone)
    with_rules(desk)
    desk.write("500", org=WAIVER)
    plan = ("plan", *AS_OF, "--usage", "../usage.csv", "--all-teams")
    assert desk.kt(*plan, "--output", "../first.json").code == 0
    first = ("--plan", "../first.json")
    assert "use 1 of 1" in desk.kt("show", "../first.json", "--format", "markdown").out
    assert "by `launch`, 1 plan; not used before" in desk.kt("policy", "explain", "small-steps", *first).out
    desk.write("800", org=WAIVER)
    assert desk.kt(*plan, "--output", "../later.json").code == 0
    git(desk.clone, "checkout", "-q", "HEAD~1")
    assert desk.kt("apply", *AS_OF, *first, "--settle", "0").code == 0
    git(desk.clone, "checkout", "-q", "main")
    late = desk.kt("apply", *AS_OF, "--plan", "../later.json", "--settle", "0")
    assert late.code == 4
    assert "the waiver `launch` lets 1 plan pass, and was used up since this plan was made: by plan" in late.err
    assert desk.kt(*plan).code == 4
    assert "let 1 plan pass, and is used up by plan" in desk.kt("policy", "check").out
    explained = desk.kt("policy", "explain", "small-steps", "--format", "json")
    (waiver,) = json.loads(explained.out)["waivers"]
    assert (waiver["name"], waiver["uses"], waiver["used"]["count"]) == ("launch", 1, 1)
    desk.write("800", org=WAIVER.replace("launch,", "other,"))
    assert "how many it let pass is not known" in desk.kt("policy", "check").out
    assert "the plan does not tell how often it was used" in desk.kt("policy", "explain", "small-steps").out
    desk.write("800", org=WAIVER + WAIVER.splitlines()[1] + "\n")
    assert "org.yaml:8:12: error duplicate-waiver: the waiver `launch` is here a second time" in desk.kt("validate").out


def test_rules_are_tried_on_the_last_plans_of_the_journal_before_they_bind(desk: Desk) -> None:
    desk.chdir(desk.clone)
    with_rules(desk, most="500.00", level="warn", monthly="300.00")
    strict = git(desk.clone, "rev-parse", "HEAD")
    nothing = desk.kt("policy", "check", "--from", ".")
    assert nothing.out == "2 rules of the files here, tried on 0 plans\n"
    assert desk.applied().code == 0
    with_rules(desk, most="500.00", level="warn", monthly="900.00")
    assert desk.applied().code == 0
    journal = desk.clone / ".kt-budgets" / "journal"
    with_rules(desk, most="200.00", monthly="900.00")
    text = RULES.format(most="200.00", level="deny").replace("    level: deny", "    from: 2099-01-01\n    level: deny")
    (desk.clone / "budgets" / "policies" / "money.yaml").write_text(text, encoding="utf-8")
    done = desk.kt("policy", "check", "--from", ".")
    assert done.code == 0
    first, second = (line for line in done.out.splitlines() if line.startswith("  "))
    assert "2 rules of the files here, tried on 2 plans, applied from" in done.out
    assert "small-steps (deny): 2 would be refused" in done.out
    assert "known-middle (warn): 2 pass" in done.out
    assert (
        "refuses: alpha changes by USD 600.00, more than USD 200.00 (a typing error is cheap); then: a warning" in first
    )
    assert second.endswith("refuses: alpha changes by USD 300.00, more than USD 200.00 (a typing error is cheap)")
    old = json.loads(desk.kt("policy", "check", "--from", strict, "--format", "json").out)
    assert (old["rules_from"], [one["warned"] for one in old["rules"]]) == (strict, [1, 0])
    assert old["plans"][0]["commit"] == git(desk.clone, "rev-parse", "HEAD~1")
    records = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    forgotten = _without_facts(records)
    journal.write_text("".join(f"{line}\n" for line in forgotten), encoding="utf-8")
    journal.with_name("journal.head").unlink()
    assert (
        "2 more plans of the last 50 are not tried: the journal does not keep"
        in desk.kt("policy", "check", "--from", ".").out
    )


def _without_facts(records: list[dict[str, Any]]) -> list[str]:
    """Return a journal as an earlier version would have written it."""
    entries = [
        Entry(Step(one["step"]), one["operation"], {k: v for k, v in one["facts"].items() if k != JUDGED_BY})
        for one in records
    ]
    found: list[Record] = []
    for one, entry in zip(records, entries, strict=True):
        last = found[-1] if found else None
        found += chained([entry], last, organization=one["organization"], run=one["run"], at=one["at"])
    return [record.line() for record in found]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("check", "--from", "nowhere"), "`nowhere` is no commit of this repository"),
        (("check", "--from", "--all"), "is no commit"),
        (("check", "--from", "HEAD"), "there are no rules in HEAD"),
        (("check", "--from", ".", "--plan", "plan.json"), "`--from` tries rules on the plans of the journal"),
        (("explain", "small-steps", "--from", "."), "`--from` tries rules on the plans of the journal"),
    ],
)
def test_what_cannot_be_tried_on_past_plans_is_refused(desk: Desk, arguments: tuple[str, ...], told: str) -> None:
    desk.chdir(desk.clone)
    done = desk.kt("policy", *arguments)
    assert done.code == 2
    assert told in done.err
