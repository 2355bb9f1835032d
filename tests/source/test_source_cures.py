"""Cures as suggested changes: each takes its finding away when it is applied, and everything else stays as it was."""

from __future__ import annotations

import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source.test_source_broken_files import CASES
from source.trees import ORGANIZATION, SUPPORT, write_tree

from reconciler.findings import Finding
from reconciler.model.suggestion import SuggestedChange
from reconciler.source.cures import MOST_TRIED, suggested_cures
from reconciler.source.load import read

CURED = {
    "a key is misspelt": "montly",
    "an amount has an exponent": "1.25e4",
    "an amount has an underscore": "12_500",
    "an amount has a thousands separator in brackets": "500.00",
    "an override has a thousands separator in brackets": "000.00",
    "an amount of an alert has a thousands separator": "500.00",
    "an amount has a thousands separator in quotes": '"12,500.00"',
    "a percentage has a decimal comma in brackets": "5%",
    "an amount is hexadecimal": "0x30D4",
    "an amount has leading zeros": "0012500",
    "a percentage has no sign": "18",
    "a percentage is in words": "18 percent",
    "a month has one digit": "2026-2",
    "a month is a number": "202612",
    "a switch is a word": "no",
    "a switch is quoted": '"false"',
    "a whole number is quoted": '"80"',
    "a whole number has decimals": "80.0",
    "a percentage of an alert has its sign": "80%",
    "a list is a number": "80",
    "text is a number": "2026",
    "text turns its direction": "name: Sup\u202eport",
    "text holds a line separator": "name: Sup\u2028port",
    "text holds a bell": "name: Sup\x07port",
    "a choice is misspelt": "offpeak",
    "the version is quoted": '"1"',
    "an environment is misspelt": "devv",
    "an alert is there twice": "80",
    "a budget never alerts": "[]",
    "text begins with an at sign": "owners: [@acme/support-leads]",
    "several things are wrong at once": "nam",
}
"""The cases of which one finding has a cure beyond doubt, with what stands there; all others need a person."""

SEVERAL = sorted(
    name
    for name in CURED
    if name not in ("text begins with an at sign", "several things are wrong at once", "text is a number")
)


def applied(text: str, change: SuggestedChange) -> str:
    """Return `text` as GitHub makes it when somebody takes the suggestion."""
    lines = text.split("\n")
    ends = "\r" if lines[change.start_line - 1].endswith("\r") else ""
    assert "\n".join(line.removesuffix("\r") for line in lines[change.start_line - 1 : change.line]) == change.original
    new = [f"{line}{ends}" for line in change.replacement.split("\n")] if change.replacement else []
    return "\n".join([*lines[: change.start_line - 1], *new, *lines[change.line :]])


def suggestions(folder: Path, text: str, organization: str = ORGANIZATION) -> tuple[SuggestedChange, ...]:
    return suggested_cures(read(write_tree(folder, {"teams/support.yaml": text, "org.yaml": organization})))


def errors(folder: Path, text: str) -> Counter[tuple[str, str]]:
    findings: tuple[Finding, ...] = read(write_tree(folder, {"teams/support.yaml": text})).findings
    return Counter((finding.code, finding.message) for finding in findings if finding.is_error)


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_has_one_cure_or_none(case: str, tmp_path: Path) -> None:
    old, new, _ = CASES[case]
    broken = SUPPORT.replace(old, new, 1)

    found = suggestions(tmp_path, broken)

    assert [change.before for change in found] == ([CURED[case]] if case in CURED else [])
    for change in found:
        text = applied(broken, change)
        before, after = errors(tmp_path, broken), errors(tmp_path, text)
        assert not after - before
        assert suggestions(tmp_path, text) == ()
        assert change.path == "budgets/teams/support.yaml"
        assert change.start_line == change.line


