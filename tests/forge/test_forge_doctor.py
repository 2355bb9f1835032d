"""`kt-budgets doctor` on a desk with git, a Keeptrusts over HTTP and a GitHub, in order and with every unkind fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT, BudgetRepository
from forge.github_standin import State, answer
from forge.gitlab_state import GitLabState
from forge.host import Host
from forge.sandbox_desk import DAY, SandboxDesk, sandbox_desk
from published import document_of
from relay import Relay, relaying

from reconciler.findings import ExitCode
from reconciler.forge.github.ruleset import ruleset
from reconciler.sandbox.faults import Error, Faults

HEADER = "id,timestamp,team_id,provider,model,workload,cost,input_tokens\n"
PRICED = "e1,2026-06-10T12:00:00Z,team_support,openai,gpt-4o,answers,10.00,1000\n"
READY = ORGANIZATION.replace("fiscal_year", "journal: git:origin\nfiscal_year")


class Clinic(SandboxDesk):
    """A desk at which everything is in order, until a test sees to it that something is not."""

    relay: Relay
    place: Path

    def doctor(self, *options: str) -> dict[str, Any]:
        """Run doctor, and return its document; `code` is what it exited with."""
        self.code = self.kt("doctor", "--as-of", DAY, "--format", "json", *options)
        found: dict[str, Any] = json.loads(self.output)
        assert found["exit_code"] == self.code
        return found

    def seen(self, *options: str) -> dict[str, list[dict[str, Any]]]:
        """Run doctor on a file of usage, and return what it saw by check."""
        by_check: dict[str, list[dict[str, Any]]] = {}
        for one in self.doctor("--usage", str(self.place / "usage.csv"), *options)["checks"]:
            by_check.setdefault(one["check"], []).append(one)
        return by_check

    def use(self, rows: str) -> None:
        (self.place / "usage.csv").write_text(HEADER + rows, encoding="utf-8")


@pytest.fixture
def faults() -> Faults | None:
    return None


@pytest.fixture
def clinic(
    tmp_path: Path,
    github: State,
    github_url: str,
    faults: Faults | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Clinic]:
    github.rules = ruleset(is_github_com=True)["rules"]
    github.members = {
        (f"acme/{team}", login) for team in ("support-leads", "finance", "platform") for login in ("dana", "erin")
    }
    files = {"budgets/org.yaml": READY, "budgets/teams/support.yaml": SUPPORT}
    repository = BudgetRepository.create(tmp_path, files)
    monkeypatch.chdir(repository.folder)
    with ExitStack() as stack:
        desk = stack.enter_context(sandbox_desk(repository, github, github_url, capsys, faults=faults))
        desk.__class__ = Clinic
        assert isinstance(desk, Clinic)
        desk.place = tmp_path
        desk.relay = stack.enter_context(relaying(desk.sandbox.url))
        del desk.variables["KT_BUDGETS_JOURNAL"]
        desk.variables |= {"KEEPTRUSTS_API_URL": desk.relay.url, "KEEPTRUSTS_API_TOKEN": desk.sandbox.read_token}
        desk.use(PRICED)
        yield desk


def statuses(seen: dict[str, list[dict[str, Any]]], *names: str) -> list[str]:
    return [one["status"] for name in names for one in seen[name]]


def failures(seen: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    return {name: one["exit_code"] for name, found in seen.items() for one in found if one["status"] == "failed"}


def test_where_all_is_in_order_nothing_fails_and_nothing_is_changed(clinic: Clinic) -> None:
    seen = clinic.seen()
    assert clinic.code == ExitCode.DONE, clinic.output
    assert failures(seen) == {}
    assert set(statuses(seen, "token", "organization", "clock", "export", "journal-push", "protection")) == {"passed"}
    assert statuses(seen, "approvers") == ["passed", "passed"]
    assert {method for method, _ in clinic.relay.asked} == {"GET"}
    assert "refs/kt-budgets" not in clinic.repository.git("ls-remote", "origin")


def test_without_usage_the_one_write_is_an_export_job(clinic: Clinic) -> None:
    clinic.doctor()
    assert [asked for asked in clinic.relay.asked if asked[0] != "GET"] == [("POST", "/v1/exports/jobs")]
    assert "asks Keeptrusts for one export job" in clinic.errors
    assert "refs/kt-budgets/doctor" in clinic.errors


def test_without_probe_doctor_only_reads(clinic: Clinic) -> None:
    hook = clinic.repository.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    seen = {one["check"]: one for one in clinic.doctor("--no-probe")["checks"]}
    assert {method for method, _ in clinic.relay.asked} == {"GET"}
    assert {seen[name]["status"] for name in ("export", "coverage", "journal-push")} == {"not_checked"}
    assert "--usage" in seen["export"]["fix"]
    assert "--no-probe" not in clinic.errors


def test_an_expired_token_is_named_and_all_else_is_looked_at(clinic: Clinic) -> None:
    clinic.variables["KEEPTRUSTS_API_TOKEN"] = "kt_expired_1234567890"
    seen = clinic.seen()
    assert failures(seen) == {"token": ExitCode.REMOTE}
    assert "KEEPTRUSTS_API_TOKEN" in seen["token"][0]["fix"]
    assert set(statuses(seen, "wallets", "ledgers", "export", "other-funders")) == {"not_checked"}
    assert set(statuses(seen, "clock", "journal", "journal-push", "protection")) == {"passed"}
    assert "kt_expired" not in clinic.output + clinic.errors


def test_a_token_of_another_organization_is_named_with_both(clinic: Clinic) -> None:
    clinic.repository.write({"budgets/org.yaml": READY.replace("org_acme", "org_other")})
    seen = clinic.seen()
    assert failures(seen) == {"organization": ExitCode.REMOTE}
    assert "`org_acme`" in seen["organization"][0]["message"]
    assert "`org_other`" in seen["organization"][0]["message"]


@pytest.mark.parametrize(("minutes", "status"), [(0, "passed"), (1, "warning"), (10, "failed"), (-10, "failed")])
def test_a_clock_that_is_off_is_told_with_its_minutes(clinic: Clinic, minutes: int, status: str) -> None:
    clinic.relay.ahead = timedelta(minutes=minutes)
    (found,) = clinic.seen()["clock"]
    assert found["status"] == status
    assert clinic.code == (ExitCode.LOCKED if status == "failed" else ExitCode.DONE)
    if abs(minutes) == 10:
        assert " 10 min " in found["message"] or " 9 min 5" in found["message"]
        assert ("behind" if minutes > 0 else "ahead of") in found["message"]


@pytest.mark.parametrize("faults", [Faults(faults=(Error(route="/v1/exports/jobs", when="before", status=503),))])
def test_an_export_job_that_fails_is_told_and_what_needs_it_is_not_guessed(clinic: Clinic) -> None:
    found = {one["check"]: one for one in clinic.doctor()["checks"]}
    assert clinic.code == ExitCode.REMOTE
    assert found["export"]["status"] == "failed"
    assert "503" in found["export"]["message"]
    assert {found[name]["status"] for name in ("unpriced", "unattributed", "coverage")} == {"not_checked"}


def test_an_export_job_that_ends_as_failed_is_told(clinic: Clinic) -> None:
    clinic.relay.alter = lambda text: text.replace('"status":"completed"', '"status":"FAILED","error":"out of space"')
    found = {one["check"]: one for one in clinic.doctor()["checks"]}
    assert (found["export"]["status"], clinic.code) == ("failed", ExitCode.REMOTE)
    assert "is failed: out of space" in found["export"]["message"]


def test_before_there_is_anything_every_line_says_how_to_begin(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nothing").mkdir()
    monkeypatch.chdir(tmp_path / "nothing")
    clinic.variables |= {"KEEPTRUSTS_API_TOKEN": "", "GITHUB_TOKEN": ""}
    seen = clinic.seen()
    assert failures(seen) == {"budgets": ExitCode.FINDINGS, "token": ExitCode.REMOTE}
    assert "kt-budgets init" in seen["budgets"][0]["fix"]
    assert seen["clock"][0]["message"] == "Keeptrusts gave no answer"
    assert all(one["message"] for found in seen.values() for one in found)


def test_columns_that_are_called_otherwise_name_the_setting(clinic: Clinic) -> None:
    (clinic.place / "usage.csv").write_text("id,ts,team,amount_usd\ne1,2026-06-10T12:00:00Z,team_support,3.5\n")
    (found,) = clinic.seen()["export"]
    assert (found["status"], clinic.code) == ("failed", ExitCode.USAGE)
    assert "columns" in found["fix"]
    assert "amount_usd" in found["fix"]


def test_unpriced_unattributed_and_uncovered_spend_is_told_in_money(clinic: Clinic) -> None:
    clinic.use(
        PRICED
        + "e2,2026-06-11T12:00:00Z,team_support,openai,new,answers,0,500\n"
        + "e3,2026-06-11T12:00:00Z,team_support,openai,gpt-4o,,2.00,1\n"
        + "e4,2026-06-11T12:00:00Z,team_shadow,openai,gpt-4o,answers,4.00,1\n"
    )
    seen = clinic.seen()
    assert statuses(seen, "unpriced", "unattributed", "coverage") == ["warning"] * 3
    assert "USD 7.98" in seen["unpriced"][0]["message"]
    assert "USD 2.00 (12.5%) names no workload" in seen["unattributed"][0]["message"]
    assert "USD 12.00 of USD 16.00 spent, 75.0%" in seen["coverage"][0]["message"]
    assert "team_shadow" in seen["coverage"][0]["message"]
    assert clinic.code == ExitCode.DONE


def test_a_journal_that_takes_no_push_is_found_out(clinic: Clinic) -> None:
    hook = clinic.repository.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho read-only >&2\nexit 1\n")
    hook.chmod(0o755)
    seen = clinic.seen()
    assert failures(seen) == {"journal-push": ExitCode.REMOTE}
    assert statuses(seen, "journal") == ["passed"]
    assert "refs/kt-budgets/*" in seen["journal-push"][0]["fix"]


def test_a_remote_that_forbids_deletion_can_keep_a_journal(clinic: Clinic) -> None:
    clinic.repository.git("--git-dir", str(clinic.repository.remote), "config", "receive.denyDeletes", "true")
    for _ in range(2):
        assert statuses(clinic.seen(), "journal-push") == ["passed"]


def test_an_unprotected_branch_and_missing_approvers_refuse(clinic: Clinic, github: State) -> None:
    github.rules = []
    github.members = {("acme/finance", "dana")}
    github.teams = {"acme/support-leads", "acme/platform"}
    seen = clinic.seen()
    assert failures(seen) == {"protection": ExitCode.REFUSED, "approvers": ExitCode.REFUSED}
    assert "gh api repos/acme/ai-budgets/rulesets" in seen["protection"][0]["fix"]
    assert sorted(one["status"] for one in seen["approvers"]) == ["failed", "warning"]


def test_owners_whose_team_may_only_be_out_of_sight_are_not_said_to_approve(clinic: Clinic, github: State) -> None:
    github.members = {("acme/finance", "dana"), ("acme/finance", "bob"), ("acme/platform", "dana")}
    for _ in range(9):
        github.fail(r"GET /orgs/acme/teams", answer(404))
    seen = clinic.seen()
    unread = [one for one in seen["approvers"] if one["status"] == "not_checked"]
    assert unread, seen["approvers"]
    assert all("cannot be read, so that no approval counts as theirs" in one["message"] for one in unread)
    assert all("KT_BUDGETS_MEMBERS_TOKEN" in one["fix"] for one in unread)


def test_a_token_that_ends_soon_is_a_warning_and_all_else_is_looked_at(
    clinic: Clinic, gitlab: GitLabState, gitlab_url: str
) -> None:
    ends = datetime.now(UTC).date() + timedelta(days=9)
    gitlab.token_ends, gitlab.members = ends.isoformat(), clinic.github.members
    clinic.variables |= Host(gitlab, gitlab_url).variables
    seen = clinic.seen("--repo", gitlab.repository)
    assert statuses(seen, "forge", "protection", "approvers") == ["passed", "warning", "passed", "passed", "passed"]
    assert f"the token in GITLAB_TOKEN ends on {ends}" in seen["forge"][1]["message"]
    assert "rotate it" in seen["forge"][1]["fix"]
    assert clinic.code == ExitCode.DONE


def test_without_a_token_of_the_forge_nobody_guesses(clinic: Clinic) -> None:
    clinic.variables |= {"GITHUB_TOKEN": ""}
    seen = clinic.seen()
    assert set(statuses(seen, "forge", "protection", "approvers")) == {"not_checked"}
    assert "GITHUB_TOKEN" in seen["forge"][0]["fix"]
    assert clinic.code == ExitCode.DONE


@pytest.mark.parametrize(
    "address",
    [
        "git@github.com:acme/ai-budgets.git",
        "https://x:y@github.com/acme/ai-budgets",
        "ssh://git@github.com:22/acme/ai-budgets.git",
    ],
)
def test_the_repository_is_that_of_origin_where_nobody_names_one(clinic: Clinic, address: str) -> None:
    clinic.variables |= {"GITHUB_REPOSITORY": "", "GITHUB_SERVER_URL": "https://github.com"}
    clinic.repository.git("remote", "add", "upstream", str(clinic.repository.remote))
    clinic.repository.git("remote", "set-url", "origin", address)
    clinic.repository.write({"budgets/org.yaml": READY.replace("git:origin", "git:upstream")})
    seen = clinic.seen()
    assert "acme/ai-budgets" in seen["forge"][0]["message"]
    assert statuses(seen, "protection") == ["passed"]


def test_a_repository_elsewhere_is_not_guessed(clinic: Clinic) -> None:
    clinic.variables |= {"GITHUB_REPOSITORY": ""}
    seen = clinic.seen()
    assert statuses(seen, "forge") == ["not_checked"]
    assert "--repo" in seen["forge"][0]["fix"]


def test_money_from_elsewhere_is_told_by_wallet(clinic: Clinic) -> None:
    clinic.by_hand(700.0)
    (found,) = clinic.seen()["other-funders"]
    assert found["status"] == "warning"
    assert "support/prod (+700.00)" in found["message"]


def test_money_that_was_adopted_came_from_nowhere_else(clinic: Clinic) -> None:
    clinic.by_hand(700.0)
    wallet = SUPPORT.partition("billing_budgets")[0].replace("10500.00", "700.00")
    clinic.repository.write({"budgets/teams/support.yaml": wallet})
    clinic.repository.commit("As it is")
    assert clinic.kt("adopt", "--as-of", DAY) == ExitCode.DONE, clinic.errors
    assert statuses(clinic.seen(), "other-funders") == ["passed"]
    clinic.by_hand(5.0)
    (found,) = clinic.seen()["other-funders"]
    assert "support/prod (+705.00)" in found["message"]


@pytest.mark.parametrize(
    ("old", "new", "check", "setting"),
    [
        ('"description"', '"note"', "descriptions", "api: {description_field: note}"),
        ('"type":"allocate"', '"type":"budget_grant"', "ledgers", "api: {ledger_types: {budget_grant: allocate}}"),
        ('"amount":10500', '"amount":1050000', "amounts", "no setting"),
        ('"balance"', '"funds"', "ledgers", "no setting"),
        ('"data"', '"lists":{},"few":[],"many"', "wallets", "--record"),
        ("T", "T", "token", ""),
    ],
)
def test_what_differs_from_the_contract_names_the_setting(
    clinic: Clinic, old: str, new: str, check: str, setting: str
) -> None:
    clinic.by_hand(10500.0)
    clinic.relay.alter = lambda text: text.replace(old, new)
    seen = clinic.seen()
    told = [one for one in seen[check] if one["status"] == "failed"]
    assert bool(told) == (old != new)
    assert all(setting in one["fix"] for one in told), told


def test_an_api_below_another_address_names_the_option(clinic: Clinic) -> None:
    clinic.variables["KEEPTRUSTS_API_URL"] += "/elsewhere"
    (found,) = clinic.seen()["token"]
    assert found["status"] == "failed"
    assert "--api-url or KEEPTRUSTS_API_URL" in found["fix"]


def test_everything_at_once_is_told_at_once_without_a_secret(clinic: Clinic, github: State) -> None:
    github.rules = []
    clinic.relay.ahead = timedelta(minutes=-10)
    clinic.relay.alter = lambda text: text.replace('"description"', '"note"')
    clinic.by_hand(5.0)
    clinic.repository.write({"control-manifest.yaml": "budgets: []\n"})
    hook = clinic.repository.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    seen = clinic.seen()
    assert set(failures(seen)) == {"clock", "descriptions", "journal-push", "protection"}
    assert statuses(seen, "control-manifest") == ["warning"]
    assert clinic.code == ExitCode.REMOTE
    for secret in (clinic.sandbox.read_token, clinic.sandbox.billing_token, "ghs_actions"):
        assert secret not in clinic.output + clinic.errors
    assert clinic.kt("doctor", "--as-of", DAY, "--usage", str(clinic.place / "usage.csv")) == ExitCode.REMOTE
    assert "why: " in clinic.output
    assert "fix: " in clinic.output


def test_answers_are_recorded_without_names_and_tokens(clinic: Clinic) -> None:
    clinic.by_hand(700.0)
    folder = clinic.place / "recorded"
    document = clinic.doctor("--record", str(folder))
    assert document["recorded"] == [str(folder / "answers.json")]
    text = (folder / "answers.json").read_text(encoding="utf-8")
    kept = document_of(text)
    assert kept["format"] == "kt-budgets.recorded/1"
    jobs = [(one["method"], one["status"]) for one in kept["answers"] if one["path"].startswith("/v1/exports/jobs")]
    assert jobs == [("POST", 202), ("GET", 200)]
    for gone in ("support", "Support", "Shadow", "org_acme", "in the console", clinic.sandbox.read_token):
        assert gone not in text
    assert "700.0" in text


def test_without_an_answer_nothing_is_recorded(clinic: Clinic) -> None:
    clinic.variables["KEEPTRUSTS_API_TOKEN"] = ""
    folder = clinic.place / "recorded"
    assert clinic.doctor("--record", str(folder))["recorded"] == []
    assert not folder.exists()


def test_broken_budgets_are_counted_and_keeptrusts_is_looked_at(clinic: Clinic) -> None:
    clinic.repository.write({"budgets/teams/support.yaml": SUPPORT.replace("10500.00", "much")})
    seen = clinic.seen()
    assert failures(seen) == {"budgets": ExitCode.FINDINGS}
    assert statuses(seen, "token", "wallets", "journal") == ["passed"] * 3
