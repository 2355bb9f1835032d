"""`kt-budgets calendar`, and the warnings of what ends: every date of the YAML is told once, on its day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run

ORG = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
environments: [prod, dev]
waivers:
  - {guard: largest-change, team: web, max: 900.00, until: 2026-07-18, reason: launch, approved_by: cfo}
acknowledged_drift:
  - {key: team_web, until: 2026-06-10, reason: by hand, approved_by: cfo, team: web}
"""
WEB = """\
version: 1
team: web
plan:
  baseline_monthly: 90.00
  growth: [{reason: launch, rate: 18%, from: 2026-09}]
  cache_hit_rate: {from: 10%, to: 30%, by: 2026-12, since: 2026-08}
  provider_mix: [{reason: cheaper, from: a/b, to: c/d, share: 20%, by: 2027-02, since: 2026-07}]
  planned_demand: [{reason: pilot, monthly: 10.00, from: 2026-07, until: 2026-08}]
  rate_limits: [{reason: capped, daily: 50.00, from: 2026-07}]
wallets:
  prod:
    team_id: team_web
    monthly:
      - {amount: 100.00, from: 2026-06}
      - {amount: 140.00, from: 2026-10}
    overrides: {2026-08: "+20%"}
  dev: {team_id: team_web_dev, monthly: [{amount: 30.00, from: 2026-06, until: 2026-07}]}
"""
DAYS = [
    ("2026-06-10", "acknowledgement", "web", "", None, None, True),
    ("2026-07-01", "plan", "web", "", None, None, False),
    ("2026-07-01", "plan", "web", "", None, None, False),
    ("2026-07-01", "plan", "web", "", None, None, False),
    ("2026-07-18", "waiver", "web", "", None, None, True),
    ("2026-07-31", "target", "web", "dev", "30.00", "0.00", False),
    ("2026-08-01", "plan", "web", "", None, None, False),
    ("2026-08-01", "override", "web", "prod", "100.00", "120.00", False),
    ("2026-09-01", "plan", "web", "", None, None, False),
    ("2026-09-01", "plan", "web", "", None, None, False),
    ("2026-09-01", "override", "web", "prod", "120.00", "100.00", False),
    ("2026-10-01", "target", "web", "prod", "100.00", "140.00", False),
    ("2026-12-31", "plan", "web", "", None, None, False),
    ("2027-02-28", "plan", "web", "", None, None, False),
    ("2027-05-31", "fiscal_year", "", "", None, None, False),
]


@pytest.fixture
def budgets(tmp_path: Path) -> Path:
    folder = tmp_path / "budgets"
    (folder / "teams").mkdir(parents=True)
    (folder / "org.yaml").write_text(ORG, encoding="utf-8")
    (folder / "teams" / "web.yaml").write_text(WEB, encoding="utf-8")
    return folder


def told(kt: Run, budgets: Path, as_of: str) -> list[dict[str, Any]]:
    done = kt("calendar", "--budgets", budgets, "--as-of", as_of, "--format", "json")
    assert done.code == 0, done.err
    entries: list[dict[str, Any]] = json.loads(done.out)["entries"]
    return entries


def test_every_date_is_told_on_its_day_with_its_money(kt: Run, budgets: Path) -> None:
    found = told(kt, budgets, "2026-06-18")

    keys = ("day", "kind", "team", "environment", "before", "after", "soon")
    assert [tuple(each[key] for key in keys) for each in found] == DAYS
    places = {each["what"]: each["position"] for each in found}
    assert places["another step begins"] == "budgets/teams/web.yaml:15:18"
    assert places["+20% for this month"] == "budgets/teams/web.yaml:16:26"
    assert places["demand is 18% more: launch"] == "budgets/teams/web.yaml:5:46"


def test_days_of_single_teams_are_told_alone_and_a_team_that_is_not_there_is_refused(kt: Run, budgets: Path) -> None:
    (budgets / "teams" / "ads.yaml").write_text(WEB.replace("web", "ads"), encoding="utf-8")
    options = ("--budgets", budgets, "--as-of", "2026-06-18", "--format", "json")
    found = json.loads(kt("calendar", "ads", *options).out)["entries"]
    assert {each["team"] for each in found} == {"ads"}
    of_web = [each for each in told(kt, budgets, "2026-06-18") if each["team"] == "web"]
    assert json.loads(kt("calendar", "web", "ads", *options).out)["entries"] != found
    assert json.loads(kt("calendar", "web", *options).out)["entries"] == of_web
    refused = kt("calendar", "wep", *options)
    assert (refused.code, "did you mean `web`?" in refused.err) == (2, True)


def test_months_that_have_begun_are_told_no_more_and_what_is_over_still_is(kt: Run, budgets: Path) -> None:
    found = told(kt, budgets, "2026-10-01")

    assert [(each["day"], each["soon"]) for each in found] == [
        ("2026-06-10", True),
        ("2026-07-18", True),
        ("2026-12-31", False),
        ("2027-02-28", False),
        ("2027-05-31", False),
    ]


