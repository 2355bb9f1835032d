"""The composite action installs from its own source, on a runner where nothing is, and asks nobody for our name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from forge.package_index import Index, serving
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
ACTION = Path(".github/actions/kt-budgets")
LIGHT_COMMANDS = (["validate"], ["audit"], ["help", "exit-codes"], ["pr", "--help"], ["drift", "--help"])


@dataclass
class Machine:
    """A runner: a home and a temporary folder of its own, a path with little more than a Python, files for a step."""

    folder: Path
    action: Path
    variables: dict[str, str]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the action's script as a step of a job does."""
        workspace = self.folder / "workspace"
        workspace.mkdir(exist_ok=True)
        environment = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_SERVER_URL": "https://ghe.acme.example",
            **{name: str(self.folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH")},
            **self.variables,
            **variables,
        }
        return subprocess.run(
            ["bash", str(self.action / "install.sh"), *arguments],
            cwd=workspace,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def written(self, name: str) -> dict[str, str]:
        """Return what was written to a file of the step, as names and values."""
        lines = (self.folder / name).read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def command(self) -> Path:
        return Path((self.folder / "GITHUB_PATH").read_text(encoding="utf-8").strip()) / "kt-budgets"


def fetched(folder: Path) -> Path:
    """Lay our source down as a runner fetches an action's repository: without git, without what is not committed."""
    for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE", ".gitignore"):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "reconciler", folder / "reconciler", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / ACTION, folder / ACTION)
    shutil.copytree(ROOT / "budgets", folder / "budgets")
    for name in ("budgets.example.yml", "gitlab-ci.example.yml"):
        shutil.copy(ROOT / ".github" / name, folder / ".github" / name)
    return folder / ACTION


def machine(folder: Path, action: Path, **variables: str) -> Machine:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python3").symlink_to(getattr(sys, "_base_executable", sys.executable))
    return Machine(folder, action, variables)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pinned packages of a light installation, fetched once from this machine's index as pip is set up here."""
    folder = tmp_path_factory.mktemp("fetching")
    here = machine(folder / "machine", ROOT / ACTION)
    assert here.run("--key", LIGHT="true").returncode == 0
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    pins = folder / "machine" / "temp" / "kt-budgets" / "pins.txt"
    subprocess.run(
        [*command, "--require-hashes", "--dest", str(folder / "wheels"), "--requirement", str(pins)],
        check=True,
        capture_output=True,
    )
    return folder / "wheels"


@pytest.fixture(scope="module")
def index(wheels: Path) -> Iterator[Index]:
    with serving(wheels) as served:
        yield served


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, index: Index) -> Machine:
    """A runner on which the action ran, with an index that knows the pins alone."""
    folder = tmp_path_factory.mktemp("runner")
    runner = machine(
        folder / "machine",
        fetched(folder / "_actions" / "acme" / "kt-budgets" / ("c" * 40)),
        PIP_INDEX_URL=index.url,
        PIP_CONFIG_FILE=os.devnull,
        LIGHT="true",
    )
    hostile = folder / "machine" / "workspace" / "pip.py"
    hostile.parent.mkdir()
    hostile.write_text("raise SystemExit('the pull request ran')", encoding="utf-8")
    for arguments in (["--key"], []):
        done = runner.run(*arguments, BUDGETS="finance/budgets", PYTHONPATH=str(hostile.parent))
        assert done.returncode == 0, done.stdout + done.stderr
    return runner


def pinned() -> set[str]:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9-]+)==", text, flags=re.MULTILINE))


