"""The pins are a complete closure: whoever installs them without a resolver has everything, as it was pinned."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
RUNNING, TESTING, MUTATING = "constraints.txt", "constraints-test.txt", "constraints-mutants.txt"
SPARKING = "constraints-spark.txt"
PLATFORMS = {"linux": ("Linux", "posix"), "darwin": ("Darwin", "posix"), "win32": ("Windows", "nt")}
PYTHONS = ("3.11", "3.12", "3.13")

Environment = dict[str, str]


ENVIRONMENTS = [
    {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": platform,
        "platform_system": system,
        "os_name": name,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for python in PYTHONS
    for platform, (system, name) in PLATFORMS.items()
]


def called(environment: Environment) -> str:
    return f"{environment['python_version']} on {environment['sys_platform']}"


@cache
def pins(*files: str) -> list[tuple[Requirement, str]]:
    """Return each pin of `files` with the lines of hashes that follow it."""
    text = "\n".join((ROOT / file).read_text(encoding="utf-8") for file in files)
    found = re.findall(r"^([A-Za-z0-9][^\\\n]*?) \\\n((?:    --hash=\S+(?: \\)?\n?)*)", text, flags=re.MULTILINE)
    return [(Requirement(pin), hashes) for pin, hashes in found]


def pinned(environment: Environment, *files: str) -> dict[NormalizedName, Version]:
    """Return what `files` install in `environment`."""
    versions: dict[NormalizedName, Version] = {}
    for pin, _ in pins(*files):
        if pin.marker is None or pin.marker.evaluate(dict(environment)):
            (only,) = pin.specifier
            versions[canonicalize_name(pin.name)] = Version(only.version)
    return versions


def wanted_by(requirement: Requirement, environment: Environment) -> list[Requirement]:
    """Return what the installed package of `requirement`, with the extras it names, requires in `environment`."""
    try:
        lines = metadata.requires(requirement.name) or []
    except metadata.PackageNotFoundError:
        return []
    inner = [Requirement(line) for line in lines]
    extras = ("", *requirement.extras)
    return [
        found
        for found in inner
        if found.marker is None or any(found.marker.evaluate({**environment, "extra": extra}) for extra in extras)
    ]


def amiss(roots: Iterable[str], environment: Environment, *files: str) -> list[str]:
    """Return every requirement below `roots` that the pins of `files` miss or do not satisfy."""
    versions = pinned(environment, *files)
    open_ends = [Requirement(root) for root in roots]
    seen: set[str] = set()
    found: list[str] = []
    while open_ends:
        requirement = open_ends.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        version = versions.get(canonicalize_name(requirement.name))
        if version is None:
            found.append(f"{requirement} is not pinned")
        elif not requirement.specifier.contains(version, prereleases=True):
            found.append(f"{requirement} is pinned to {version}")
        open_ends += wanted_by(requirement, environment)
    return sorted(found)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=called)
def test_what_running_needs_is_pinned_whole(environment: Environment) -> None:
    assert amiss([*PROJECT["dependencies"], *EXTRAS["build"]], environment, RUNNING) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=called)
def test_what_is_left_in_a_light_installation_needs_nothing_that_is_left_out(environment: Environment) -> None:
    script = (ROOT / ".github/actions/kt-budgets/install.sh").read_text(encoding="utf-8")
    (listed,) = re.findall(r'^heavy="([a-z0-9|-]+)"$', script, flags=re.MULTILINE)
    left_out = set(listed.split("|"))
    assert left_out <= pinned(environment, RUNNING).keys()
    needing = {
        str(canonicalize_name(found.name))
        for name in pinned(environment, RUNNING).keys() - left_out
        for found in wanted_by(Requirement(name), environment)
    }
    assert needing & left_out == set()
    roots = [line for line in PROJECT["dependencies"] if canonicalize_name(Requirement(line).name) in left_out]
    assert {Requirement(line).name for line in roots} == {"duckdb", "ibis-framework", "numpy"}


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=called)
def test_what_tests_and_every_extra_need_is_pinned_whole(environment: Environment) -> None:
    everything = [line for lines in EXTRAS.values() for line in lines]
    assert amiss([*PROJECT["dependencies"], *everything], environment, RUNNING, TESTING, SPARKING) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=called)
def test_what_mutation_testing_needs_is_pinned_whole(environment: Environment) -> None:
    needed = SETTINGS["dependency-groups"]["mutants"]
    assert amiss(needed, environment, RUNNING, TESTING, MUTATING) == []


def test_an_extra_of_a_package_that_needs_more_than_its_pin_is_noticed() -> None:
    environment = ENVIRONMENTS[0]
    assert amiss(["pydantic[timezone]>=99"], environment, RUNNING, TESTING) == [
        f"pydantic[timezone]>=99 is pinned to {metadata.version('pydantic')}"
    ]


def test_what_an_extra_brings_in_is_looked_for_too() -> None:
    environment = ENVIRONMENTS[0]
    without = [
        line for line in amiss(["ibis-framework[duckdb]>=11"], environment, TESTING) if line.startswith("duckdb")
    ]
    assert without


def test_every_pin_is_exact_stands_once_and_has_hashes() -> None:
    files = (RUNNING, TESTING, MUTATING, SPARKING)
    listed = pins(*files)
    lines = "".join((ROOT / file).read_text(encoding="utf-8") for file in files)
    assert len(listed) == len(re.findall(r"^[A-Za-z0-9]", lines, flags=re.MULTILINE))
    assert [str(pin) for pin, hashes in listed if "--hash=sha256:" not in hashes] == []
    assert [str(pin) for pin, _ in listed if not re.fullmatch(r"==[^,]+", str(pin.specifier))] == []
    for environment in ENVIRONMENTS:
        named = [name for file in files for name in pinned(environment, file)]
        assert len(named) == len(set(named))


def test_what_is_installed_here_is_what_is_pinned() -> None:
    unlike = []
    for pin, _ in pins(RUNNING, TESTING):
        if (pin.marker is None or pin.marker.evaluate()) and not pin.specifier.contains(metadata.version(pin.name)):
            unlike.append(f"{pin}: {metadata.version(pin.name)} is installed")
    assert unlike == []


def test_no_pin_says_where_packages_come_from() -> None:
    for file in (RUNNING, TESTING, MUTATING, SPARKING):
        assert "://" not in (ROOT / file).read_text(encoding="utf-8")


def test_nothing_tells_anybody_to_ask_an_index_for_us_and_every_extra_is_explained() -> None:
    """What an index offers by our name is not ours: from a clone or a wheel alone we are installed."""
    told = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "reconciler").rglob("*.py")]
    asks = re.compile(r"keeptrusts[-_]budgets(\[|==)|install [^`]*keeptrusts-budgets")
    found = {str(file.relative_to(ROOT)): asks.findall(file.read_text(encoding="utf-8")) for file in told}
    assert {name: hits for name, hits in found.items() if hits and name != "CHANGELOG.md"} == {}
    explained = (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
    assert {name for name in EXTRAS if f"| `{name}` |" not in explained} <= {"build", "dev", "docs", "mutants"}
