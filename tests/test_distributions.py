"""What is built to be installed: the wheel has all that its commands need, and the source builds the same wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent


def python(*arguments: str, folder: Path, path: Path | None = None) -> str:
    variables = {**os.environ, **({"PYTHONPATH": str(path)} if path else {})}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built(source: Path, kind: str, folder: Path) -> Path:
    python("-m", "hatchling", "build", "--target", kind, "--directory", str(folder), folder=source)
    (found,) = folder.iterdir()
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    shutil.unpack_archive(wheel, folder, "zip")
    return folder


def test_a_wheel_has_the_package_its_types_its_example_and_its_licence_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    example = {str(path.relative_to(ROOT)) for path in (ROOT / "budgets").rglob("*.yaml")}
    assert {name.removeprefix("reconciler/example/") for name in names if "/example/" in name} == example
    assert "reconciler/py.typed" in names
    assert [name for name in names if name.endswith("/licenses/LICENSE")] != []
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"reconciler", "keeptrusts_budgets"}


def test_what_was_installed_shows_the_demo_far_from_any_checkout(installed: Path, tmp_path: Path) -> None:
    said = python("-P", "-m", "reconciler", "demo", folder=tmp_path, path=installed)
    assert "kt-budgets apply" in said
    assert (tmp_path / "demo" / "budgets" / "org.yaml").read_bytes() == (ROOT / "budgets" / "org.yaml").read_bytes()
    where = python("-P", "-c", "import reconciler; print(reconciler.__file__)", folder=tmp_path, path=installed)
    assert Path(where.strip()).is_relative_to(installed)


def test_the_source_distribution_builds_the_same_wheel_byte_by_byte(wheel: Path, tmp_path: Path) -> None:
    source = built(ROOT, "sdist", tmp_path / "sdist")
    with tarfile.open(source) as archive:
        names = archive.getnames()
        archive.extractall(tmp_path, filter="data")
    top = tmp_path / names[0].split("/")[0]
    assert not {"tests", "benchmarks", ".github"} & {path.name for path in top.iterdir()}
    assert built(top, "wheel", tmp_path / "again").read_bytes() == wheel.read_bytes()
