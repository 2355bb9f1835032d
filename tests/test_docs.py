"""README and the pages of the documentation tell the truth: every command in them runs, every link leads somewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import forked_command
import pytest
from installed import python

from reconciler.cli.main import COMMANDS
from reconciler.sandbox.server import running

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
NAMED = ["-c", "user.name=A team lead", "-c", "user.email=lead@example.org"]
TUTORIAL = DOCS / "tutorial.md"
WRITTEN = sorted(path for path in DOCS.rglob("*.md") if "reference" not in path.parts and "_build" not in path.parts)
PAGES = [ROOT / "README.md", *WRITTEN]


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[str]:
    lines = [line for block in blocks(page, "console") for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def ours(page: Path) -> list[str]:
    return [line for line in commands(page) if line.startswith("kt-budgets ")]


@pytest.fixture
def checkout(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder as its reader has it: a clone with the example, and for the tutorial an empty repository."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    is_empty = getattr(request, "param", None) == TUTORIAL
    for name in () if is_empty else ("budgets", "schemas"):
        shutil.copytree(ROOT / name, folder / name)
    for arguments in (["init", "--quiet"], ["add", "."], [*NAMED, "commit", "--quiet", "--allow-empty", "-m", "Begin"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


@pytest.fixture
def variables(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The environment of a reader; of the tutorial's, with a token that may only read a Keeptrusts run by hand."""
    forked_command.install(tmp_path / "bin" / "kt-budgets")
    found = {name: value for name, value in os.environ.items() if not name.startswith("KEEPTRUSTS_")}
    found["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    is_own = getattr(request, "param", None) == TUTORIAL
    own = running(scenario="globex", as_of=datetime.now(UTC).date()) if is_own else nullcontext()
    with own as sandbox:
        if sandbox is not None:
            found |= {"KEEPTRUSTS_API_URL": sandbox.url, "KEEPTRUSTS_API_TOKEN": sandbox.read_token}
        yield found
        assert sandbox is None or [write for write in sandbox.store.writes() if "/exports/" not in write.path] == []


@pytest.mark.parametrize(
    ("page", "checkout", "variables"),
    [pytest.param(page, page, page, id=str(page.relative_to(ROOT))) for page in PAGES if ours(page)],
    indirect=["checkout", "variables"],
)
def test_every_command_of_a_page_runs_in_the_order_it_stands_there(
    page: Path, checkout: Path, variables: dict[str, str]
) -> None:
    for line in ours(page):
        done = subprocess.run(  # noqa: S602
            line, shell=True, cwd=checkout, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def test_the_python_of_a_page_runs_and_prints_the_review(checkout: Path, variables: dict[str, str]) -> None:
    (program,) = blocks(DOCS / "how-to" / "python.md", "python")
    done = python(program, folder=checkout, environment=variables)
    assert done.returncode == 0, done.stderr
    assert "### USD 1,700 more for June: " in done.stdout
    assert re.search(r"^support \d+\.\d\d [01]\.\d+$", done.stdout, flags=re.MULTILINE)


def test_every_make_target_and_script_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    lines = [line for page in PAGES for line in commands(page)]
    assert {line.split()[1] for line in lines if line.startswith("make ")} <= targets
    scripts = {line.split()[0] for line in lines if line.startswith(".")}
    assert scripts == {".github/adopt.sh"}
    assert all(os.access(ROOT / script, os.X_OK) for script in scripts)


def test_every_command_that_is_shown_is_of_a_kind_that_is_tried() -> None:
    known = ("kt-budgets ", "make ", ".github/", "gh ")
    assert [line for page in PAGES for line in commands(page) if not line.startswith(known)] == []


def test_the_readme_is_one_page_and_has_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 130
    assert [name for name in COMMANDS if f"| `{name}" not in text] == []


def test_the_reference_says_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "reference.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_site_is_built_and_every_link_in_it_leads_somewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", str(tmp_path / "trees")]
    done = subprocess.run(
        [*command, "-b", "html", str(DOCS), str(tmp_path / "site")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    built = {path.relative_to(tmp_path / "site").with_suffix(".md") for path in (tmp_path / "site").rglob("*.html")}
    assert {path.relative_to(DOCS) for path in DOCS.rglob("*.md") if "_build" not in path.parts} <= built
