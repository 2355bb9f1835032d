"""A corpus of broken team files: each mistake with the line and column it must be found at, and nothing else.

Each case is one change of tests/fixtures/source/good/teams/support.yaml.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from source.trees import SUPPORT, write_tree

from reconciler.source.load import load
from reconciler.source.tree import SourceFile
from reconciler.source.tree_documents import teams_of

CASES = {
    "a key is misspelt": (
        "monthly: 12500.00,",
        "montly: 12500.00,",
        ["15:33 error unknown-key"],
    ),
    "a key is unknown": ("name: Support\n", "name: Support\nslack: here\n", ["4:1 error unknown-key"]),
    "a key is there twice": ("name: Support\n", "name: Support\nname: Help\n", ["4:1 error duplicate-key"]),
    "a key of a wallet is there twice": (
        "monthly: 12500.00,",
        "monthly: 12500.00, monthly: 125.00,",
        ["15:52 error duplicate-key"],
    ),
    "a key is a number": ("  dev: {", "  12: {", ["16:3 error key-not-text", "19:55 error environment-without-wallet"]),
    "a key is a list": ("name: Support", "? [name]\n: Support", ["3:3 error complex-key"]),
    "a merge key is used": ("  dev:", "  <<: {}\n  dev:", ["16:3 error merge-key"]),
    "a python object is asked for": (
        "name: Support",
        "name: !!python/object:os.system Support",
        ["3:7 error yaml-tag"],
    ),
    "a tag is harmless": ("name: Support", "name: !!str Support", ["3:7 error yaml-tag"]),
    "an alias has no anchor": ("name: Support", "name: *support", ["3:7 error unknown-anchor"]),
    "an alias repeats itself": ("owners: [", "owners: &all [*all, ", ["4:15 error recursive-alias"]),
    "a mapping is left empty": (
        "plan:\n  baseline_monthly: 12000.00",
        "plan:\n  baseline_monthly:",
        ["6:20 error empty-value"],
    ),
    "an item is left empty": ('["@acme/support-leads"]', "[~]", ["4:10 error empty-value"]),
    "an amount is negative": ("monthly: 12500.00,", "monthly: -12500.00,", ["15:42 error invalid-amount"]),
    "an amount has three decimals": ("monthly: 12500.00,", "monthly: 12.500,", ["15:42 error invalid-amount"]),
    "an amount has an exponent": ("monthly: 12500.00,", "monthly: 1.25e4,", ["15:42 error number-notation"]),
    "an amount has an underscore": ("monthly: 12500.00,", "monthly: 12_500,", ["15:42 error invalid-amount"]),
    "an amount has a thousands separator in brackets": (
        "monthly: 12500.00,",
        "monthly: 12,500.00,",
        ["15:45 error thousands-separator"],
    ),
    "an override has a thousands separator in brackets": (
        "overrides: {2026-11: 15000.00",
        "overrides: {2026-11: 15,000.00",
        ["15:76 error thousands-separator"],
    ),
    "an amount of an alert has a thousands separator": (
        "amount: 12500.00",
        "amount: 13,500.00",
        ["18:40 error thousands-separator"],
    ),
    "an amount has a decimal comma in brackets": (
        "monthly: 12500.00,",
        "monthly: 12500,50,",
        ["15:48 error decimal-comma"],
    ),
    "a percentage has a decimal comma in brackets": (
        "rate: 18%,",
        "rate: 18,5%,",
        ["8:42 error invalid-percentage", "8:45 error decimal-comma"],
    ),
    "an amount has a thousands separator in quotes": (
        "monthly: 12500.00,",
        'monthly: "12,500.00",',
        ["15:42 error invalid-amount"],
    ),
    "an amount has its currency": ("monthly: 12500.00,", "monthly: USD 12500,", ["15:42 error invalid-amount"]),
    "an amount is infinite": ("monthly: 12500.00,", "monthly: .inf,", ["15:42 error number-notation"]),
    "an amount is not a number": ("monthly: 12500.00,", "monthly: .NaN,", ["15:42 error number-notation"]),
    "an amount is hexadecimal": ("monthly: 12500.00,", "monthly: 0x30D4,", ["15:42 error number-notation"]),
    "an amount has leading zeros": ("monthly: 12500.00,", "monthly: 0012500,", ["15:42 error number-notation"]),
    "an amount is huge": ("monthly: 12500.00,", "monthly: " + "9" * 400 + ",", ["15:42 error invalid-amount"]),
    "an amount is true": ("monthly: 12500.00,", "monthly: true,", ["15:42 error invalid-amount"]),
    "an amount is a list": ("monthly: 12500.00,", "monthly: [12500.00],", ["15:42 error invalid-amount"]),
    "a percentage has no sign": ("18%", "18", ["8:42 error invalid-percentage"]),
    "a percentage is a fraction": ("18%", "0.18", ["8:42 error invalid-percentage"]),
    "a percentage is in words": ("18%", "18 percent", ["8:42 error invalid-percentage"]),
    "a share is above the whole": ("share: 30%", "share: 130%", ["11:78 error invalid-percentage"]),
    "a rate loses more than everything": ("18%", "-101%", ["8:42 error invalid-percentage"]),
    "a month has one digit": ("by: 2026-12", "by: 2026-2", ["9:44 error invalid-month"]),
    "a month is a number": ("by: 2026-12", "by: 202612", ["9:44 error invalid-month"]),
    "an override is in no month": ("2026-11: 15000.00", "2026-13: 15000.00", ["15:64 error invalid-key"]),
    "an override is in another fiscal year": (
        "2026-11: 15000.00",
        "2027-06: 15000.00",
        ["15:64 error override-outside-fiscal-year"],
    ),
    "a switch is a word": ("hard_limit: false", "hard_limit: no", ["18:89 error wrong-type"]),
    "a switch is quoted": ("hard_limit: false", 'hard_limit: "false"', ["18:89 error wrong-type"]),
    "a whole number is quoted": ("[80, 100]", '["80", 100]', ["18:67 error wrong-type"]),
    "a whole number has decimals": ("[80, 100]", "[80.0, 100]", ["18:67 error wrong-type"]),
    "a percentage of an alert has its sign": ("[80, 100]", "[80%, 100]", ["18:67 error wrong-type"]),
    "an alert is at zero": ("[80, 100]", "[0, 100]", ["18:67 error out-of-range"]),
    "a list is a number": ("[80, 100]", "80", ["18:66 error wrong-type"]),
    "a list is a mapping": ('["@acme/support-leads"]', "{a: b}", ["4:9 error wrong-type"]),
    "a mapping is a list": (
        "cache_hit_rate: {from: 14%, to: 28%, by: 2026-12}",
        "cache_hit_rate: [14%, 28%]",
        ["9:19 error wrong-type"],
    ),
    "text is a number": ("name: Support", "name: 2026", ["3:7 error wrong-type"]),
    "text is empty": ("name: Support", 'name: ""', ["3:7 error invalid-text"]),
    "text is too long": ("name: Support", "name: " + "x" * 201, ["3:7 error invalid-text"]),
    "text breaks the line": ("name: Support", 'name: "Sup\\nport"', ["3:7 error control-character"]),
    "text holds an escape sequence": ("name: Support", 'name: "\\e[2JSupport"', ["3:7 error control-character"]),
    "text turns its direction": ("name: Support", "name: Sup\u202eport", ["3:10 error invisible-character"]),
    "text holds a line separator": ("name: Support", "name: Sup\u2028port", ["3:10 error invisible-character"]),
    "text holds a bell": ("name: Support", "name: Sup\x07port", ["3:10 error invisible-character"]),
    "a choice is misspelt": ("lane: off_peak", "lane: offpeak", ["13:67 error invalid-choice"]),
    "a choice is unknown": ("name: Support\n", "name: Support\nstate: gone\n", ["4:8 error invalid-choice"]),
    "the version is quoted": ("version: 1", 'version: "1"', ["1:10 error unknown-version"]),
    "the version is true": ("version: 1", "version: true", ["1:10 error unknown-version"]),
    "the version is unknown": ("version: 1", "version: 2", ["1:10 error unknown-version"]),
    "the version is missing": ("version: 1\n", "", ["1:1 error missing-key"]),
    "a wallet has no team id": ("team_id: team_support, ", "", ["15:9 error missing-key"]),
    "a wallet id has a blank": ("team_id: team_support,", "team_id: team support,", ["15:19 error invalid-text"]),
    "an environment is misspelt": (
        "  dev: {",
        "  devv: {",
        ["16:3 error unknown-environment", "19:55 error environment-without-wallet"],
    ),
    "an environment is unknown": (
        "  dev: {",
        "  staging: {",
        ["16:3 error unknown-environment", "19:55 error environment-without-wallet"],
    ),
    "all stands beside others": (
        "  dev: {",
        "  all: {",
        ["16:3 error all-beside-others", "19:55 error environment-without-wallet"],
    ),
    "two wallets share a team id": ("team_support_dev", "team_support", ["16:18 error duplicate-wallet"]),
    "two alerts are the same": (
        "support-dev, amount: 2000.00, environment: dev",
        "support-monthly, amount: 2000.00",
        ["19:12 error duplicate-billing-budget"],
    ),
    "the team is not the file": ("team: support\n", "team: suport\n", ["2:7 error team-file-mismatch"]),
    "an alert watches no wallet": (
        "environment: dev",
        "environment: stage",
        ["19:55 error environment-without-wallet"],
    ),
    "an alert watches two things": (
        "environment: dev",
        "environment: dev, scope: {type: agent, id: agent_a}",
        ["19:42 error scope-and-environment"],
    ),
    "an alert is above its wallet": ("amount: 12500.00", "amount: 13000.00", ["18:37 warning alert-above-wallet"]),
    "an alert cannot fire": ("[80, 100]", "[80, 120]", ["18:71 warning alert-cannot-fire"]),
    "an alert comes after the hard limit": (
        "[80, 100], hard_limit: false",
        "[80, 120], hard_limit: true",
        ["18:71 warning alert-cannot-fire"],
    ),
    "an alert is there twice": ("[80, 100]", "[80, 80]", ["18:71 warning duplicate-alert"]),
    "a budget never alerts": ("[80, 100]", "[]", ["18:66 warning no-alerts"]),
    "a lever is over before the year": ("by: 2026-12", "by: 2026-05", ["9:44 warning before-fiscal-year"]),
    "growth is before the year": ("from: 2026-06", "from: 2026-05", ["8:53 warning before-fiscal-year"]),
    "a lever ends before it begins": ("by: 2026-12", "by: 2026-12, since: 2026-12", ["9:44 error months-reversed"]),
    "demand ends before it begins": ("lane: off_peak", "until: 2026-09", ["13:68 error months-reversed"]),
    "a mix moves too much": (
        "share: 30%, by: 2026-09}",
        "share: 60%, by: 2026-09}\n    - {reason: more, from: openai/gpt-4o, to: x/y, share: 50%, by: 2026-09}",
        ["12:59 error mix-above-whole"],
    ),
    "a mix moves onto itself": ("to: openai/gpt-4o-mini", "to: openai/gpt-4o", ["11:51 error mix-onto-itself"]),
    "growth is more than the wallets hold": ("18%", "30%", ["6:21 warning wallets-below-plan"]),
    "demand is more than the wallets hold": (
        "monthly: 300.00",
        "monthly: 3000.00",
        ["6:21 warning wallets-below-plan"],
    ),
    "brackets stay open": ("owners: [", "owners: [[", ["5:1 error yaml-syntax"]),
    "quotes stay open": ("name: Support", 'name: "Support', ["4:11 error yaml-syntax"]),
    "indentation is wrong": ("  baseline_monthly", "\tbaseline_monthly", ["6:1 error yaml-syntax"]),
    "text holds a colon": ("name: Support", "name: Support: us", ["3:14 error yaml-syntax"]),
    "text begins with an at sign": ('"@acme/support-leads"', "@acme/support-leads", ["4:10 error yaml-syntax"]),
    "a second document follows": ("wallets:", "---\nwallets:", ["14:1 error several-documents"]),
    "several things are wrong at once": (
        "version: 1\nteam: support\nname: Support",
        "version: 3\nteam: support\nnam: Support\nstate: gone",
        ["1:10 error unknown-version", "3:1 error unknown-key", "4:8 error invalid-choice"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_found_at_its_line_and_column(case: str, tmp_path: Path) -> None:
    old, new, expected = CASES[case]
    assert old in SUPPORT

    loaded = load(write_tree(tmp_path, {"teams/support.yaml": SUPPORT.replace(old, new, 1)}))

    assert [f"{f.position.line}:{f.position.column} {f.severity} {f.code}" for f in loaded.findings] == expected
    assert {finding.position.path for finding in loaded.findings} == {"budgets/teams/support.yaml"}
    assert (loaded.desired is None) == any(finding.is_error for finding in loaded.findings)


@pytest.mark.parametrize("case", CASES)
def test_every_finding_has_a_sentence_and_a_cure(case: str, tmp_path: Path) -> None:
    old, new, _ = CASES[case]

    loaded = load(write_tree(tmp_path, {"teams/support.yaml": SUPPORT.replace(old, new, 1)}))

    for finding in loaded.findings:
        assert finding.message
        assert finding.hint
        assert len(finding.message) < 400


def test_what_another_process_reads_of_a_file_comes_back_as_it_is() -> None:
    """Large folders are read by several processes."""
    texts = [SUPPORT, *(SUPPORT.replace(old, new) for old, new, _ in CASES.values())]
    files = [SourceFile("budgets/teams/support.yaml", "teams/support.yaml", text.encode()) for text in texts]
    documents = [(document.flaws, document.shape) for document in teams_of(files)]
    again = pickle.loads(pickle.dumps(documents, pickle.HIGHEST_PROTOCOL))  # noqa: S301
    assert again == documents
