"""Starting a repository of budgets: what is missing is written, what is there stays, and Keeptrusts is only read."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from cli.journal_desk import git
from forge.actionlint import findings
from forge.test_forge_workflows import tool
from memory_over_http import TOKEN, World, over_http
from paging_shapes import Answer, Shape
from ruamel.yaml import YAML

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

BUDGETS = Path(__file__).parents[2] / "budgets"
SANDBOX = ("--sandbox", "--as-of", "2026-06-18")
STARTED = (
    *("budgets/org.yaml", ".gitignore"),
    *(f"schemas/{name}.schema.json" for name in ("organization", "policy", "team")),
)


class NoWallets(Shape):
    """The habit of a Keeptrusts that shows a token no wallet."""

    def __call__(self, items: Sequence[Any], query: Mapping[str, str], path: str) -> Answer:
        return {"data": [] if path == "/v1/wallets" else items}, {}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World(teams={"support-prod": "Support", "support-dev": "Support (dev)", "search-staging": "Search"})
    with over_http(world) as url:
        monkeypatch.setenv("KEEPTRUSTS_API_URL", url)
        monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", TOKEN)
        yield world


def started(folder: Path, remote: str = "", *, branch: str = "main") -> None:
    git(folder, "init", "--quiet", f"--initial-branch={branch}")
    if remote:
        git(folder, "remote", "add", "origin", remote)


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def organization(folder: Path, budgets: str = "budgets") -> Any:
    return YAML(typ="safe").load((folder / budgets / "org.yaml").read_text())


def test_what_is_written_is_valid_and_says_what_keeptrusts_says(kt: Any, here: Path) -> None:
    done = kt("init", *SANDBOX)
    assert done.code == 0, done.err
    assert set(files(here)) == set(STARTED)
    said = organization(here)
    assert (said["organization"], said["currency"], said["environments"]) == ("org_acme", "USD", ["prod", "dev"])
    assert [schedule["name"] for schedule in said["export_schedules"]] == ["audit-archive", "weekly-spend-forecast"]
    assert kt("validate").code == 0
    assert "{" not in (here / "budgets" / "org.yaml").read_text()
    header = (here / "budgets" / "org.yaml").read_text().splitlines()[0]
    assert (here / "budgets" / header.partition("$schema=")[2]).is_file()


@pytest.mark.parametrize(
    ("day", "first"), [("2026-01-01", "2026-01"), ("2026-12-31", "2026-01"), ("2027-01-01", "2027-01")]
)
def test_the_fiscal_year_contains_today(kt: Any, here: Path, day: str, first: str) -> None:
    assert kt("init", "--sandbox", "--as-of", day).code == 0
    assert f"starts: {first}\n" in (here / "budgets" / "org.yaml").read_text()


@pytest.mark.parametrize(("day", "first"), [("2026-05-31", "2025-06"), ("2026-06-01", "2026-06")])
def test_a_fiscal_year_that_was_named_contains_today_and_no_other_is_called_a_guess(
    kt: Any, here: Path, day: str, first: str
) -> None:
    guessed = kt("init", "--sandbox", "--as-of", day, "--dry-run").out
    assert "look at `fiscal_year` in budgets/org.yaml: Keeptrusts does not tell it, and 2026-01 is a guess" in guessed
    named = kt("init", "--sandbox", "--as-of", day, "--fiscal-month", "6").out
    assert "guess" not in named
    assert f"starts: {first}\n" in (here / "budgets" / "org.yaml").read_text()


def test_nothing_but_get_is_sent_and_a_token_that_may_read_is_enough(kt: Any, here: Path, other: World) -> None:
    other.permissions = frozenset({"org:read"})
    other.enter("support-prod", "allocate", other.pool)
    assert kt("init").code == 0
    assert other.writes == []
    assert organization(here)["environments"] == ["prod", "dev", "staging"]


def test_a_dry_run_says_the_same_and_writes_nothing(kt: Any, here: Path) -> None:
    said = kt("init", *SANDBOX, "--dry-run")
    assert said.code == 0
    assert files(here) == {}
    done = kt("init", *SANDBOX)
    assert said.out.splitlines()[1:] == done.out.splitlines()[1:]


def test_what_git_has_and_this_checkout_leaves_out_is_not_written_anew(kt: Any, here: Path) -> None:
    started(here, "https://github.com/acme/ai-budgets.git")
    kept = {"budgets/org.yaml": "ours: true\n", ".gitignore": "*.log\n", "README.md": "ours\n"}
    (here / "budgets").mkdir()
    for path, text in kept.items():
        (here / path).write_text(text)
    git(here, "add", ".")
    git(here, "commit", "--quiet", "--message", "Start")
    git(here, "sparse-checkout", "set", "--no-cone", "/README.md")
    done = kt("init", *SANDBOX)
    assert done.code == 0, done.err
    assert "kept      budgets/org.yaml" in done.out
    git(here, "sparse-checkout", "disable")
    assert {path: (here / path).read_text() for path in kept} == kept


def test_no_file_is_overwritten_and_a_second_time_changes_no_byte(kt: Any, here: Path) -> None:
    started(here, "https://github.com/acme/ai-budgets.git")
    (here / "budgets").mkdir()
    (here / "budgets" / "org.yaml").write_text("ours: true\n")
    (here / ".github" / "workflows").mkdir(parents=True)
    (here / ".github" / "workflows" / "budgets.yml").write_text("name: ours\n")
    (here / ".gitignore").write_text("*.log")
    before = files(here)
    done = kt("init", *SANDBOX)
    assert done.code == 0, done.err
    after = files(here)
    assert {path: after[path] for path in before if path != ".gitignore"} == {
        path: data for path, data in before.items() if path != ".gitignore"
    }
    assert after[".gitignore"] == b"*.log\n/plan.json\n/report.html\n/cures.json\n.kt-budgets/\n"
    assert "kept      budgets/org.yaml" in done.out
    assert kt("init", *SANDBOX).code == 0
    assert files(here) == after


@pytest.mark.parametrize(
    ("remote", "forge"),
    [
        ("git@github.com:acme/ai-budgets.git", "github"),
        ("https://acme.ghe.com/acme/ai-budgets", "github"),
        ("https://gitlab.com/acme/ai-budgets.git", "gitlab"),
        ("ssh://git@gitlab.acme.example:2222/acme/ai.git", "gitlab"),
        ("https://code.acme.example/github/ai.git", "none"),
        ("", "none"),
    ],
)
def test_the_forge_is_that_of_the_remote(
    kt: Any, here: Path, remote: str, forge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    started(here, remote)
    assert kt("init", *SANDBOX).code == 0
    assert (here / ".github" / "workflows" / "budgets.yml").exists() == (forge == "github")
    assert (here / ".gitlab-ci.yml").exists() == (forge == "gitlab")
    organization = (here / "budgets" / "org.yaml").read_text(encoding="utf-8")
    assert "journal: git:origin" in organization
    assert ("each clone records its own runs" in organization) == (forge == "none")


def test_files_of_ci_say_the_forge_where_no_remote_does(kt: Any, here: Path) -> None:
    (here / ".github").mkdir()
    assert kt("init", *SANDBOX).code == 0
    assert (here / ".github" / "workflows" / "budgets.yml").is_file()


def test_beside_copies_of_the_workflows_no_other_one_does_all_of_it_a_second_time(kt: Any, here: Path) -> None:
    started(here)
    copy = here / ".github" / "workflows" / "apply.yml"
    copy.parent.mkdir(parents=True)
    copy.write_text("# Copied by .github/adopt.sh\n")
    done = kt("init", *SANDBOX, "--forge", "github")
    assert "the workflows are there, as copies" in done.out
    assert [path.name for path in copy.parent.iterdir()] == ["apply.yml"]


def test_the_workflow_names_the_folder_and_nothing_is_to_be_said_against_it(kt: Any, here: Path) -> None:
    started(here, branch="trunk")
    assert kt("init", *SANDBOX, "--forge", "github", "--budgets", "finance/ai budgets").code == 0
    path = here / ".github" / "workflows" / "budgets.yml"
    text = re.sub(r"@\S+( # \S+)?$", f"@{'0' * 40} # v1.0.0", path.read_text(), flags=re.MULTILINE)
    assert text.count("0" * 40) == 2
    path.write_text(text)
    workflow = YAML(typ="safe").load(text)
    assert workflow["on"]["push"] is None, "a branch that is written down is another one in some repository"
    assert workflow["jobs"]["budgets"]["with"] == {"budgets": "finance/ai budgets"}
    assert workflow["jobs"]["money"]["steps"][0]["with"]["budgets"] == "finance/ai budgets"
    command = [tool("zizmor"), "--offline", "--no-progress", "--persona", "auditor", str(path.parent.parent)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout
    assert findings([path]) == []
    assert kt("validate", "--budgets", "finance/ai budgets").code == 0


def test_what_is_to_be_typed_next_can_be_pasted_wherever_the_budgets_are(kt: Any, here: Path) -> None:
    assert kt("init", *SANDBOX, "--forge", "none", "--budgets", "our budgets")[0] == ExitCode.DONE
    code, output, errors = kt("init", *SANDBOX, "--forge", "none", "--budgets", "our budgets")
    found = re.search(r"Next: kt-budgets (import .*), which writes", output)
    assert found, output + errors
    assert code == ExitCode.DONE
    assert kt(*shlex.split(found.group(1)), *SANDBOX)[0] == ExitCode.DONE
    team = here / "our budgets" / "teams" / "support.yaml"
    team.write_text(team.read_text("utf-8").replace("version: 1", "version:   1"), "utf-8")
    code, output, errors = kt("fmt", "--check", "--budgets", "our budgets")
    found = re.search(r"hint: kt-budgets (fmt .*)", output + errors)
    assert found, output + errors
    assert code == ExitCode.FINDINGS
    assert kt(*shlex.split(found.group(1)))[0] == ExitCode.DONE
    code, output, errors = kt("plan", *SANDBOX, "--budgets", str(BUDGETS), "--output", "a plan.json")
    found = re.search(r"Next: kt-budgets (show .*), or", output + errors)
    assert found, output + errors
    assert kt(*shlex.split(found.group(1)))[0] == ExitCode.DONE


def test_the_pipeline_names_the_folder(kt: Any, here: Path) -> None:
    started(here)
    assert kt("init", *SANDBOX, "--forge", "gitlab", "--budgets", "finance/budgets").code == 0
    pipeline = YAML(typ="safe").load((here / ".gitlab-ci.yml").read_text())
    assert pipeline["variables"]["KT_BUDGETS_FOLDER"] == "finance/budgets"


@pytest.mark.parametrize("answers", [True, False])
def test_the_journal_is_in_git_where_the_remote_answers(kt: Any, here: Path, tmp_path: Path, answers: bool) -> None:
    remote = tmp_path / "remote.git"
    if answers:
        git(tmp_path, "init", "--quiet", "--bare", str(remote))
    started(here, str(remote))
    done = kt("init", *SANDBOX, "--forge", "github")
    assert organization(here).get("journal") == ("git:origin" if answers else None)
    assert ("take the # from `journal: git:origin`" in done.out) is not answers
    assert kt("validate").code == 0


def test_an_organization_that_org_yaml_cannot_name_is_refused_before_a_file_is_named(
    kt: Any, here: Path, other: World
) -> None:
    other.organization = "org_société"
    refused = kt("init")
    assert (refused.code, files(here)) == (ExitCode.USAGE, {})
    assert "organization `org_société`, an id that org.yaml cannot hold; nothing was written" in refused.err
    assert "org.yaml:" not in refused.err


def test_a_currency_that_no_wallet_says_is_asked_for(kt: Any, here: Path, other: World) -> None:
    other.habits.shape = NoWallets("", "", 0)
    refused = kt("init")
    assert refused.code == ExitCode.USAGE
    assert "--currency USD" in refused.err
    assert files(here) == {}
    done = kt("init", "--currency", "EUR")
    assert done.code == 0, done.err
    assert organization(here)["currency"] == "EUR"


def test_the_top_of_a_repository_is_no_folder_of_budgets(kt: Any, here: Path) -> None:
    started(here)
    done = kt("init", *SANDBOX, "--budgets", ".")
    assert done.code == ExitCode.USAGE
    assert "--budgets budgets" in done.err
    assert files(here) == {}


def test_an_organization_is_started_imported_and_adopted_without_a_write(kt: Any, here: Path, other: World) -> None:
    for team, amount in {"support-prod": "1000", "support-dev": "70", "search-staging": "12.50"}.items():
        other.enter(team, "allocate", type(other.pool)(amount), "June 2026")
    as_of = ("--as-of", "2026-06-18")
    assert kt("init", *as_of).code == 0
    assert kt("import", *as_of).code == 0
    (here / "usage.csv").write_text("id,timestamp,team_id,provider,model,cost\n")
    assert kt("plan", *as_of, "--usage", "usage.csv", "--detailed-exit-code").code == 0
    done = kt("adopt", *as_of)
    assert done.code == 0, done.err
    assert "Ledger after:  USD 1,082.50 in 3 entries." in done.out
    assert other.writes == []
