"""What a company copies: the workflows as they are, and one file that says which kt-budgets all of them run."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from forge.actionlint import findings
from forge.budget_repository import PERSON
from forge.test_forge_workflows import tool
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
NOT_COPIED = ("budgets.yml", "ci.yml", "release.yml")
OURS = "https://github.com/keeptrusts/kt-budgets.git"


def git(folder: Path, *arguments: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "GIT_CONFIG_GLOBAL": "/dev/null", **PERSON}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of kt-budgets whose commit is on its origin."""
    folder = tmp_path / "kt-budgets"
    folder.mkdir()
    for name in (".github/workflows", ".github/actions", "schemas"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "reconciler").mkdir()
    for name in (".github/adopt.sh", "reconciler/version.py"):
        shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "kt-budgets")
    git(folder, "remote", "add", "origin", OURS)
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    return folder


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = tmp_path / "ai-budgets"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=master")
    git(folder, "remote", "add", "origin", "git@github.com:acme/ai-budgets.git")
    return folder


def adopt(clone: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(clone / ".github" / "adopt.sh"), *map(str, arguments)],
        env={"PATH": "/usr/bin:/bin", "HOME": str(clone.parent)},
        cwd=clone.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def used(company: Path) -> list[str]:
    files = [*(company / ".github").rglob("*.yml")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return re.findall(r"uses: (\S+)", text)


def test_plan_and_apply_and_all_others_run_the_one_version_that_is_named_in_one_place(
    clone: Path, company: Path
) -> None:
    done = adopt(clone, company)
    assert done.returncode == 0, done.stderr
    commit = git(clone, "rev-parse", "HEAD")
    ours = [name for name in used(company) if "kt-budgets" in name]
    named = f"keeptrusts/kt-budgets/.github/actions/kt-budgets@{commit}"
    assert ours.count(named) == 1
    assert set(ours) == {"./.github/actions/kt-budgets", named}
    workflows = sorted(path.name for path in (company / ".github" / "workflows").iterdir())
    assert workflows == sorted(
        path.name for path in (ROOT / ".github/workflows").iterdir() if path.name not in NOT_COPIED
    )


def test_no_workflow_of_ours_installs_in_another_way() -> None:
    for path in (ROOT / ".github/workflows").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "pip install" not in text
        if path.name not in NOT_COPIED:
            assert text.count("kt-budgets ") == 0 or "uses: ./.github/actions/kt-budgets" in text


def test_what_a_company_gets_has_no_finding(clone: Path, company: Path) -> None:
    adopt(clone, company)
    shutil.copy(ROOT / ".github/zizmor.yml", company / ".github" / "zizmor.yml")
    command = [tool("zizmor"), "--offline", "--no-progress", "--persona", "auditor", str(company / ".github")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert findings(sorted((company / ".github" / "workflows").iterdir())) == []
    action = company / ".github" / "actions" / "kt-budgets" / "action.yml"
    schema = [tool("check-jsonschema"), "--builtin-schema", "vendor.github-actions", str(action)]
    assert subprocess.run(schema, capture_output=True, check=False).returncode == 0


def test_the_action_of_a_company_takes_and_passes_on_what_the_workflows_give_it(clone: Path, company: Path) -> None:
    adopt(clone, company, "finance/ai")
    action = YAML(typ="safe").load(company / ".github" / "actions" / "kt-budgets" / "action.yml")
    own = YAML(typ="safe").load(ROOT / ".github" / "actions" / "kt-budgets" / "action.yml")
    (step,) = action["runs"]["steps"]
    assert step["with"].keys() <= own["inputs"].keys()
    assert step["with"]["budgets"] == "finance/ai"
    for path in (ROOT / ".github/workflows").iterdir():
        for job in YAML(typ="safe").load(path)["jobs"].values():
            for given in job["steps"]:
                if given.get("uses") == "./.github/actions/kt-budgets":
                    assert given.get("with", {}).keys() <= action["inputs"].keys()


def test_a_folder_of_another_name_is_watched(clone: Path, company: Path) -> None:
    adopt(clone, company, "finance/ai")
    for path in (company / ".github" / "workflows").iterdir():
        for trigger in (YAML(typ="safe").load(path)["on"] or {}).values():
            paths = trigger.get("paths", []) if isinstance(trigger, dict) else []
            assert [watched for watched in paths if not watched.startswith("finance/ai/")] == []


def test_a_github_enterprise_server_gets_artefacts_that_it_knows(clone: Path, company: Path) -> None:
    git(company, "remote", "set-url", "origin", "ssh://git@ghe.acme.example:2222/acme/ai-budgets.git")
    adopt(clone, company)
    uploads = {name for name in used(company) if "upload-artifact" in name}
    assert uploads == {"actions/upload-artifact@c24449f33cd45d4826c6702db7e49f7cdb9b551d"}
    git(company, "remote", "set-url", "origin", "https://acme.ghe.com/acme/ai-budgets")
    adopt(clone, company)
    assert not uploads & set(used(company))


def test_running_it_again_from_a_newer_commit_moves_every_workflow_on(clone: Path, company: Path) -> None:
    adopt(clone, company)
    before = set(used(company))
    (clone / "reconciler" / "version.py").write_text('__version__ = "0.2.0"\n', encoding="utf-8")
    git(clone, "commit", "--quiet", "--all", "-m", "0.2.0")
    git(clone, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert "0.2.0" in adopt(clone, company).stdout
    after = set(used(company))
    assert len(before ^ after) == 2
    assert git(clone, "rev-parse", "HEAD") in str(after - before)


def test_a_commit_that_no_runner_could_fetch_is_refused(clone: Path, company: Path) -> None:
    git(clone, "commit", "--quiet", "--allow-empty", "-m", "only here")
    done = adopt(clone, company)
    assert done.returncode == 2
    assert "not on origin" in done.stderr
    git(clone, "update-ref", "refs/remotes/origin/main", "HEAD")
    (clone / "reconciler" / "version.py").write_text("changed", encoding="utf-8")
    assert "in no commit" in adopt(clone, company).stderr
    assert not (company / ".github").exists()


@pytest.mark.parametrize(
    "origin", ["/srv/git/kt-budgets", "https://github.com/kt-budgets", "https://x/a/b/c", "https://x/a/b;d"]
)
def test_a_clone_from_nowhere_that_runners_know_is_refused(clone: Path, company: Path, origin: str) -> None:
    git(clone, "remote", "set-url", "origin", origin)
    done = adopt(clone, company)
    assert (done.returncode, (company / ".github").exists()) == (2, False)


@pytest.mark.parametrize("folder", ["/etc", "../up", "a|b", "a b", "a\nb", ""])
def test_a_folder_that_is_no_plain_path_is_refused(clone: Path, company: Path, folder: str) -> None:
    done = adopt(clone, company, folder)
    assert (done.returncode, (company / ".github").exists()) == (2, False)
    assert "no plain path" in done.stderr


def test_a_token_in_the_address_of_the_clone_is_not_copied(clone: Path, company: Path) -> None:
    git(clone, "remote", "set-url", "origin", "https://me:ghp_secret@github.com/keeptrusts/kt-budgets.git")
    done = adopt(clone, company)
    assert done.returncode == 0
    assert "ghp_secret" not in done.stdout + done.stderr + str(used(company))


def test_workflows_of_somebody_else_are_kept_and_named_unless_it_is_forced(clone: Path, company: Path) -> None:
    workflows = company / ".github" / "workflows"
    workflows.mkdir(parents=True)
    foreign = {"plan.yml": "name: Terraform plan\n", "drift.yml": "", "schemas/team.schema.json": "{}\n"}
    (company / "schemas").mkdir()
    places = {name: company / name if "/" in name else workflows / name for name in foreign}
    for name, text in foreign.items():
        places[name].write_text(text, encoding="utf-8")
    done = adopt(clone, company)
    assert done.returncode == 2
    for name in (".github/workflows/plan.yml", ".github/workflows/drift.yml", "schemas/team.schema.json", "--force"):
        assert name in done.stderr
    assert {name: path.read_text(encoding="utf-8") for name, path in places.items()} == foreign
    assert sorted(path.name for path in workflows.iterdir()) == ["drift.yml", "plan.yml"]
    assert adopt(clone, "--force", company).returncode == 0
    assert "Copied by .github/adopt.sh" in places["plan.yml"].read_text(encoding="utf-8")


def test_beside_the_one_workflow_nothing_is_copied_that_would_do_all_of_it_a_second_time(
    clone: Path, company: Path
) -> None:
    caller = company / ".github" / "workflows" / "ours.yml"
    caller.parent.mkdir(parents=True)
    shutil.copy(ROOT / ".github" / "budgets.example.yml", caller)
    for options in ((), ("--force",)):
        done = adopt(clone, *options, company)
        assert (done.returncode, "remove one of both" in done.stderr) == (2, True)
    assert list(caller.parent.iterdir()) == [caller]
    caller.unlink()
    assert adopt(clone, company).returncode == 0


def test_a_folder_inside_of_a_repository_is_refused_with_its_top(clone: Path, company: Path) -> None:
    (company / "finance").mkdir()
    done = adopt(clone, company / "finance")
    assert (done.returncode, (company / "finance" / ".github").exists()) == (2, False)
    assert f"name {company}" in done.stderr


def test_what_is_not_copied_may_lie_about_and_what_is_copied_is_named(clone: Path, company: Path) -> None:
    (clone / "report.html").write_text("", encoding="utf-8")
    assert adopt(clone, company).returncode == 0
    (clone / ".github" / "workflows" / "mine.yml").write_text("name: Mine\n", encoding="utf-8")
    (clone / "reconciler" / "version.py").write_text("changed", encoding="utf-8")
    done = adopt(clone, company)
    assert done.returncode == 2
    assert "reconciler/version.py .github/workflows/mine.yml" in done.stderr


@pytest.mark.parametrize("folder", ["budgets", "finance/budgets"])
def test_the_schemas_that_the_yaml_names_come_along(clone: Path, company: Path, folder: str) -> None:
    assert adopt(clone, company, folder).returncode == 0
    for named in ("../schemas/organization.schema.json", "teams/../../schemas/team.schema.json"):
        (company / folder / "teams").mkdir(parents=True, exist_ok=True)
        assert (company / folder / named).is_file()


def test_what_commands_write_is_ignored_once_and_what_was_ignored_stays(clone: Path, company: Path) -> None:
    (company / ".gitignore").write_text("*.bak", encoding="utf-8")
    adopt(clone, company)
    adopt(clone, company)
    lines = (company / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert lines == ["*.bak", "/plan.json", "/report.html", "/cures.json", ".kt-budgets/"]
