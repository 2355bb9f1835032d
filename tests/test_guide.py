"""The guide for a first change is true: its picture is the import contract, and what it names is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
LAYERS: list[str] = next(
    contract["layers"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    if contract["type"] == "layers"
)
PLACE = re.compile(r"`((?:[a-z_]+/)*[a-z_]+\.py)(?::([A-Za-z_]+))?`")
DEFINED = r"^(?:    )?(?:async )?(?:def|class) {name}\b|^{name}\b.* = "


def drawn() -> list[set[str]]:
    """Return the packages of each floor of the picture, from the top."""
    (picture,) = re.findall(r"^```mermaid\n(.*?)^```", GUIDE, flags=re.DOTALL | re.MULTILINE)
    floors = re.findall(r"^  subgraph [^\n]*\n(.*?)^  end", picture, flags=re.DOTALL | re.MULTILINE)
    return [set(re.findall(r"^    (\w+)\[", floor, flags=re.MULTILINE)) for floor in floors]


def missing(place: str, name: str) -> bool:
    path = next((path for path in (ROOT / "reconciler" / place, ROOT / place) if path.is_file()), None)
    if path is None:
        return True
    return bool(name) and not re.search(DEFINED.format(name=name), path.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_picture_of_the_guide_has_the_floors_of_the_import_contract_in_their_order() -> None:
    assert drawn() == [{name.strip().removeprefix("reconciler.") for name in layer.split("|")} for layer in LAYERS]


def test_the_arrow_of_the_picture_goes_through_every_floor_from_the_top() -> None:
    floors = re.findall(r"^  subgraph (\w+)", GUIDE, flags=re.MULTILINE)
    assert f"\n  {' --> '.join(floors)}\n" in GUIDE


def test_every_module_and_function_that_the_guide_names_is_there() -> None:
    places = PLACE.findall(GUIDE)
    assert len(places) > 80
    assert [f"{place}:{name}" for place, name in places if missing(place, name)] == []


def test_every_make_target_and_folder_that_the_guide_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = {word for line in re.findall(r"(?:`|\$ )make ([a-z -]+)", GUIDE) for word in line.split()}
    assert named
    assert named <= targets
    folders = re.findall(r"`((?:tests|reconciler|\.github|\.ci)/[a-z/_-]+)`", GUIDE)
    assert [folder for folder in folders if not (ROOT / folder).exists()] == []
