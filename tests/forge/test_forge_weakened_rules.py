"""A change request that weakens the rule that it breaks: refused by the rule as it was, on either forge, to the end."""

from __future__ import annotations

import json

import pytest
from forge.merge_desk import MergeDesk, check

from reconciler.findings import ExitCode

RULES = "budgets/policies/money.yaml"
RULE = """\
version: 1
parameters: {most: "USD 1000.00"}
rules:
  - name: small-steps
    level: deny
    owner: "@acme/finance"
    reason: a slip is cheap
    when: change.is_money
    assert: change.amount <= params.most
    message: "{change.amount} is more than {params.most}"
"""
WAS = "USD 2,000.00 is more than USD 1,000.00 (a slip is cheap)"
BOTH = f"{WAS}; this rule is changed here: as changed, it passes; a rule is judged as it was"


def judged(desk: MergeDesk, number: int) -> str:
    """Publish the check to require, and return what it says."""
    assert desk.desk.kt("pr", "approval", "--check", "--format", "json", "--pr", str(number)) == ExitCode.DONE
    (found,) = json.loads(desk.desk.output)["pull_requests"]
    assert (found["state"], check(desk)["conclusion"]) == ("refused", "failure")
    return str(found["title"])


def plain(text: str) -> str:
    return text.replace("\\", "")


def opened_and_shown(desk: MergeDesk) -> None:
    def weaken() -> None:
        desk.repository.edit(RULES, "1000.00", "9000.00")

    desk.opened(128, desk.target("10500.00", "12500.00"), weaken, shown=False)
    desk.shown(128, code=ExitCode.REFUSED)


def test_a_change_that_weakens_its_own_rule_is_refused_in_comment_and_check_by_both_verdicts(desk: MergeDesk) -> None:
    desk.pushed(lambda: desk.repository.write({RULES: RULE}))
    opened_and_shown(desk)
    assert BOTH in plain(desk.comment())
    assert "small-steps" in desk.comment()
    desk.approved(128, "lena", "bob")
    assert judged(desk, 128) == f"Refused by small-steps (support): {BOTH}"


@pytest.mark.slow
def test_merged_all_the_same_with_every_approval_it_is_applied_by_the_rule_as_it_was_which_is_not(
    desk: MergeDesk,
) -> None:
    desk.approved_and_merged(127, lambda: desk.repository.write({RULES: RULE}), by="bob")
    assert desk.told() == ExitCode.DONE, desk.desk.errors
    before = desk.funded()
    opened_and_shown(desk)
    desk.approved(128, "lena", "bob")
    desk.merged(128)
    assert desk.told() == ExitCode.REFUSED
    landing = desk.landing(128)
    assert landing["status"] == "refused"
    assert WAS in landing["refused"]["support"]
    assert WAS in plain(desk.comment())
    assert desk.funded() == before


WAIVER = """\
waivers:
  - name: pilot
    rule: small-steps
    team: support
    until: 2099-12-31
    uses: 1
    reason: a pilot
    approved_by: "@cfo"
"""


@pytest.mark.slow
def test_a_waiver_is_used_by_the_merge_that_it_let_pass_and_lets_no_other_pass(desk: MergeDesk) -> None:
    def waived() -> None:
        desk.repository.write({RULES: RULE})
        desk.repository.edit("budgets/org.yaml", "approvals:", f"{WAIVER}approvals:")

    desk.approved_and_merged(127, waived, by="bob")
    assert desk.told() == ExitCode.DONE, desk.desk.errors
    desk.opened(128, desk.target("10500.00", "12500.00"))
    assert "use 1 of 1" in plain(desk.comment())
    desk.approved(128, "lena", "bob")
    desk.merged(128)
    assert desk.told() == ExitCode.DONE, desk.desk.errors
    before = desk.funded()

    desk.opened(129, desk.target("12500.00", "14500.00"), shown=False)
    desk.shown(129, code=ExitCode.REFUSED)
    assert "the waiver `pilot` let 1 plan pass, and is used up by plan" in plain(desk.comment(129))
    assert "(change request 128)" in plain(desk.comment(129))
    desk.approved(129, "lena", "bob")
    assert desk.desk.kt("pr", "approval", "--check", "--pr", "129") == ExitCode.DONE
    assert "Refused by small-steps (support)" in desk.desk.output
    desk.merged(129)
    assert desk.told() == ExitCode.REFUSED
    assert "is used up by" in desk.landing(129)["refused"]["support"]
    assert desk.funded() == before


@pytest.mark.slow
def test_a_rule_that_looks_at_what_the_forecast_tells_is_judged_by_it_where_the_merge_is_applied(
    desk: MergeDesk,
) -> None:
    looks = RULE.replace("when: change.is_money", "each: wallet").replace(
        "change.amount <= params.most", "wallet.after.target >= usd('1.00')"
    )
    looks = looks.replace("{change.amount} is more than {params.most}", "no more than {wallet.after.target}")
    desk.approved_and_merged(127, lambda: desk.repository.write({RULES: looks}), by="bob")
    before = desk.funded()
    desk.opened(128, desk.target("10500.00", "12500.00"))
    assert "small-steps" not in desk.comment()
    desk.approved(128, "lena", "bob")
    desk.merged(128)
    desk.told()
    assert desk.landing(128)["status"] == "applied", desk.landing(128)["refused"]
    assert desk.funded() == before + 2000
