"""Whole folders: what is declared, everything that is wrong at once, and files that are hostile."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source.trees import GOOD, ORGANIZATION, SUPPORT, TEAM, write_tree

from reconciler.findings import Finding, Origin
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, BillingBudgetKey
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.source.load import Loaded, build, load, load_files, read
from reconciler.source.tree import read_tree

EXAMPLE = Path(__file__).parents[2] / "budgets"


def at(loaded: Loaded) -> list[str]:
    return [f"{finding.position} {finding.severity} {finding.code}" for finding in loaded.findings]


def test_the_example_has_no_findings_and_the_numbers_of_the_planning_template() -> None:
    loaded = load(EXAMPLE)

    assert loaded.findings == ()
    assert loaded.desired is not None
    teams = loaded.desired.teams
    table: dict[str, tuple[object, ...]] = {
        name: (
            team.name,
            team.plan.baseline_monthly,
            team.plan.growth[0].rate,
            sum(wallet.usual(Period(2026, 7)) for wallet in team.wallets.values()),
            team.billing_budgets[0].amount,
        )
        for name, team in teams.items()
    }
    assert {
        "support": ("Support", 12000, Decimal("0.18"), 14500, 12500),
        "engineering": ("Engineering", 26000, Decimal("0.10"), 29000, 27000),
        "finance": ("Finance", 4500, Decimal("0.12"), 5200, 4700),
        "legal_ops": ("Legal Ops", 6800, Decimal("0.08"), 7400, 6900),
    } == table
    assert all(set(team.wallets) == {"prod", "dev"} for team in teams.values())


def test_a_valid_folder_becomes_mappings_by_key() -> None:
    desired = load(GOOD).desired

    assert desired is not None
    assert list(desired.wallets) == ["team_support", "team_support_dev"]
    prod = desired.wallets[WalletRef.team("team_support")]
    assert (prod.team, prod.environment, prod.currency) == ("support", "prod", "USD")
    assert prod.origin == Origin("good/teams/support.yaml", ("wallets", "prod"))
    assert Decimal("15000.00") == prod.target(Period(2026, 11)).amount
    assert Decimal("12500.00") == prod.target(Period(2026, 12)).amount
    assert [
        BillingBudgetKey("team", "team_support", "support-monthly"),
        BillingBudgetKey("team", "team_support_dev", "support-dev"),
    ] == list(desired.of(BILLING_BUDGETS))
    assert desired.folder == "good"
    assert desired.tree_digest.startswith("sha256:")


def test_an_absent_team_keeps_its_wallets_with_a_target_of_zero(tmp_path: Path) -> None:
    absent = SUPPORT.replace("name: Support\n", "name: Support\nstate: absent\n")

    desired = load(write_tree(tmp_path, {"teams/support.yaml": absent})).desired

    assert desired is not None
    assert desired.wallets[WalletRef.team("team_support")].target(Period(2026, 6)).amount == 0
    assert desired.of(BILLING_BUDGETS) == {}
    assert len(desired.absent_of(BILLING_BUDGETS)) == 2


def test_a_scope_says_outright_what_is_watched(tmp_path: Path) -> None:
    text = SUPPORT.replace("amount: 2000.00, environment: dev", "amount: 9.00, scope: {type: agent, id: agent_a}")
    team = SUPPORT.replace("amount: 2000.00, environment: dev", "amount: 9.00, scope: {type: team, id: team_support}")

    agent = load(write_tree(tmp_path / "agent", {"teams/support.yaml": text})).desired
    own = load(write_tree(tmp_path / "own", {"teams/support.yaml": team})).desired

    assert agent is not None
    assert own is not None
    assert agent.of(BILLING_BUDGETS)[BillingBudgetKey("agent", "agent_a", "support-dev")].environment is None
    assert own.of(BILLING_BUDGETS)[BillingBudgetKey("team", "team_support", "support-dev")].environment == "prod"


def test_one_wallet_for_everything_is_called_all(tmp_path: Path) -> None:
    loaded = load(write_tree(tmp_path, {"teams/web.yaml": TEAM.format(team="web").replace("prod:", "all:")}))

    assert loaded.findings == ()


def test_a_team_without_wallets_needs_a_scope_for_its_alerts(tmp_path: Path) -> None:
    text = "version: 1\nteam: web\nbilling_budgets:\n  - {name: a, amount: 1.00}\n"

    assert at(load(write_tree(tmp_path, {"teams/web.yaml": text}))) == [
        "budgets/teams/web.yaml:4:5 error billing-budget-without-scope"
    ]


def test_a_team_without_wallets_is_a_warning_with_what_to_add(tmp_path: Path) -> None:
    (found,) = load(write_tree(tmp_path / "none", {"teams/web.yaml": "version: 1\nteam: web\n"})).findings
    assert (str(found.position), found.severity, found.code) == ("budgets/teams/web.yaml:1:1", "warning", "no-wallets")
    assert found.hint.startswith("add `wallets: {prod: {team_id: ITS_KEEPTRUSTS_TEAM, monthly: ITS_MONEY}}`")

    for name, rest in (
        ("mistyped", "walets: {prod: {team_id: a, monthly: 5}}\n"),
        ("broken", "wallets: {prod: {team_id: a, monthly: }}\n"),
        ("flawed", "wallets: !x {prod: {team_id: a, monthly: 5}}\n"),
        ("absent", "state: absent\n"),
    ):
        told = load(write_tree(tmp_path / name, {"teams/web.yaml": f"version: 1\nteam: web\n{rest}"})).findings
        assert "no-wallets" not in {each.code for each in told}


def test_a_missing_amount_is_asked_for_and_a_mistyped_key_is_told_by_its_name_alone(tmp_path: Path) -> None:
    lacking = TEAM.format(team="web").replace(", monthly: 1000.00", "")
    mistyped = TEAM.format(team="web").replace("monthly:", "montly:")
    (missing,) = load(write_tree(tmp_path / "lacking", {"teams/web.yaml": lacking})).findings
    (typo,) = load(write_tree(tmp_path / "mistyped", {"teams/web.yaml": mistyped})).findings
    assert missing.hint.startswith("add `monthly: …` (what the wallet is funded with each month,")
    assert (typo.code, typo.hint) == ("unknown-key", "did you mean `monthly`?")


def test_every_finding_of_every_file_is_there_at_once(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "org.yaml": ORGANIZATION.replace("USD", "usd"),
        "teams/a.yaml": TEAM.format(team="a").replace("1000.00", "-1"),
        "teams/b.yaml": "version: [1\n",
        "teams/c.yaml": b"version: \xff\n",
        "teams/d.yaml": TEAM.format(team="d").replace("team_d", "team_e"),
        "teams/e.yaml": TEAM.format(team="e").replace("monthly", "overrides: {2020-01: 1.00}, monthly"),
        "teams/f.yaml": TEAM.format(team="f") + "billing_budgets:\n"
        "  - {name: x, amount: no}\n  - {name: y, amount: 1, environment: dev}\n",
    }

    assert at(load(write_tree(tmp_path, files))) == [
        "budgets/org.yaml:3:11 error invalid-text",
        "budgets/teams/a.yaml:4:36 error invalid-amount",
        "budgets/teams/b.yaml:2:1 error yaml-syntax",
        "budgets/teams/c.yaml:1:10 error not-utf8",
        "budgets/teams/e.yaml:4:19 error duplicate-wallet",
        "budgets/teams/e.yaml:4:39 error override-outside-fiscal-year",
        "budgets/teams/f.yaml:6:23 error invalid-amount",
        "budgets/teams/f.yaml:7:39 error environment-without-wallet",
    ]


def test_a_broken_organization_does_not_hide_what_is_wrong_in_teams(tmp_path: Path) -> None:
    team = TEAM.format(team="web").replace("prod", "moon").replace("1000.00", "1,000")

    assert at(load(write_tree(tmp_path, {"org.yaml": "version: 1\n", "teams/web.yaml": team}))) == [
        *("budgets/org.yaml:1:1 error missing-key" for _ in range(4)),
        "budgets/teams/web.yaml:4:40 error thousands-separator",
    ]


@pytest.mark.parametrize("broken", ["", "- 1\n", "a: [\n", "version: 1\norganization: {}\nfiscal_year: 2\n"])
def test_teams_are_looked_at_without_a_readable_organization(broken: str, tmp_path: Path) -> None:
    loaded = load(write_tree(tmp_path, {"org.yaml": broken, "teams/web.yaml": TEAM.format(team="wob")}))

    assert "budgets/teams/web.yaml:2:7 error team-file-mismatch" in at(loaded)
    assert any(finding.position.path == "budgets/org.yaml" for finding in loaded.findings)
    assert loaded.desired is None


def test_the_sum_of_all_wallets_is_compared_with_the_annual_target(tmp_path: Path) -> None:
    org = ORGANIZATION.replace("annual_target: 700000.00", "annual_target: 12000.00")
    files = {"org.yaml": org, "teams/a.yaml": TEAM.format(team="a")}
    assert load(write_tree(tmp_path / "fits", files)).findings == ()

    files["teams/b.yaml"] = TEAM.format(team="b").replace("1000.00", "0.00, overrides: {2026-07: 0.01}")
    loaded = load(write_tree(tmp_path / "exceeds", files))

    assert at(loaded) == ["budgets/org.yaml:5:16 warning annual-target-exceeded"]
    assert "USD 12,000.01 in FY2027, USD 0.01 above" in loaded.findings[0].message
    assert "each month counts with its target in the YAML, also where it is over" in loaded.findings[0].message
    assert loaded.desired is not None


def test_an_owner_that_no_forge_knows_can_approve_nothing(tmp_path: Path) -> None:
    org = ORGANIZATION + 'owners: ["@acme/finance", Jane Doe]\napprovals: {finance: ["jane@acme.example"]}\n'
    team = TEAM.format(team="a") + 'owners: [lena, "@acme/ops", "renovate[bot]", acme/finence!, 12 monkeys]\n'
    loaded = load(write_tree(tmp_path, {"org.yaml": org, "teams/a.yaml": team}))

    assert [line.partition(" ")[2] for line in at(loaded)] == ["warning owner-is-nobody"] * 4
    assert [str(finding.position).partition(":")[2] for finding in loaded.findings] == ["7:27", "8:23", "5:46", "5:61"]
    assert "`Jane Doe` is nobody on the forge" in loaded.findings[0].message
    assert [finding.hint for finding in loaded.findings][2:] == [
        "write `@acme/finance`",
        "write `@login` or `@organization/team`",
    ]
    assert loaded.desired is not None


@pytest.mark.parametrize("owner", ["@acme/finance/budgets/leads", "@jane.doe", "_bot_", "acme.io/ops"])
def test_groups_in_groups_and_names_with_dots_are_owners(tmp_path: Path, owner: str) -> None:
    files = {"org.yaml": ORGANIZATION, "teams/a.yaml": TEAM.format(team="a") + f'owners: ["{owner}"]\n'}
    assert load(write_tree(tmp_path, files)).findings == ()


@pytest.mark.parametrize("owner", ["@acme//leads", "@acme/../ops", "@acme/", "/ops", "@.", "@-x"])
def test_what_could_be_no_path_is_no_owner(tmp_path: Path, owner: str) -> None:
    files = {"org.yaml": ORGANIZATION, "teams/a.yaml": TEAM.format(team="a") + f'owners: ["{owner}"]\n'}
    assert [finding.code for finding in load(write_tree(tmp_path, files)).findings] == ["owner-is-nobody"]


def test_a_sum_that_cannot_be_known_whole_says_at_least(tmp_path: Path) -> None:
    org = ORGANIZATION.replace("annual_target: 700000.00", "annual_target: 1.00")
    files = {"org.yaml": org, "teams/a.yaml": TEAM.format(team="a"), "teams/b.yaml": "[]"}

    findings = load(write_tree(tmp_path, files)).findings

    assert "at least USD 12,000.00" in findings[0].message


def test_a_team_is_declared_once(tmp_path: Path) -> None:
    files = {"teams/a.yaml": TEAM.format(team="a"), "teams/b.yaml": "version: 1\nteam: a\nstate: absent\n"}

    assert at(load(write_tree(tmp_path, files))) == [
        "budgets/teams/b.yaml:2:7 error duplicate-team",
        "budgets/teams/b.yaml:2:7 error team-file-mismatch",
    ]


def test_teams_that_differ_by_case_alone_are_found(tmp_path: Path) -> None:
    files = {f"teams/{team}.yaml": TEAM.format(team=team) for team in ("support", "Support")}
    found = load(write_tree(tmp_path, files)).findings
    (clash,) = (finding for finding in found if finding.code == "team-differs-by-case")
    assert "`support` differs from `Support` in budgets/teams/Support.yaml" in clash.message
    assert clash.is_error


@pytest.mark.parametrize(
    ("key", "meant"), [("costs", "`cost`"), ("Timestamp", "`timestamp`"), ("team", "`team_id`"), ("when", None)]
)
def test_a_column_that_cannot_be_mapped_is_named_with_the_one_that_was_meant(
    key: str, meant: str | None, tmp_path: Path
) -> None:
    org = f"{ORGANIZATION}usage: {{columns: {{{key}: x}}}}\n"
    (finding,) = load(write_tree(tmp_path, {"org.yaml": org, "teams/a.yaml": TEAM.format(team="a")})).findings
    assert finding.message == f"`{key}` is not a column of an event that can be mapped"
    assert finding.hint.startswith(f"did you mean {meant}?" if meant else "the keys are: `id`, `timestamp`")


def test_names_in_org_yaml_are_unique(tmp_path: Path) -> None:
    schedule = '{name: weekly, cron: "0 6 * * MON", window: 7d, s3: {bucket: b}}'
    org = ORGANIZATION.replace("[prod, dev]", "[prod, dev, prod]")
    org += f"export_schedules:\n  - {schedule}\n  - {schedule.replace('7d', 'week')}\n  - {schedule}\n"

    assert at(load(write_tree(tmp_path, {"org.yaml": org}))) == [
        "budgets/org.yaml:6:27 error duplicate-environment",
        "budgets/org.yaml:9:49 error invalid-text",
        "budgets/org.yaml:10:12 error duplicate-export-schedule",
    ]


HOSTILE = {
    "empty": (b"", "1:1 error empty-file"),
    "comments only": (b"# nothing\n", "1:1 error empty-file"),
    "a scalar": (b"\nhello\n", "2:1 error not-a-mapping"),
    "a list": (b"- a\n", "1:1 error not-a-mapping"),
    "binary": (b"version: 1\nx: \0\0\n", "2:4 error not-text"),
    "not UTF-8": ("version: 1\nname: Zoë\n".encode("latin-1"), "2:9 error not-utf8"),
    "cut in a character": ("name: ë".encode()[:-1], "1:7 error not-utf8"),
    "UTF-16": (SUPPORT.encode("utf-16"), "1:1 error not-utf8"),
    "too large": (b"#" * (1024 * 1024 + 1), "1:1 error too-large"),
    "deep brackets": (b"a: " + b"[" * 500_000, "1:35 error too-deep"),
    "deep braces": (b"{a: " * 200_000, "1:129 error too-deep"),
    "deep question marks": (b"? " * 500_000, "1:3 error complex-key"),
    "billion laughs": (
        b"a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (k, k, b", ".join([b"*%c" % (k - 1)] * 10)) for k in b"bcdefgh"),
        "4:36 error alias-expansion",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_one_finding_and_hides_nothing_else(kind: str, tmp_path: Path) -> None:
    data, expected = HOSTILE[kind]
    files: dict[str, str | bytes] = {
        "teams/hostile.yaml": data,
        "teams/web.yaml": "version: 1\nteam: wob\nstate: absent\n",
    }

    assert at(load(write_tree(tmp_path, files))) == [
        f"budgets/teams/hostile.yaml:{expected}",
        "budgets/teams/web.yaml:2:7 error team-file-mismatch",
    ]


def test_a_file_of_exactly_one_mebibyte_is_read(tmp_path: Path) -> None:
    data = SUPPORT.encode() + b"#"
    data += b"x" * (1024 * 1024 - len(data))

    assert load(write_tree(tmp_path, {"teams/support.yaml": data})).findings == ()


def test_windows_line_ends_are_a_warning_and_the_file_is_read(tmp_path: Path) -> None:
    text = SUPPORT.replace("\n", "\r\n").replace("montly", "monthly")
    loaded = load(write_tree(tmp_path, {"teams/support.yaml": text}))

    assert at(loaded) == ["budgets/teams/support.yaml:1:11 warning windows-line-ends"]
    assert loaded.desired is not None


def test_a_byte_order_mark_is_an_error_and_the_rest_is_still_checked(tmp_path: Path) -> None:
    text = "\ufeff" + SUPPORT.replace("version: 1\n", "").replace("name: Support\n", "nam: Support\n")

    assert at(load(write_tree(tmp_path, {"teams/support.yaml": text}))) == [
        "budgets/teams/support.yaml:1:1 error byte-order-mark",
        "budgets/teams/support.yaml:1:1 error missing-key",
        "budgets/teams/support.yaml:2:1 error unknown-key",
    ]


def test_a_lone_carriage_return_is_an_error_and_moves_no_line(tmp_path: Path) -> None:
    text = SUPPORT.replace("name: Support\n", "name: Sup\rport\nfoo: 1\n")

    assert at(load(write_tree(tmp_path, {"teams/support.yaml": text}))) == [
        "budgets/teams/support.yaml:3:10 error invisible-character",
        "budgets/teams/support.yaml:4:1 error unknown-key",
    ]


def test_columns_count_characters(tmp_path: Path) -> None:
    text = SUPPORT.replace('owners: ["@acme/support-leads"]', 'owners: ["Zoë 𝔘", 5]')

    assert at(load(write_tree(tmp_path, {"teams/support.yaml": text}))) == [
        "budgets/teams/support.yaml:4:19 error wrong-type"
    ]


def test_small_anchors_are_allowed_and_errors_point_to_where_the_value_is_written(tmp_path: Path) -> None:
    fine = "version: 1\nteam: web\nowners: &all [a]\nplan: {growth: [&g {reason: x, rate: 1%, from: 2026-06}, *g]}\n"
    fine += "state: absent\n"
    bad = fine.replace("1%", "1")

    assert load(write_tree(tmp_path / "fine", {"teams/web.yaml": fine})).findings == ()
    assert at(load(write_tree(tmp_path / "bad", {"teams/web.yaml": bad}))) == [
        "budgets/teams/web.yaml:4:38 error invalid-percentage",
        "budgets/teams/web.yaml:4:38 error invalid-percentage",
    ]


@pytest.mark.parametrize("missing", ["nowhere", "file"])
def test_a_folder_that_is_not_there_is_a_finding(missing: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert at(load(tmp_path / missing)) == [f"{missing}:1:1 error missing-folder"]


def test_a_folder_without_org_yaml_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "budgets").mkdir()

    assert at(load(tmp_path / "budgets")) == ["budgets/org.yaml:1:1 error missing-organization"]


def test_a_folder_is_named_the_same_whatever_way_leads_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_tree(tmp_path, {"teams/web.yaml": "version: 1\nteam: wob\nstate: absent\n"})
    expected = at(load(root))
    monkeypatch.chdir(root)

    assert at(load(Path())) == expected
    assert at(load(Path("teams/.."))) == expected


STRAY = {
    "teams/web.yml": "teams/web.yml:1:1 error file-extension",
    "teams/web.YAML": "teams/web.YAML:1:1 error file-extension",
    "org.yml": "org.yml:1:1 error file-extension",
    "web.yaml": "web.yaml:1:1 error misplaced-file",
    "teams/more/web.yaml": "teams/more/web.yaml:1:1 error misplaced-file",
    "team/web.yaml": "team/web.yaml:1:1 error misplaced-file",
    "teams/web.yaml.orig": "teams/web.yaml.orig:1:1 warning stray-file",
    "control-manifest.yaml": "control-manifest.yaml:1:1 warning second-owner",
}


@pytest.mark.parametrize("name", STRAY)
def test_a_file_that_nothing_reads_is_a_finding(name: str, tmp_path: Path) -> None:
    assert at(load(write_tree(tmp_path, {name: ""}))) == [f"budgets/{STRAY[name]}"]


@pytest.mark.parametrize("name", ["README.md", ".gitkeep", "teams/.web.yaml.swp", "CODEOWNERS", "notes/readme.txt"])
def test_files_for_people_and_tools_are_left_alone(name: str, tmp_path: Path) -> None:
    assert load(write_tree(tmp_path, {name: ""})).findings == ()


def test_a_manifest_beside_the_folder_is_a_second_owner(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"../control-manifest.yml": ""})

    assert at(load(root)) == ["control-manifest.yml:1:1 warning second-owner"]


@pytest.mark.parametrize("name", ["we b", "-web", "zoë", "web\x1b[2J"])
def test_a_team_file_has_a_name_that_a_team_can_have(name: str, tmp_path: Path) -> None:
    loaded = load(write_tree(tmp_path, {f"teams/{name}.yaml": TEAM.format(team="web")}))

    assert [finding.code for finding in loaded.findings] == ["team-file-name", "team-file-mismatch"]


def test_a_link_that_leaves_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("password: hunter2")
    root = write_tree(tmp_path, {"teams/web.yaml": TEAM.format(team="web")})
    (root / "teams" / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (root / "teams" / "lost.yaml").symlink_to(root / "nowhere")
    (root / "teams" / "loop.yaml").symlink_to(root / "teams" / "loop.yaml")
    (root / "teams" / "copy.yaml").symlink_to(root / "teams" / "web.yaml")

    loaded = load(root)

    assert at(loaded) == [
        "budgets/teams/loop.yaml:1:1 error unreadable-file",
        "budgets/teams/lost.yaml:1:1 error unreadable-file",
        "budgets/teams/out.yaml:1:1 error link-outside",
        "budgets/teams/web.yaml:2:7 error duplicate-team",
        "budgets/teams/web.yaml:4:18 error duplicate-wallet",
    ] or at(loaded)[:3] == [
        "budgets/teams/copy.yaml:2:7 error team-file-mismatch",
        "budgets/teams/loop.yaml:1:1 error unreadable-file",
        "budgets/teams/lost.yaml:1:1 error unreadable-file",
    ]
    assert not any("hunter2" in finding.message for finding in loaded.findings)


def test_a_folder_of_teams_that_is_a_link_out_is_not_followed(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"../elsewhere/web.yaml": TEAM.format(team="web")})
    (root / "teams").symlink_to(tmp_path / "elsewhere")

    assert at(load(root)) == ["budgets/teams/web.yaml:1:1 error link-outside"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"teams/web.yaml": TEAM.format(team="web")})
    os.mkfifo(root / "teams" / "pipe.yaml")

    assert at(load(root)) == ["budgets/teams/pipe.yaml:1:1 error unreadable-file"]


def test_a_folder_that_looks_like_a_file_is_misplaced(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"teams/web.yaml/inner.yaml": ""})

    assert at(load(root)) == ["budgets/teams/web.yaml/inner.yaml:1:1 error misplaced-file"]


def test_an_empty_folder_with_the_name_of_a_file_is_a_finding(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {})
    for name in ("teams/web.yaml", "policies/own.yml", "more.yaml"):
        (root / name).mkdir(parents=True)
    (root / "org.yaml").unlink()
    (root / "org.yaml").mkdir()

    assert at(load(root)) == [
        f"budgets/{name}:1:1 error unreadable-file"
        for name in ("more.yaml", "org.yaml", "policies/own.yml", "teams/web.yaml")
    ]


def test_lines_that_end_with_carriage_returns_alone_are_read_and_told_once(tmp_path: Path) -> None:
    team = TEAM.format(team="wob").replace("\n", "\r")

    assert at(load(write_tree(tmp_path, {"teams/web.yaml": team}))) == [
        "budgets/teams/web.yaml:1:11 error carriage-returns",
        "budgets/teams/web.yaml:2:7 error team-file-mismatch",
    ]


def test_a_currency_that_does_not_exist_is_a_warning(tmp_path: Path) -> None:
    def told(currency: str) -> list[str]:
        root = write_tree(tmp_path, {"org.yaml": ORGANIZATION.replace("USD", currency)})
        return [f"{one.position.line} {one.severity} {one.message}; {one.hint}" for one in load(root).findings]

    assert told("ZAR") == []
    assert told("UDS") == ["3 warning `UDS` is no currency of ISO 4217; did you mean `USD`?"]
    (found,) = told("ABC")
    assert found.endswith("; write the currency that Keeptrusts counts your money in, such as USD")


def test_an_alert_on_a_wallet_without_money_is_not_to_be_lowered_to_nothing(tmp_path: Path) -> None:
    team = TEAM.format(team="web").replace("1000.00", "0") + (
        "billing_budgets: [{name: web, amount: 10.00, alert_percentages: [80], environment: prod}]\n"
    )
    (found,) = load(write_tree(tmp_path, {"teams/web.yaml": team})).findings
    assert (found.code, found.hint) == ("alert-above-wallet", "fund the wallet `prod`, or take the alert out")


def test_a_link_that_leads_to_itself_is_a_finding(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {})
    (root / "teams").mkdir(exist_ok=True)
    (root / "teams" / "web.yaml").symlink_to("web.yaml")

    assert at(load(root)) == ["budgets/teams/web.yaml:1:1 error unreadable-file"]


def test_reading_finds_what_loading_finds(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"teams/a.yaml": "a: 1", "teams/b.yaml": TEAM.format(team="b")})

    reading = read(root)
    assert (load(root).findings, 3) == (reading.findings, len(reading.tree.files))


def test_file_order_does_not_matter(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"teams/{name}.yaml": TEAM.format(team=name) for name in "abcde"}

    one = load(write_tree(tmp_path / "one", files))
    other = load(write_tree(tmp_path / "other", dict(reversed(files.items()))))

    assert one == other


@given(cents=st.integers(min_value=0, max_value=999_999_999_999_999), quoted=st.booleans())
def test_money_is_lossless_up_to_thirteen_digits(
    cents: int, quoted: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    literal = f"{cents // 100}.{cents % 100:02d}"
    text = TEAM.format(team="web").replace("1000.00", f'"{literal}"' if quoted else literal)
    org = ORGANIZATION.replace("annual_target: 700000.00\n", "")

    desired = load(write_tree(tmp_path_factory.mktemp("money"), {"org.yaml": org, "teams/web.yaml": text})).desired

    assert desired is not None
    assert literal == str(desired.wallets[WalletRef.team("team_web")].setting.monthly)


def mutations() -> st.SearchStrategy[bytes]:
    """Byte strings that begin as a valid file and have a piece of it replaced."""
    data = SUPPORT.encode()
    piece = st.one_of(st.binary(max_size=8), st.text(max_size=8).map(lambda text: text.encode("utf-8", "replace")))
    return st.tuples(st.integers(0, len(data)), st.integers(0, 12), piece).map(
        lambda change: data[: change[0]] + change[2] + data[change[0] + change[1] :]
    )


@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode()), mutations()))
def test_whatever_a_file_holds_nothing_is_raised(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = write_tree(tmp_path_factory.mktemp("fuzz"), {"teams/support.yaml": data, "org.yaml": data})

    loaded = load(root)

    assert (loaded.desired is None) == any(finding.is_error for finding in loaded.findings)
    assert all(_is_a_place_in(finding, data) for finding in loaded.findings)


def _is_a_place_in(finding: Finding, data: bytes) -> bool:
    return 1 <= finding.position.line <= data.count(b"\n") + data.count(b"\r") + 2 and finding.position.column >= 1


def test_a_folder_around_the_budgets_is_told_which_one_to_name(tmp_path: Path) -> None:
    (tmp_path / "money" / "teams").mkdir(parents=True)
    (tmp_path / "money" / "org.yaml").write_text("version: 1\n", encoding="utf-8")
    (tmp_path / "docs.yaml").write_text("a: 1\n", encoding="utf-8")

    (finding,) = read_tree(tmp_path).findings

    assert (finding.code, finding.hint) == ("missing-organization", f"name it: --budgets {tmp_path / 'money'}")


def test_a_file_that_changes_between_two_readings_is_read_anew_and_one_that_is_put_back_is_known(
    tmp_path: Path,
) -> None:
    root = write_tree(tmp_path, {"teams/support.yaml": SUPPORT})
    before = load(root)
    path = root / "teams" / "support.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "monthly: 5\n", encoding="utf-8")
    assert load(root).findings != before.findings
    path.write_text(text, encoding="utf-8")
    assert load(root) == before


def test_trees_share_what_was_made_of_files_that_are_in_both() -> None:
    files = {
        "org.yaml": ORGANIZATION,
        "teams/support.yaml": SUPPORT,
        "teams/legal.yaml": SUPPORT.replace("support", "legal"),
    }
    contents = {path: text.encode() for path, text in files.items()}
    other = {**contents, "teams/legal.yaml": contents["teams/legal.yaml"] + b"# a word more\n"}
    before, after = (load_files("budgets", each).desired for each in (contents, other))
    assert before is not None
    assert after is not None
    kept = {key for key, wallet in after.wallets.items() if before.wallets[key] is wallet}
    assert kept == {WalletRef.team("team_support"), WalletRef.team("team_support_dev")}


def test_nothing_is_built_of_files_in_which_two_alerts_are_one_or_one_is_about_nothing(tmp_path: Path) -> None:
    alert = "billing_budgets:\n  - {name: spend, amount: 900.00, scope: {type: team, id: team_legal}}\n"
    twice = {f"teams/{team}.yaml": TEAM.format(team=team) + alert for team in ("legal", "sales")}
    nothing = {"teams/legal.yaml": "version: 1\nteam: legal\nbilling_budgets:\n  - {name: spend, amount: 900.00}\n"}
    for name, files in (("twice", twice), ("nothing", nothing)):
        reading = read(write_tree(tmp_path / name, files))
        assert reading.organization is not None
        assert any(finding.is_error for finding in reading.findings)
        with pytest.raises(ValueError, match="the rules said nothing"):
            build(reading.organization, reading.teams, tree=reading.tree)
