"""Findings in each format: nothing that a file holds can move the cursor, break a line or begin a command."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.findings import Finding, Position, Severity
from reconciler.model.plan_finding import FindingsDocument
from reconciler.report.findings_ci import findings_code_quality, findings_github, findings_sarif
from reconciler.report.findings_text import findings_summary, findings_text, visible

PLAIN = Finding(
    Position("budgets/teams/support.yaml", 14, 9),
    "duplicate-wallet",
    Severity.ERROR,
    "`team_support` is already the wallet of `wallets.prod`",
    "give each environment a team of its own",
)
HOSTILE = Finding(
    Position("budgets/teams/a,b:c\n::error::x\x1b.yaml", 0, 0),
    "unknown-key",
    Severity.WARNING,
    "`\x1b[2J%0A\r\n::stop-commands::x\u202e\udcff` is not a key",
)

texts = st.text(st.characters(codec=None), max_size=30)
findings = st.builds(
    Finding,
    st.builds(Position, texts, st.integers(0, 9), st.integers(0, 9)),
    st.sampled_from(["unknown-key", "empty-file", "yaml-tag"]),
    st.sampled_from(Severity),
    texts,
    texts,
)


def test_text_is_a_line_and_its_hint() -> None:
    assert findings_text([PLAIN]) == (
        "budgets/teams/support.yaml:14:9: error duplicate-wallet:"
        " `team_support` is already the wallet of `wallets.prod`\n"
        "  hint: give each environment a team of its own\n"
    )


def test_text_escapes_what_cannot_be_seen() -> None:
    assert findings_text([HOSTILE]) == (
        "budgets/teams/a,b:c\\n::error::x\\x1b.yaml: warning unknown-key:"
        " `\\x1b[2J%0A\\r\\n::stop-commands::x\\u202e\\udcff` is not a key\n"
    )


@pytest.mark.parametrize(
    ("listed", "summary"),
    [
        ([], "5 files: no findings"),
        ([PLAIN], "5 files: 1 error"),
        ([HOSTILE, HOSTILE], "5 files: 2 warnings"),
        ([PLAIN, PLAIN, HOSTILE], "5 files: 2 errors and 1 warning"),
    ],
)
def test_the_summary_counts_errors_and_warnings(listed: list[Finding], summary: str) -> None:
    assert findings_summary(listed, checked="5 files") == summary


def test_workflow_commands_escape_their_values() -> None:
    assert findings_github([PLAIN, HOSTILE]) == (
        "::error file=budgets/teams/support.yaml,line=14,col=9,title=duplicate-wallet::"
        "`team_support` is already the wallet of `wallets.prod`%0Ahint: give each environment a team of its own\n"
        "::warning file=budgets/teams/a%2Cb%3Ac\\n%3A%3Aerror%3A%3Ax\\x1b.yaml,line=1,col=1,title=unknown-key::"
        "`\\x1b[2J%250A\\r\\n::stop-commands::x\\u202e\\udcff` is not a key\n"
    )


def sarif_run(text: str) -> dict[str, Any]:
    document = json.loads(text)
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    [run] = document["runs"]
    assert isinstance(run, dict)
    return run


def test_sarif_has_what_the_standard_demands() -> None:
    run = sarif_run(findings_sarif([PLAIN, HOSTILE], version="1.2.3"))

    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("kt-budgets", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == ["duplicate-wallet", "unknown-key"]
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    assert [result["level"] for result in run["results"]] == ["error", "warning"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert place["region"]["startColumn"] >= 1
    assert run["columnKind"] == "unicodeCodePoints"
    uri = run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "budgets/teams/a%2Cb%3Ac%0A%3A%3Aerror%3A%3Ax%1B.yaml"


def test_json_says_all_there_is() -> None:
    assert json.loads(FindingsDocument.of([PLAIN]).text()) == {
        "format": "kt-budgets.findings/1",
        "findings": [
            {
                "path": "budgets/teams/support.yaml",
                "line": 14,
                "column": 9,
                "severity": "error",
                "code": "duplicate-wallet",
                "message": "`team_support` is already the wallet of `wallets.prod`",
                "hint": "give each environment a team of its own",
            }
        ],
    }


@given(listed=st.lists(findings, max_size=4))
def test_no_format_prints_anything_unseen(listed: list[Finding]) -> None:
    for text in (findings_text(listed), findings_github(listed)):
        assert all(line.isprintable() for line in text.split("\n"))
    assert len(findings_github(listed).splitlines()) == len(listed)
    for text in (FindingsDocument.of(listed).text(), findings_sarif(listed, version="1")):
        text.encode("ascii")
    assert len(json.loads(FindingsDocument.of(listed).text())["findings"]) == len(listed)


@given(text=texts)
def test_visible_text_is_printable_and_encodable(text: str) -> None:
    assert visible(text).isprintable()
    visible(text).encode("utf-8")


def test_code_quality_has_what_gitlab_reads_and_a_fingerprint_that_outlives_moved_lines() -> None:
    (entry,) = json.loads(findings_code_quality([PLAIN]))
    assert entry["location"] == {"path": "budgets/teams/support.yaml", "lines": {"begin": 14}}
    assert entry["check_name"] == "duplicate-wallet"
    assert entry["severity"] == "critical"
    assert entry["description"].endswith("Fix: give each environment a team of its own")
    moved = PLAIN.at(Position("budgets/teams/support.yaml", 99, 1))
    assert json.loads(findings_code_quality([moved]))[0]["fingerprint"] == entry["fingerprint"]
    twice = json.loads(findings_code_quality([PLAIN, moved]))
    assert len({item["fingerprint"] for item in twice}) == 2


@given(st.lists(findings, max_size=6, unique=True))
def test_every_finding_is_an_entry_of_its_own_in_code_quality(listed: list[Finding]) -> None:
    entries = json.loads(findings_code_quality(listed))
    assert len(entries) == len(listed) == len({entry["fingerprint"] for entry in entries})
    assert all(entry["severity"] in ("info", "minor", "major", "critical", "blocker") for entry in entries)
    assert all(entry["location"]["lines"]["begin"] >= 1 for entry in entries)
