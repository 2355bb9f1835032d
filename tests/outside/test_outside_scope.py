"""A pull request that touches a few teams of many, and its merge: only these are read, forecast and changed."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from installed import in_this_process
from memory_over_http import TOKEN, Habits, World, over_http

from reconciler.model.json_text import digest_of

pytestmark = pytest.mark.slow

TEAMS = 500
ENVIRONMENTS = ("prod", "dev", "test")
ORG = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
environments: [prod, dev, test]
"""


def team_text(number: int, *, monthly: str = "100.00", alert: str = "90.00") -> str:
    wallets = "".join(f"  {e}: {{team_id: t{number:03d}-{e}, monthly: {monthly}}}\n" for e in ENVIRONMENTS)
    budgets = f"  - {{name: alert-{number:03d}, amount: {alert}, environment: prod}}\n"
    return f"version: 1\nteam: t{number:03d}\nwallets:\n{wallets}billing_budgets:\n{budgets}"


@dataclass
class Organization:
    """A clone with the budgets of many teams, and the Keeptrusts that they are about."""

    folder: Path
    world: World
    url: str

    def git(self, *arguments: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            **{
                f"GIT_{who}_{what}": f"{who.lower()}@example.org"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
        }
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def kt(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command, in no CI unless `variables` say so."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "KEEPTRUSTS_API_URL": self.url,
            "KEEPTRUSTS_API_TOKEN": TOKEN,
            **variables,
        }
        return in_this_process(*arguments, folder=self.folder, environment=environment)

    def plan(self, *arguments: str, **variables: str) -> dict[str, Any]:
        """Plan, and return plan.json with what was printed under `text` and `stderr`."""
        self.world.reads.clear()
        done = self.kt("plan", "--as-of", "2026-06-18", "--usage", "usage.csv", *arguments, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        document: dict[str, Any] = json.loads((self.folder / "plan.json").read_text())
        return {**document, "text": done.stdout, "stderr": done.stderr}

    def write(self, number: int, **what: str) -> None:
        (self.folder / "budgets" / "teams" / f"t{number:03d}.yaml").write_text(team_text(number, **what))

    def commit(self, words: str) -> str:
        self.git("add", "budgets")
        self.git("commit", "--quiet", "--allow-empty", "-m", words)
        return self.git("rev-parse", "HEAD")

    @property
    def ledgers_read(self) -> int:
        return sum(path.endswith("/transactions") for path in self.world.reads)


PULL_REQUEST = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main"}
PUSH = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push"}


def organization(folder: Path, *, teams: int) -> Iterator[Organization]:
    """Yield an organization whose wallets are funded as its main branch says, all but the last team's."""
    (folder / "budgets" / "teams").mkdir(parents=True)
    (folder / "budgets" / "org.yaml").write_text(ORG)
    (folder / "usage.csv").write_text("id,timestamp,team_id,cost\ne1,2026-06-02T10:00:00Z,t001-prod,3.50\n")
    world = World(
        habits=Habits(page=200), teams={f"t{n:03d}-{e}": f"t{n:03d}" for n in range(teams) for e in ENVIRONMENTS}
    )
    for number in range(teams):
        for environment in ENVIRONMENTS:
            amount = Decimal("40") if number == teams - 1 else Decimal("100")
            world.enter(f"t{number:03d}-{environment}", "allocate", amount, at="2026-06-01T00:00:00Z")
    with over_http(world) as url:
        made = Organization(folder, world, url)
        for number in range(teams):
            made.write(number)
            world.budgets[f"b{number}"] = {
                "id": f"b{number}",
                "name": f"alert-{number:03d}",
                "scope": {"type": "team", "id": f"t{number:03d}-prod"},
                "amount": Decimal("90"),
                "currency": "USD",
                "period": "monthly",
                "alert_percentages": [80, 100],
                "hard_limit": False,
            }
        made.git("init", "--quiet", "--initial-branch=main")
        made.commit("budgets")
        yield made


def unwrapped(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Organization]:
    yield from organization(tmp_path, teams=6)


def test_a_pull_request_that_touches_two_of_500_teams_reads_and_forecasts_these_two(tmp_path: Path) -> None:
    for many in organization(tmp_path, teams=TEAMS):
        many.git("switch", "--quiet", "--create", "raise")
        many.write(7, monthly="150.00")
        many.write(300, alert="80.00")
        many.commit("raise t007, warn t300 earlier")
        scoped = many.plan(**PULL_REQUEST)
        assert many.ledgers_read == 6
        assert scoped["scope"]["teams"] == ["t007", "t300"]
        assert scoped["scope"]["of"] == TEAMS
        assert scoped["scope"]["since"] == many.git("rev-parse", "main")
        assert "This plan is about 2 of 500 teams, t007 and t300, by what differs from" in unwrapped(scoped["text"])
        assert "The other 498 teams were neither read nor forecast." in unwrapped(scoped["text"])
        assert {item["team"] for item in scoped["impact"]} == {"t007", "t300"}
        assert {change["team"] for change in scoped["changes"]} == {"t007", "t300"}
        assert scoped["year"] is None
        assert "forecast not known: this plan looks at 2 of 500 teams" in unwrapped(scoped["text"])
        assert scoped["unmanaged"] == []
        shown = many.kt("show", "plan.json", "--format", "markdown").stdout
        assert "The other 498 teams were neither read nor forecast." in shown


def test_what_is_planned_for_a_team_does_not_depend_on_the_scope(small: Organization) -> None:
    small.write(2, monthly="150.00")
    small.write(4, alert="80.00")
    with (small.folder / "usage.csv").open("a") as usage:
        usage.writelines(f"e2{n},2026-06-{n:02d}T10:00:00Z,t002-prod,2.00\n" for n in range(1, 18))
    scoped, whole = small.plan("--since", "HEAD"), small.plan("--all-teams", **PULL_REQUEST)
    assert whole["scope"] is None
    assert {change["team"] for change in whole["changes"]} == {"t002", "t004", "t005"}
    assert scoped["fingerprints"] == {team: whole["fingerprints"][team] for team in ("t002", "t004")}
    for part in ("changes", "impact", "assumptions"):
        assert scoped[part] == [item for item in whole[part] if item["team"] in ("t002", "t004")]
    assert scoped["spent"].keys() == {f"t{n:03d}-{e}" for n in (2, 4) for e in ENVIRONMENTS}
    assert scoped["year"] == whole["year"] | {"by_usage": 1}
    assert (whole["year"]["wallets"], whole["year"]["by_usage"]) == (2, 0)
    assert "other teams: a quick look at their usage)" in unwrapped(scoped["text"])
    assert "Of the other 4 teams only the usage was looked at, for the year." in unwrapped(scoped["text"])


def test_outside_of_ci_every_team_is_planned_unless_a_commit_is_named(small: Organization) -> None:
    year = small.plan()["year_money"]
    assert Decimal(year["applied"]) - Decimal(year["not_applied"]) == Decimal(year["moved"]) == 180
    small.write(2, monthly="120.00")
    assert small.plan()["scope"] is None
    scoped = small.plan("--since", "main")
    assert scoped["scope"]["teams"] == ["t002"]
    assert small.ledgers_read == 3


def test_a_comment_in_the_yaml_touches_no_team(small: Organization) -> None:
    path = small.folder / "budgets" / "teams" / "t001.yaml"
    path.write_text("# reviewed in June\n" + path.read_text())
    scoped = small.plan("--since", "HEAD")
    assert (scoped["scope"]["teams"], scoped["changes"], scoped["impact"], small.ledgers_read) == ([], [], [], 0)
    assert "This plan is about none of 6 teams" in unwrapped(scoped["text"])


def test_a_change_of_org_yaml_is_about_every_team(small: Organization) -> None:
    (small.folder / "budgets" / "org.yaml").write_text(ORG + "unused: reclaim\n")
    whole = small.plan("--since", "HEAD")
    assert whole["scope"] is None
    assert "every team is planned: org.yaml changed" in whole["stderr"]


def test_without_the_base_of_the_pull_request_every_team_is_planned_and_it_is_said(small: Organization) -> None:
    whole = small.plan(**{**PULL_REQUEST, "GITHUB_BASE_REF": "release"})
    assert whole["scope"] is None
    assert "fetch-depth: 0" in whole["stderr"]


@pytest.mark.parametrize("name", ["nowhere", "--help", "main:budgets", "HEAD^9", ""])
def test_what_is_no_commit_is_refused(small: Organization, name: str) -> None:
    done = small.kt("plan", "--as-of", "2026-06-18", f"--since={name}")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "is no commit" in done.stderr
    assert not (small.folder / "plan.json").exists()


def test_a_team_whose_file_is_removed_is_in_the_scope(small: Organization) -> None:
    (small.folder / "budgets" / "teams" / "t003.yaml").unlink()
    scoped = small.plan("--since", "HEAD")
    later = scoped["scope"].pop("later")
    assert scoped["scope"] == {"since": small.git("rev-parse", "HEAD"), "teams": ["t003"], "of": 6, "unfinished": []}
    assert {(item["environment"], item["before"], item["after"]) for item in later} == {
        (environment, "100.00", None) for environment in ENVIRONMENTS
    }
    assert "t003 / prod (`t003-prod`) leaves the YAML: it is not funded again" in unwrapped(scoped["text"])
    assert scoped["changes"] == []
    assert "team-file-vanished" in {finding["code"] for finding in scoped["findings"]}
    assert {item["key"] for item in scoped["unmanaged"] if item["kind"] == "wallet"} == {
        f"t003-{environment}" for environment in ENVIRONMENTS
    }


def test_after_the_merge_only_what_was_reviewed_is_applied_and_the_rest_is_still_pending(small: Organization) -> None:
    small.git("switch", "--quiet", "--create", "raise")
    small.write(2, monthly="120.00")
    small.commit("raise t002")
    reviewed = small.plan(**PULL_REQUEST)
    small.git("switch", "--quiet", "main")
    small.git("merge", "--quiet", "--no-ff", "-m", "merge", "raise")
    merged = small.plan(**PUSH)
    assert merged["scope"]["teams"] == ["t002"]
    assert merged["fingerprints"] == reviewed["fingerprints"]
    applied = small.kt("apply", "--as-of", "2026-06-18", "--plan", "plan.json", "--format", "json", **PUSH)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert {outcome["team"] for outcome in json.loads(applied.stdout)["outcomes"]} == {"t002"}
    assert small.world.funded("t002-prod", "2026-06") == 120
    assert small.world.funded("t005-prod", "2026-06") == 40
    drift = small.kt("drift", "--as-of", "2026-06-18", "--format", "json")
    items = json.loads(drift.stdout)["items"]
    assert {item["team"] for item in items} == {"t005"}
    again = small.kt("apply", "--as-of", "2026-06-18", "--plan", "plan.json", "--format", "json", **PUSH)
    assert {outcome["status"] for outcome in json.loads(again.stdout)["outcomes"]} == {"already_applied"}


def apply_whole(small: Organization) -> None:
    small.plan("--all-teams")
    done = small.kt("apply", "--as-of", "2026-06-18", "--plan", "plan.json", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_merge_that_was_never_applied_is_in_the_next_plan_after_a_merge(small: Organization) -> None:
    apply_whole(small)
    small.write(1, monthly="110.00")
    small.commit("merged, and its run was cancelled")
    small.write(2, monthly="120.00")
    small.commit("merged after it")
    assert small.plan(**PUSH)["scope"]["teams"] == ["t001", "t002"]


def test_applying_one_team_does_not_declare_what_an_earlier_merge_asked_for(small: Organization) -> None:
    apply_whole(small)
    first = small.git("rev-parse", "HEAD")
    small.write(1, monthly="110.00", alert="95.00")
    skipped = small.commit("merged, and never applied")
    small.write(2, monthly="120.00", alert="70.00")
    last = small.commit("merged and applied")
    small.plan("--since", skipped)
    assert small.kt("apply", "--as-of", "2026-06-18", "--plan", "plan.json").returncode == 0
    drift = small.kt("drift", "--as-of", "2026-06-18", "--format", "json")
    items = json.loads(drift.stdout)["items"]
    assert {(item["class"], item["team"]) for item in items} == {("pending", "t001")}
    scope = small.plan(**PUSH)["scope"]
    assert {(item["team"], item["before"], item["after"]) for item in scope.pop("later")} == {
        ("t001", "100.00", "110.00"),
        ("t002", "100.00", "120.00"),
    }
    assert scope == {"since": first, "teams": ["t001", "t002"], "of": 6, "unfinished": []}
    assert small.kt("apply", "--as-of", "2026-06-18", "--plan", "plan.json").returncode == 0
    assert json.loads(small.kt("drift", "--as-of", "2026-06-18", "--format", "json").stdout)["items"] == []
    assert small.plan(**PUSH)["scope"]["since"] == last


def test_an_alert_that_was_applied_for_one_team_is_deleted_when_its_yaml_drops_it(small: Organization) -> None:
    small.write(2, alert="70.00")
    small.commit("an alert")
    small.plan("--since", "HEAD^")
    assert small.kt("apply", "--as-of", "2026-06-18", "--plan", "plan.json").returncode == 0
    path = small.folder / "budgets" / "teams" / "t002.yaml"
    path.write_text(path.read_text().partition("billing_budgets")[0])
    small.commit("no alert")
    scoped = small.plan("--since", "HEAD^")
    assert [change["kind"] for change in scoped["changes"]] == ["delete_billing_budget"]
    assert small.kt("apply", "--as-of", "2026-06-18", "--plan", "plan.json").returncode == 0
    assert "alert-002" not in {budget["name"] for budget in small.world.budgets.values()}
    assert len(small.world.budgets) == 5


def test_recommendations_for_a_plan_read_the_ledgers_of_its_teams_alone(small: Organization) -> None:
    small.write(2, monthly="120.00")
    small.plan("--since", "HEAD")
    small.world.reads.clear()
    done = small.kt("recommend", "--plan", "plan.json", "--usage", "usage.csv", "--suggestions", "recommended.json")
    assert done.returncode == 0, done.stderr
    assert small.ledgers_read == 3
    assert json.loads((small.folder / "recommended.json").read_text())["format"] == "kt-budgets.suggestions/1"


def test_what_a_run_could_not_do_stays_in_the_plans_after_it_until_it_is_done(small: Organization) -> None:
    apply_whole(small)
    small.write(1, monthly="110.00")
    small.write(2, monthly="120.00")
    small.commit("two teams")
    small.plan(**PUSH)
    small.world.enter("t002-prod", "allocate", Decimal("5"))
    refused = small.kt("apply", "--as-of", "2026-06-18", "--plan", "plan.json", **PUSH)
    assert refused.returncode == 5, refused.stdout + refused.stderr
    drift = small.kt("drift", "--as-of", "2026-06-18", "--format", "json")
    assert drift.returncode == 11
    items = json.loads(drift.stdout)["items"]
    assert {(item["class"], item["team"]) for item in items} == {("pending", "t002")}
    assert "no run has finished it" in items[0]["sentence"]
    small.write(4, monthly="140.00")
    small.commit("another team")
    again = small.plan(**PUSH)
    assert (again["scope"]["teams"], again["scope"]["unfinished"]) == (["t001", "t002", "t004"], ["t002"])
    assert "The last run did not finish t002." in unwrapped(again["text"])
    assert small.kt("apply", "--as-of", "2026-06-18", "--plan", "plan.json", **PUSH).returncode == 0
    assert small.world.funded("t002-prod", "2026-06") == 120
    assert small.kt("drift", "--as-of", "2026-06-18").returncode == 0
    assert small.plan(**PUSH)["scope"]["teams"] == []


def test_after_an_interrupted_run_every_team_is_planned(small: Organization) -> None:
    apply_whole(small)
    first = small.git("rev-parse", "HEAD")
    small.write(1, monthly="150.00")
    small.commit("raise")
    small.plan(**PUSH)
    assert small.kt("apply", "--as-of", "2026-06-18", "--plan", "plan.json", **PUSH).returncode == 0
    journal = small.folder / ".kt-budgets" / "journal"
    *kept, finished = journal.read_text().splitlines(keepends=True)
    assert json.loads(finished)["step"] == "finished"
    journal.write_text("".join(kept))
    last = json.loads(kept[-1])
    journal.with_name("journal.head").write_text(f"{len(kept):012d} {last['digest']}\n")
    small.git("revert", "--no-edit", "HEAD")
    assert small.git("diff", first, "--", "budgets") == ""
    whole = small.plan(**PUSH)
    assert whole["scope"] is None
    assert "the last run did not finish" in whole["stderr"]
    assert {change["team"] for change in whole["changes"]} == {"t001"}


def test_an_applied_commit_that_is_not_in_the_clone_means_that_every_team_is_planned(small: Organization) -> None:
    apply_whole(small)
    small.git("commit", "--quiet", "--amend", "-m", "another history")
    small.git("reflog", "expire", "--expire=now", "--all")
    small.git("gc", "--quiet", "--prune=now")
    small.write(1, monthly="110.00")
    small.commit("one team")
    whole = small.plan(**PUSH)
    assert whole["scope"] is None
    assert "is not in this clone" in whole["stderr"]


@pytest.mark.parametrize("teams", [["t001", "t002"], []], ids=["more", "none"])
def test_a_scope_that_names_other_teams_than_the_plan_is_refused(small: Organization, teams: list[str]) -> None:
    small.write(2, monthly="120.00")
    small.plan("--since", "HEAD")
    saved = small.folder / "plan.json"
    content = {key: value for key, value in json.loads(saved.read_text()).items() if key != "digest"}
    content["scope"]["teams"] = teams
    saved.write_text(json.dumps({**content, "digest": digest_of(content)}))
    done = small.kt("apply", "--as-of", "2026-06-18", "--plan", "plan.json")
    assert done.returncode == 4
    assert "names other teams" in done.stderr
    assert small.world.writes == []


RAISED = "wallets:\n  prod: {team_id: t002-prod, monthly: 100.00, overrides: {2026-10: 175.50}}\n"
PILOT = "plan: {baseline_monthly: 90, planned_demand: [{reason: voice pilot, monthly: 60, from: 2026-10}]}\n"


def in_every_output(small: Organization, *sentences: str) -> None:
    for format_ in ("text", "markdown", "html"):
        shown = unwrapped(small.kt("show", "plan.json", "--format", format_).stdout)
        plain = re.sub(r"<[^>]+>|\*|`", "", shown).replace("→", "->")
        for sentence in sentences:
            assert sentence in plain, (format_, sentence, plain)


@pytest.mark.parametrize(("arguments", "variables"), [((), PULL_REQUEST), (("--all-teams",), PULL_REQUEST), ((), {})])
def test_a_raise_of_a_later_month_is_told_whatever_else_changes_and_wherever_it_is_planned(
    small: Organization, arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    small.git("switch", "--quiet", "--create", "raise")
    (small.folder / "budgets" / "org.yaml").write_text(ORG + "annual_target: 90000.00\n")
    (small.folder / "budgets" / "teams" / "t002.yaml").write_text(f"version: 1\nteam: t002\n{PILOT}{RAISED}")
    (small.folder / "budgets" / "teams" / "t005.yaml").unlink()
    if variables:
        small.commit("raise October")
    plan = small.plan(*arguments, **variables)
    assert plan["scope"] is None
    later = plan["later"]
    targets = {(item["wallet"], item["period"]): (item["before"], item["after"]) for item in later["targets"]}
    assert targets["t002-prod", "2026-10"] == ("100.00", "175.50")
    assert ("t002-prod", "2026-11") not in targets
    assert targets["t005-prod", "2026-07"] == ("100.00", None)
    assert {(item["team"], item["name"]) for item in later["expectations"]} == {
        ("", "annual target"),
        ("t002", "baseline"),
        ("t002", "planned demand, voice pilot"),
    }
    settings = {(item["team"], item["name"]) for item in later["settings"]}
    assert {("t002", "wallet prod, target of 2026-10"), ("t005", "team")} <= settings
    in_every_output(
        small,
        "Later: t002 / prod USD 100 -> 175.50 (75.50 more), October 2026.",
        "t002 expects USD 60 a month more from October 2026, USD 540 by June 2027: planned demand, voice pilot none ->"
        " USD 60.00 a month from 2026-10.",
        "The organization, annual target: none -> USD 90,000.00; it moves no money",
    )


def test_a_change_of_demand_alone_is_never_called_no_changes(small: Organization) -> None:
    apply_whole(small)
    text = team_text(2).replace("wallets:", f"{PILOT}wallets:")
    (small.folder / "budgets" / "teams" / "t002.yaml").write_text(text)
    small.commit("a pilot")
    for arguments in ((), ("--since", "HEAD^")):
        plan = small.plan(*arguments)
        assert plan["changes"] == []
        assert "2 changes, none of which moves money today" in unwrapped(plan["text"])
        assert "June 2026 stays as it is; t002 expects USD 90 a month more" in unwrapped(plan["text"])
        shown = small.kt("show", "plan.json", "--format", "markdown").stdout
        assert "Budget plan: t002 expects USD 90 a month more from June 2026" in shown
        assert "; June 2026 stays as it is" in shown
        assert "Merging moves no money today" in shown
    assert small.kt("apply", "--as-of", "2026-06-18", "--plan", "plan.json").returncode == 0
    assert small.plan()["later"] is None
