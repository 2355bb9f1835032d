"""`previously` is right where the earlier name is free, and a finding with its place and the way out elsewhere."""

from __future__ import annotations

import pytest

from reconciler.source.load import load_files

ORG = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
environments: [prod, dev, live]
"""


def team(name: str, *, wallets: str = "", alerts: str = "", previously: str = "") -> str:
    head = f"version: 1\nteam: {name}\n" + (f"previously: {previously}\n" if previously else "")
    body = wallets or f"  prod: {{team_id: t-{name}, monthly: 900}}\n"
    return f"{head}wallets:\n{body}" + (f"billing_budgets:\n{alerts}" if alerts else "")


def alert(name: str, previously: str = "") -> str:
    former = f", previously: {previously}" if previously else ""
    return f"  - {{name: {name}{former}, amount: 500, alert_percentages: [80]}}\n"


def found(**teams: str) -> list[str]:
    files = {"org.yaml": ORG, **{f"teams/{name}.yaml": text for name, text in teams.items()}}
    loaded = load_files("budgets", {path: text.encode() for path, text in files.items()})
    return [
        f"{finding.position}: {finding.code}: {finding.message}; {finding.hint}"
        for finding in loaded.findings
        if finding.is_error
    ]


def test_an_earlier_name_that_nobody_has_is_right() -> None:
    wallets = "  live: {team_id: t-new, monthly: 900, previously: prod}\n"
    assert found(new=team("new", wallets=wallets, alerts=alert("soft", "hard"), previously="old")) == []


@pytest.mark.parametrize(
    ("teams", "place", "code"),
    [
        (
            {"new": team("new", previously="old"), "old": team("old")},
            "budgets/teams/new.yaml:3:13",
            "renamed-and-still-there",
        ),
        ({"new": team("new", previously="new")}, "budgets/teams/new.yaml:3:13", "renamed-to-itself"),
        (
            {"a": team("a", previously="old"), "b": team("b", previously="old")},
            "budgets/teams/b.yaml:3:13",
            "renamed-twice",
        ),
        (
            {"a": team("a", previously="b"), "b": team("b", previously="c")},
            "budgets/teams/a.yaml:3:13",
            "rename-in-a-chain",
        ),
        (
            {"a": team("a", alerts=alert("one", "two") + alert("two"))},
            "budgets/teams/a.yaml:6:29",
            "renamed-and-still-there",
        ),
        (
            {"a": team("a", alerts=alert("one", "old") + alert("two", "old"))},
            "budgets/teams/a.yaml:7:29",
            "renamed-twice",
        ),
        (
            {
                "a": team(
                    "a",
                    wallets="  prod: {team_id: t1, monthly: 9}\n  live: {team_id: t2, monthly: 9, previously: prod}\n",
                )
            },
            "budgets/teams/a.yaml:5:47",
            "renamed-and-still-there",
        ),
    ],
    ids=["team-there", "itself", "team-twice", "chain", "alert-there", "alert-twice", "wallet-there"],
)
def test_an_earlier_name_that_cannot_have_been_one_is_a_finding(teams: dict[str, str], place: str, code: str) -> None:
    (finding,) = found(**teams)
    assert finding.startswith(f"{place}: {code}: ")


def test_two_names_that_are_swapped_are_told_to_go_one_after_the_other() -> None:
    swapped = found(a=team("a", alerts=alert("one", "two") + alert("two", "one")))
    assert [finding.split(": ")[1] for finding in swapped] == ["rename-in-a-chain"] * 2
    assert all("rename in two steps" in finding for finding in swapped)


def test_the_same_earlier_name_in_two_scopes_is_two_names() -> None:
    one = team("one", alerts=alert("soft", "hard"))
    other = team("other", alerts=alert("soft", "hard"))
    assert found(one=one, other=other) == []
