"""`validate` and `schema` as people run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from source.trees import ORGANIZATION, SUPPORT, TEAM, write_tree

from reconciler.cli.boundary import run
from reconciler.cli.main import cli

BROKEN: dict[str, str | bytes] = {
    "org.yaml": ORGANIZATION.replace("annual_target: 700000.00", "annual_target: 100000.00"),
    "teams/support.yaml": SUPPORT.replace("name: Support", "nam: Support").replace("18%", "18"),
    "teams/legal.yaml": TEAM.format(team="legal").replace("1000.00", "1e3"),
    "teams/ops.yml": TEAM.format(team="ops"),
    "teams/web.yaml": "version: 1\nteam: web\nowners: [\n",
}


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_tree(tmp_path, BROKEN)


@pytest.mark.parametrize("format_", ["text", "json", "github", "sarif", "code-quality"])
def test_every_format_shows_every_finding(
    format_: str, broken: Path, golden: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(cli, ["validate", "--format", format_]) == 3

    printed = capsys.readouterr()
    golden(f"source/validate.{format_}", printed.out)
    assert printed.err == "4 files: 5 errors and 1 warning\n"


def test_warnings_alone_do_not_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_tree(tmp_path, {"teams/support.yaml": SUPPORT.replace("amount: 12500.00", "amount: 12600.00")})

    assert run(cli, ["validate", "--budgets", str(root)]) == 0
    assert "warning alert-above-wallet" in capsys.readouterr().out


def test_a_good_folder_prints_nothing_but_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_tree(tmp_path, {"teams/support.yaml": SUPPORT})

    assert run(cli, ["validate", "--budgets", str(root)]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "2 files: no findings\n")


def test_findings_go_to_a_file_when_one_is_named(broken: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert run(cli, ["validate", "--format", "json", "--output", "out/findings.json"]) == 3

    assert json.loads((tmp_path / "out/findings.json").read_text())["format"] == "kt-budgets.findings/1"


def test_paths_lead_there_from_the_working_directory(
    broken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "control-manifest.yaml").write_text("")

    def first(*arguments: str) -> list[str]:
        run(cli, ["validate", *arguments])
        return [line.split(":")[0] for line in capsys.readouterr().out.splitlines() if "hint" not in line][:2]

    assert first("--budgets", str(broken)) == ["budgets/org.yaml", "budgets/teams/legal.yaml"]
    monkeypatch.chdir(broken)
    assert first("--budgets", ".") == ["org.yaml", "teams/legal.yaml"]
    monkeypatch.chdir(broken / "teams")
    assert first("--budgets", "..") == ["../org.yaml", "../teams/legal.yaml"]
    monkeypatch.chdir("/")
    assert first("--budgets", str(broken)) == [str(broken / name)[1:] for name in ("org.yaml", "teams/legal.yaml")]


def test_json_names_files_the_same_way_from_everywhere(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(cli, ["validate", "--format", "json"])
    here = capsys.readouterr().out
    run(cli, ["validate", "--format", "json", "--budgets", str(broken)])

    assert capsys.readouterr().out == here


def test_a_missing_folder_is_a_finding_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run(cli, ["validate"]) == 3
    assert capsys.readouterr().out == (
        "budgets:1:1: error missing-folder: the budgets folder does not exist\n"
        "  hint: name the folder that holds org.yaml with `--budgets`\n"
    )


def test_a_process_of_its_own_exits_with_three(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"teams/support.yaml": b"name: \x1b[2J"})

    done = subprocess.run(
        [Path(sys.executable).with_name("kt-budgets"), "validate", "--budgets", root], capture_output=True, check=False
    )

    assert done.returncode == 3
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr


def test_schemas_are_written_and_then_current(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "schemas"
    assert run(cli, ["schema", "--check", "--output", str(folder)]) == 3
    assert "team.schema.json: missing" in capsys.readouterr().out

    assert run(cli, ["schema", "--output", str(folder)]) == 0
    assert run(cli, ["schema", "--check", "--output", str(folder)]) == 0

    (folder / "team.schema.json").write_text("{}")
    (folder / "run.schema.json").write_bytes(b"\xff")
    capsys.readouterr()
    assert run(cli, ["schema", "--check", "--output", str(folder)]) == 3
    printed = capsys.readouterr()
    assert [line.rsplit("/", 1)[1] for line in printed.out.splitlines()] == [
        "team.schema.json: not current",
        "run.schema.json: not current",
    ]
    assert printed.err.startswith("hint: kt-budgets schema")


def test_where_only_those_of_editors_are_kept_no_other_is_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "schemas"
    assert run(cli, ["schema", "--output", str(folder)]) == 0
    for path in folder.iterdir():
        if path.name not in ("organization.schema.json", "team.schema.json", "policy.schema.json"):
            path.unlink()
    assert run(cli, ["schema", "--check", "--output", str(folder)]) == 0
    assert capsys.readouterr().err == f"3 schemas in {folder} are current\n"

    (folder / "policy.schema.json").unlink()
    assert run(cli, ["schema", "--check", "--output", str(folder)]) == 3
    assert capsys.readouterr().out == f"{folder}/policy.schema.json: missing\n"


def test_the_committed_schemas_pass_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])

    assert run(cli, ["schema", "--check"]) == 0


@pytest.mark.parametrize("asked", [{}, {"COLUMNS": "80"}], ids=["for a file", "for a screen"])
def test_validating_imports_nothing_that_is_large(asked: dict[str, str], tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"teams/support.yaml": SUPPORT})
    script = (
        "import sys; from reconciler.cli.boundary import run; from reconciler.cli.main import cli;"
        f" run(cli, ['validate', '--budgets', {str(root)!r}]);"
        " print(sorted({'jsonschema', 'numpy', 'duckdb', 'httpx', 'rich', 'starlette', 'deepdiff'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**os.environ, **asked}
    )

    assert done.stdout.strip().splitlines()[-1] == "[]"
