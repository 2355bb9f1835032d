"""What is built to be installed: the wheel has all that its commands need, and the source builds the same wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
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


def built_from() -> set[str]:
    """Return what a wheel is built from besides the package."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included: dict[str, str] = document["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    return set(included)


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
    templates = {name.removeprefix("reconciler/templates/") for name in names if "/templates/" in name}
    assert templates == {"budgets.example.yml", "gitlab-ci.example.yml"}
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
    subprocess.run(["tar", "-xf", source, "-C", tmp_path], check=True)
    top = tmp_path / names[0].split("/")[0]
    assert not {"tests", "benchmarks"} & {path.name for path in top.iterdir()}
    templates = {path.name for path in (top / ".github").iterdir()}
    assert templates == {"budgets.example.yml", "gitlab-ci.example.yml"}
    assert built(top, "wheel", tmp_path / "again").read_bytes() == wheel.read_bytes()


def test_the_image_starts_from_a_digest_installs_by_hash_and_is_nobody_s_root() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim@sha256:[0-9a-f]{64}", bases[0])
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    from_network = [line for line in lines if "pip install" in line and "--no-index" not in line]
    assert all("--require-hashes" in line for line in from_network)
    copied = {
        name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    }
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)
    assert built_from() <= copied


def test_what_the_image_copies_is_all_that_the_same_wheel_is_built_from(wheel: Path, tmp_path: Path) -> None:
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            *names, target = line.split()[1:]
            for name in names:
                (here, there) = (ROOT / name, tmp_path / "source" / target)
                if here.is_dir():
                    shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    there.mkdir(parents=True, exist_ok=True)
                    shutil.copy(here, there)
    assert built(tmp_path / "source", "wheel", tmp_path / "again").read_bytes() == wheel.read_bytes()
