"""The guide and the records of decisions hold together: numbers, index, names in the code, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".github" / "decisions"
RECORDS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
NAMED = re.compile(r"\b[Dd]ecisions?[ /](\d{4})\b")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def sources() -> Iterator[Path]:
    for folder in ("reconciler", "tests", "benchmarks", ".github"):
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".sh", ".yml", ".md"})
    yield from (ROOT / name for name in ("README.md", "Makefile", "pyproject.toml"))


def test_the_numbers_of_the_decisions_have_no_gap_and_none_twice() -> None:
    assert [record.name[:5] for record in RECORDS] == [f"{number:04}-" for number in range(1, len(RECORDS) + 1)]


def test_every_record_says_its_number_day_context_decision_and_consequences() -> None:
    shape = re.compile(
        r"# (\d{4}): .+\n\n\d{4}-\d\d-\d\d(, \d{4}-\d\d-\d\d)*(; superseded by \[\d{4}\]\(.+\.md\))?\n\n"
        r"## Context\n\n\S[^#]+\n\n## Decision\n\n\S[^#]+\n\n## Consequences\n\n\S[^#]+\n"
    )
    found = {record.name: shape.fullmatch(text(record)) for record in RECORDS}
    assert [name for name, match in found.items() if match is None or match[1] != name[:4]] == []


def test_the_index_has_every_record_once_under_its_own_title() -> None:
    lines = [line for line in text(FOLDER / "README.md").splitlines() if line.startswith("- ")]
    assert sorted(lines, key=lambda line: line[3:7]) == [indexed(record) for record in RECORDS]


def indexed(record: Path) -> str:
    heading, _, day, *_ = text(record).splitlines()
    after = re.search(r"superseded by \[(\d{4})\]", day)
    return f"- [{heading.removeprefix('# ')}]({record.name})" + (f" (superseded by {after[1]})" if after else "")


def test_every_decision_that_is_named_anywhere_exists_and_holds() -> None:
    holding = {record.name[:4] for record in RECORDS if "superseded by" not in text(record)}
    named = {(path, number) for path in sources() for number in NAMED.findall(text(path))}
    assert named
    assert [f"{path.relative_to(ROOT)}: {number}" for path, number in sorted(named) if number not in holding] == []


def test_every_link_of_the_guide_and_the_records_leads_to_a_file() -> None:
    pages = [ROOT / "README.md", *(ROOT / ".github").rglob("*.md")]
    links = [(page, target) for page in pages for target in LINK.findall(text(page))]
    assert [f"{page.name}: {target}" for page, target in links if not (page.parent / target).exists()] == []


def test_no_decision_is_named_where_people_write_yaml() -> None:
    schemas = sorted((ROOT / "schemas").glob("*.json"))
    assert schemas
    assert [schema.name for schema in schemas if NAMED.search(text(schema))] == []