def test_the_command_runs_where_nothing_was_installed_before(installed: Machine) -> None:
    for arguments in LIGHT_COMMANDS:
        done = subprocess.run(
            [str(installed.command), *arguments],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "HOME": str(installed.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_no_index_is_asked_for_our_name_or_for_anything_that_is_not_pinned(installed: Machine, index: Index) -> None:
    assert index.asked
    assert index.asked <= pinned()
    assert "keeptrusts-budgets" not in index.asked


def test_a_light_installation_has_nothing_that_reads_exports_or_forecasts(installed: Machine, index: Index) -> None:
    assert not {"duckdb", "pyarrow", "pandas", "numpy", "ibis-framework"} & index.asked
    (modules,) = (installed.folder / "temp" / "kt-budgets" / "venv" / "lib").glob("python3*")
    assert not (modules / "site-packages" / "numpy").exists()


def test_the_machine_s_own_pip_installs_where_it_can(installed: Machine) -> None:
    assert not list((installed.folder / "temp" / "kt-budgets" / "venv").glob("bin/pip*"))


def test_a_cache_serves_the_next_job_without_any_index_and_without_a_pip_of_the_machine(
    installed: Machine, tmp_path: Path
) -> None:
    next_job = machine(tmp_path / "machine", installed.action, PIP_INDEX_URL="http://127.0.0.1:9", LIGHT="true")
    python = next_job.folder / "bin" / "python3"
    subprocess.run([python.resolve(), "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    python.unlink()
    python.symlink_to(tmp_path / "bare" / "bin" / "python3")
    cached = tmp_path / "machine" / "temp" / "kt-budgets" / "wheels"
    shutil.copytree(installed.folder / "temp" / "kt-budgets" / "wheels", cached)
    done = next_job.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "::warning" not in done.stdout


def test_a_package_that_the_index_swapped_stops_the_installation(
    installed: Machine, wheels: Path, tmp_path: Path
) -> None:
    shutil.copytree(wheels, tmp_path / "swapped")
    (click,) = (tmp_path / "swapped").glob("click-*.whl")
    click.write_bytes(click.read_bytes() + b"poison")
    with serving(tmp_path / "swapped") as index:
        runner = machine(tmp_path / "machine", installed.action, PIP_INDEX_URL=index.url, LIGHT="true")
        done = runner.run()
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert not (runner.folder / "temp" / "kt-budgets" / "bin" / "kt-budgets").exists()


def test_what_is_cached_depends_on_the_pins_and_the_python(tmp_path: Path) -> None:
    action = fetched(tmp_path / "source")
    keys = []
    for number, light in enumerate(("true", "false", "false")):
        runner = machine(tmp_path / f"machine-{number}", action)
        if number == 2:
            with (tmp_path / "source" / "constraints.txt").open("a", encoding="utf-8") as pins:
                pins.write("other==1 \\\n    --hash=sha256:0\n")
        assert runner.run("--key", LIGHT=light).returncode == 0
        keys.append(runner.written("GITHUB_OUTPUT")["key"])
    assert len(set(keys)) == 3
    assert all(sys.implementation.cache_tag in key for key in keys)


def key_of(runner: Machine, **variables: str) -> str:
    done = runner.run("--key", LIGHT="true", **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return runner.written("GITHUB_OUTPUT")["key"]


def test_another_version_is_fetched_by_its_tag_or_commit_and_installed_by_its_own_script(tmp_path: Path) -> None:
    other = fetched(tmp_path / "other").parents[2]
    with (other / "constraints.txt").open("a", encoding="utf-8") as pins:
        pins.write("other==1 \\\n    --hash=sha256:0\n")
    for words in ("init --quiet", "add .", "commit --quiet -m Release", "tag v0.9.0"):
        named = ("-c", "user.name=Alice", "-c", "user.email=alice@acme.test")
        subprocess.run(["git", *named, *words.split()], cwd=other, check=True, capture_output=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=other, check=True, capture_output=True, text=True)
    wanted = key_of(machine(tmp_path / "there", other / ACTION))
    assert wanted != key_of(machine(tmp_path / "here", ROOT / ACTION))
    source = {"KT_BUDGETS_SOURCE": str(other)}
    for version in ("v0.9.0", head.stdout.strip()):
        assert key_of(machine(tmp_path / version, ROOT / ACTION), VERSION=version, **source) == wanted
    absent = machine(tmp_path / "absent", ROOT / ACTION).run("--key", VERSION="v7.0.0", **source)
    assert (absent.returncode, "::error::kt-budgets v7.0.0 is not to be had" in absent.stdout) == (2, True)


@pytest.mark.parametrize("version", ["main", "v1", "0.9.0", "v0.9.0/../../x", "v0.9.0 --upload-pack=x", "c" * 39, "-x"])
def test_a_version_that_somebody_could_move_or_that_is_none_is_not_installed(tmp_path: Path, version: str) -> None:
    done = machine(tmp_path / "machine", ROOT / ACTION).run("--key", VERSION=version, KT_BUDGETS_SOURCE=str(ROOT))
    assert done.returncode == 2
    assert "a release such as v0.2.0 or a full commit" in done.stdout
    assert not (tmp_path / "machine" / "temp").exists()


def test_a_copy_without_its_source_says_how_to_use_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ACTION, tmp_path / "company" / ACTION)
    done = machine(tmp_path / "machine", tmp_path / "company" / ACTION).run("--key")
    assert done.returncode == 2
    assert ".github/adopt.sh" in done.stdout
    assert "OWNER/kt-budgets/.github/actions/kt-budgets@COMMIT" in done.stdout


def test_the_source_of_something_else_is_not_installed(tmp_path: Path) -> None:
    company = tmp_path / "company"
    shutil.copytree(ROOT / ACTION, company / ACTION)
    (company / "pyproject.toml").write_text('[project]\nname = "acme"\n', encoding="utf-8")
    assert machine(tmp_path / "machine", company / ACTION).run("--key").returncode == 2


def test_a_runner_without_a_python_that_is_new_enough_is_told(tmp_path: Path) -> None:
    runner = machine(tmp_path / "machine", ROOT / ACTION)
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        old = runner.folder / "bin" / name
        old.unlink(missing_ok=True)
        old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        old.chmod(0o755)
    done = runner.run("--key")
    assert done.returncode == 2
    assert "python-version" in done.stdout


def test_later_steps_know_where_the_budgets_are(installed: Machine) -> None:
    assert installed.written("GITHUB_ENV")["KT_BUDGETS_FOLDER"] == "finance/budgets"


@pytest.mark.parametrize("folder", ["a\nGITHUB_TOKEN=mine", "a\rb"])
def test_a_folder_cannot_bring_in_a_variable_of_its_own(tmp_path: Path, folder: str) -> None:
    runner = machine(tmp_path / "machine", ROOT / ACTION)
    assert runner.run(BUDGETS=folder).returncode == 2
    assert not (runner.folder / "GITHUB_ENV").exists()


def credentials(runner: Machine, url: str, **variables: str) -> str:
    """Return what git fills in for `url` in a step after the action."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(runner.folder),
        "GIT_TERMINAL_PROMPT": "0",
        "GITHUB_TOKEN": "ghs_of_the_step",
        **{name: value for name, value in runner.written("GITHUB_ENV").items() if name.startswith("GIT_")},
        **variables,
    }
    asked = f"url={url}\n\n"
    done = subprocess.run(
        ["git", "credential", "fill"], input=asked, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout


def test_git_gives_the_token_of_the_step_to_its_own_server_alone(installed: Machine) -> None:
    assert "password=ghs_of_the_step" in credentials(installed, "https://ghe.acme.example/acme/ai-budgets.git")
    for other in (
        "https://github.com/acme/ai-budgets.git",
        "https://evil.example",
        "https://ghe.acme.example.evil.example",
    ):
        assert "ghs_of_the_step" not in credentials(installed, other)


def test_a_token_that_is_for_git_alone_comes_before_the_step_s_own(installed: Machine) -> None:
    url = "https://ghe.acme.example/acme/ai-budgets.git"
    assert "password=ghs_for_git" in credentials(installed, url, KT_BUDGETS_GIT_TOKEN="ghs_for_git")


def test_a_helper_of_the_machine_neither_answers_nor_learns_the_token(installed: Machine, tmp_path: Path) -> None:
    machines = tmp_path / "gitconfig"
    helper = f"!f() {{ cat >> {tmp_path / 'learned'}; echo username=x; echo password=of-the-machine; }}; f"
    subprocess.run(["git", "config", "--file", str(machines), "credential.helper", helper], check=True)
    url = "https://ghe.acme.example/acme/ai-budgets.git"
    answer = credentials(installed, url, GIT_CONFIG_GLOBAL=str(machines))
    assert "of-the-machine" not in answer
    assert not (tmp_path / "learned").exists()
    assert "of-the-machine" in credentials(installed, "https://other.example/x.git", GIT_CONFIG_GLOBAL=str(machines))


def test_the_gitlab_example_installs_the_commit_that_it_names_and_nothing_that_somebody_put_into_its_cache(
    installed: Machine, index: Index, tmp_path: Path
) -> None:
    document = YAML(typ="safe").load((ROOT / ".github/gitlab-ci.example.yml").read_text(encoding="utf-8"))
    runner = machine(tmp_path / "machine", ROOT / ACTION)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)
    cached = runner.folder / "tool" / "wheels"
    shutil.copytree(index.files, cached)
    (click,) = cached.glob("click-*.whl")
    click.write_bytes(click.read_bytes() + b"poison")
    packages, *lines = document["default"]["before_script"]
    assert packages.startswith("apt-get ")
    script = "set -eo pipefail\n" + "\n".join([*lines, "kt-budgets --version"])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=runner.folder,
        env={
            "PATH": f"{runner.folder / 'bin'}:/usr/bin:/bin",
            "HOME": str(runner.folder),
            "KT_BUDGETS_HOME": str(runner.folder / "tool"),
            "KT_BUDGETS_SOURCE": str(ROOT),
            "KT_BUDGETS_SOURCE_COMMIT": head.stdout.strip(),
            **installed.variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "::warning::what was cached is not what is pinned" in done.stdout
    assert not click.read_bytes().endswith(b"poison")
    assert document["default"]["cache"]["paths"] == [".kt-budgets/tool/wheels"]
    assert document["variables"]["KT_BUDGETS_HOME"] == "$CI_PROJECT_DIR/.kt-budgets/tool"


def test_the_action_runs_its_own_script_with_its_inputs_as_variables() -> None:
    steps = YAML(typ="safe").load((ROOT / ACTION / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    scripts = [step for step in steps if "run" in step]
    assert [step["run"] for step in scripts] == [
        'bash "$GITHUB_ACTION_PATH/install.sh" --key',
        'bash "$GITHUB_ACTION_PATH/install.sh"',
    ]
    assert scripts[0]["env"] == {"LIGHT": "${{ inputs.light }}"}
    (cache,) = [step for step in steps if step.get("uses", "").startswith("actions/cache@")]
    assert cache["with"]["path"] == "${{ steps.needed.outputs.wheels }}"