@pytest.mark.parametrize("case", ["a key is misspelt", "a choice is misspelt", "an environment is misspelt"])
def test_a_misspelling_is_cured_to_what_it_was(case: str, tmp_path: Path) -> None:
    old, new, _ = CASES[case]
    broken = SUPPORT.replace(old, new, 1)
    (change,) = suggestions(tmp_path, broken)

    assert applied(broken, change) == SUPPORT


def all_taken(folder: Path, text: str) -> str:
    """Take every suggestion, from the last line to the first: none is alone right, and together wrong."""
    found = suggestions(folder, text)
    before = errors(folder, text)
    assert all(one.line < other.start_line for one, other in pairwise(found))
    assert all(not errors(folder, applied(text, change)) - before for change in found)
    for change in reversed(found):
        text = applied(text, change)
    assert not errors(folder, text) - before
    return text


@settings(max_examples=25, deadline=None)
@given(chosen=st.sets(st.sampled_from(SEVERAL), min_size=2, max_size=6))
def test_several_cures_can_all_be_taken_and_leave_no_error(chosen: set[str]) -> None:
    text = SUPPORT
    for case in sorted(chosen):
        text = text.replace(*CASES[case][:2], 1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for _ in range(3):
            text = all_taken(folder, text)
        assert not errors(folder, text)
        assert suggestions(folder, text) == ()


def test_two_mistakes_in_one_line_are_cured_together(tmp_path: Path) -> None:
    broken = SUPPORT.replace("monthly: 12500.00, overrides", "montly: 12500.00, overides")
    (change,) = suggestions(tmp_path, broken)

    assert applied(broken, change) == SUPPORT
    assert change.key == "wallets.prod.montly, wallets.prod.overides"
    assert change.before == "montly, overides"
    assert change.reason.count("did you mean") == 2


def test_a_mistake_without_a_cure_does_not_stop_that_of_another_in_its_line(tmp_path: Path) -> None:
    broken = SUPPORT.replace("monthly: 12500.00, overrides", "montly: 12500.00, team-id: x, overrides")
    (change,) = suggestions(tmp_path, broken)

    assert "monthly: 12500.00, team-id: x, overrides" in change.replacement
    assert change.before == "montly"


def test_a_cure_that_would_bring_another_error_is_none(tmp_path: Path) -> None:
    assert suggestions(tmp_path, SUPPORT.replace("name: Support\n", "name: Support\nnam: Help\n")) == ()


def test_comments_formatting_and_windows_line_ends_are_kept(tmp_path: Path) -> None:
    text = SUPPORT.replace("rate: 18%,", "rate:   18,").replace("from: 2026-06}", "from: 2026-06}   # agreed: 18")
    text = text.replace("\n", "\r\n")
    (change,) = suggestions(tmp_path, text)

    assert change.replacement == change.original.replace("rate:   18,", "rate:   18%,")
    assert "\r" not in change.original + change.replacement
    assert applied(text, change).count("\r\n") == text.count("\r\n")


def test_a_second_alert_in_lines_of_its_own_goes_with_its_line(tmp_path: Path) -> None:
    text = SUPPORT.replace("alert_percentages: [80, 100], hard_limit: false}", "hard_limit: false}")
    text += "  - name: third\n    amount: 1.00\n    alert_percentages:\n      - 80  # first\n      - 80\n      - 100\n"
    (change,) = suggestions(tmp_path, text)

    assert (change.original, change.replacement) == ("      - 80", "")
    assert applied(text, change) == text.replace("      - 80\n", "")


def test_the_organization_is_cured_too(tmp_path: Path) -> None:
    broken = ORGANIZATION.replace("[prod, dev]", "[prod, dev, dev]")
    assert broken != ORGANIZATION
    (change,) = suggestions(tmp_path, SUPPORT, broken)

    assert change.path == "budgets/org.yaml"
    assert applied(broken, change) == ORGANIZATION


@pytest.mark.parametrize(
    ("amount", "cure"),
    [
        ("12500.000", "12500.00"),
        ("12500.001", None),
        ("0.125", None),
        ("USD 12500", None),
        ("$100.00", None),
        ("'12 500'", "12500"),
        ("'12,50'", None),
        ("1.250", None),
        ("-5", None),
    ],
)
def test_an_amount_is_cured_only_where_one_can_be_meant(amount: str, cure: str | None, tmp_path: Path) -> None:
    broken = SUPPORT.replace("baseline_monthly: 12000.00", f"baseline_monthly: {amount}")
    found = suggestions(tmp_path, broken)

    assert [change.replacement.split(": ")[1] for change in found] == ([cure] if cure else [])


@pytest.mark.parametrize(
    ("month", "cure"),
    [("2026/09", "2026-09"), ("09/2026", "2026-09"), ("2026-09-01", "2026-09"), ("2026.9", None), ("2026-00", None)],
)
def test_a_month_is_cured_only_where_one_can_be_meant(month: str, cure: str | None, tmp_path: Path) -> None:
    broken = SUPPORT.replace("by: 2026-12", f"by: {month}")

    assert [change.replacement.count(f"by: {cure}") for change in suggestions(tmp_path, broken)] == [1] * bool(cure)


def test_a_thousand_mistakes_are_not_all_tried(tmp_path: Path) -> None:
    text = SUPPORT + "".join(
        f"  - {{name: a{number}, amount: 1.00, hard_limit: no}}\n" for number in range(MOST_TRIED + 20)
    )

    assert len(suggestions(tmp_path, text)) == MOST_TRIED


def test_a_file_that_is_no_text_has_no_cure(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"teams/support.yaml": b"\xff\xfe"})

    assert suggested_cures(read(root)) == ()