def test_what_is_to_be_there_by_a_month_is_told_until_the_month_is_over(kt: Run, budgets: Path) -> None:
    counts = {"2026-12-02": 1, "2026-12-30": 1, "2026-12-31": 0}
    for day, expected in counts.items():
        entries = [each for each in told(kt, budgets, day) if each["what"] == "the cache hit rate is 30%"]
        assert [each["day"] for each in entries] == ["2026-12-31"] * expected


def test_the_text_names_months_money_and_how_soon(kt: Run, budgets: Path) -> None:
    done = kt("calendar", "--budgets", budgets, "--as-of", "2026-06-18")

    assert done.out.startswith("org_acme, what changes after 2026-06-18\n\nJune 2026\n  10  web ")
    assert "\nAugust 2026\n" in done.out
    assert "   1  web / prod    USD 100.00 -> 120.00 a month, +20% for this month\n" in done.out
    assert "up to USD 900.00 for the last time: launch (in 30 days)\n" in done.out
    assert "by hand (is over)\n" in done.out
    assert done.out.endswith("\n2 of these end within 30 days or are over.\n")


def test_a_calendar_without_dates_says_so(kt: Run, tmp_path: Path) -> None:
    (tmp_path / "budgets" / "teams").mkdir(parents=True)
    text = ORG[: ORG.index("waivers:")].replace("2026-06", "2020-06")
    (tmp_path / "budgets" / "org.yaml").write_text(text, encoding="utf-8")
    team = "version: 1\nteam: web\nwallets:\n  prod: {team_id: team_web, monthly: 5}\n"
    (tmp_path / "budgets" / "teams" / "web.yaml").write_text(team, encoding="utf-8")

    done = kt("calendar", "--budgets", tmp_path / "budgets", "--as-of", "2026-06-18")
    assert done.out == "org_acme, what changes after 2026-06-18: nothing that the YAML says\n"


def test_a_calendar_of_files_with_errors_stops_with_every_finding(kt: Run, budgets: Path) -> None:
    (budgets / "teams" / "web.yaml").write_text(WEB.replace("18%", "18"), encoding="utf-8")

    done = kt("calendar", "--budgets", budgets)
    assert done.code == 3
    assert "invalid-percentage" in done.err + done.out


def warnings(kt: Run, budgets: Path, as_of: str) -> list[tuple[str, int, str]]:
    done = kt("validate", "--budgets", budgets, "--as-of", as_of, "--format", "json")
    assert done.code == 0
    found = json.loads(done.out)["findings"]
    return [(each["code"], each["line"], each["message"]) for each in found if each["code"] in ("ends-soon", "is-over")]


WAIVER = "the waiver of `largest-change` for `web`"
ACCEPTED = "the acknowledgement of `team_web`"


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-05-10", []),
        ("2026-05-11", [("ends-soon", 9, f"{ACCEPTED} ends on 2026-06-10, in 30 days: then `drift` tells it again")]),
        ("2026-06-10", [("ends-soon", 9, f"{ACCEPTED} ends on 2026-06-10, today: then `drift` tells it again")]),
        (
            "2026-07-17",
            [
                ("ends-soon", 7, f"{WAIVER} ends on 2026-07-18, in 1 day: then it refuses again"),
                ("is-over", 9, f"{ACCEPTED} ended on 2026-06-10: it lets nothing pass"),
                (
                    "ends-soon",
                    17,
                    "the wallet's last step ends on 2026-07-31, in 14 days: from 2026-08 on it gets nothing",
                ),
            ],
        ),
        (
            "2026-08-01",
            [
                ("is-over", 7, f"{WAIVER} ended on 2026-07-18: it lets nothing pass"),
                ("is-over", 9, f"{ACCEPTED} ended on 2026-06-10: it lets nothing pass"),
                ("is-over", 17, "the wallet gets nothing since 2026-08: its last step is over"),
            ],
        ),
    ],
)
def test_what_ends_within_thirty_days_or_is_over_is_a_warning(
    kt: Run, budgets: Path, as_of: str, expected: list[tuple[str, int, str]]
) -> None:
    assert warnings(kt, budgets, as_of) == expected


def test_the_cure_of_an_end_takes_the_warning_away(kt: Run, budgets: Path) -> None:
    team = budgets / "teams" / "web.yaml"
    cured = WEB.replace("until: 2026-07}]", "until: 2026-07}, {amount: 0.00, from: 2026-08}]")
    team.write_text(cured, encoding="utf-8")

    assert [line for _, line, _ in warnings(kt, budgets, "2026-08-01")] == [7, 9]


def test_errors_name_files_as_they_can_be_opened_from_here_also_in_sentences(
    kt: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {"org": ORG, "teams/web": WEB, "teams/app": WEB.replace("team: web", "team: app")}.items():
        file = tmp_path / "ops" / "money" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(tmp_path)
    for said in (kt("validate", "--budgets", "ops/money").out, kt("calendar", "--budgets", "ops/money").err):
        assert "ops/money/teams/web.yaml:12:14: " in said
        assert "in ops/money/teams/app.yaml" in said
        assert " money/" not in said