def test_a_key_in_quotes_is_cured_with_its_quotes(tmp_path: Path) -> None:
    broken = SUPPORT.replace("monthly: 12500.00,", '"montly": 12500.00,')
    (change,) = suggestions(tmp_path, broken)

    assert applied(broken, change) == SUPPORT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("monthly: 12500.00,", '"mont\\x6cy": 12500.00,'),
        ("  dev: {", "  1e1: {"),
        ("name: Support\n", "name: `Support\n"),
        ("monthly: 12500.00,", "monthly: 12,500.00.1,"),
        ("rate: 18%, from: 2026-06}", "rate: 1e1, from: 2026-06"),
        ("{team_id: team_support, ", "{1e1: 2, team_id: team_support, "),
    ],
)
def test_what_cannot_be_written_in_place_is_left_to_a_person(old: str, new: str, tmp_path: Path) -> None:
    assert old in SUPPORT
    assert suggestions(tmp_path, SUPPORT.replace(old, new, 1)) == ()


def test_several_names_that_begin_with_an_at_sign_are_quoted_together(tmp_path: Path) -> None:
    broken = SUPPORT.replace('["@acme/support-leads"]', '[@acme/support-leads, "@acme/ops", @lena]')
    (change,) = suggestions(tmp_path, broken)

    assert change.replacement == 'owners: ["@acme/support-leads", "@acme/ops", "@lena"]'


def test_only_a_bare_name_is_put_in_quotes_and_nothing_else_of_its_line_changes(tmp_path: Path) -> None:
    broken = ORGANIZATION + (
        "waivers:\n  - {guard: largest-change, team: support, max: 1.00, until: 2026-07-01, approved_by: @acme/finance,"
        " reason: 'a, @bob, c'}  # ask, @carol\n"
    )
    (change,) = suggestions(tmp_path, SUPPORT, broken)

    assert change.replacement == broken.splitlines()[-1].replace("@acme/finance", '"@acme/finance"')


def test_an_alert_without_percentages_is_given_the_usual_ones(tmp_path: Path) -> None:
    text = SUPPORT + "  - name: third\n    amount: 1.00\n    alert_percentages: []\n"
    (change,) = suggestions(tmp_path, text)

    assert change.replacement == "    alert_percentages: [80, 100]"
