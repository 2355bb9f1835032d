"""A first org.yaml says what it was given, and nothing that a reader of YAML could take for something else."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.kinds.export_schedule import ExportSchedule, S3Target
from reconciler.model.period import FiscalYear, Period
from reconciler.source.literals import comment, is_writable, literal, literals
from reconciler.source.load import load_files
from reconciler.source.organization_file import FirstOrganization, fiscal_year_of, organization_text
from reconciler.source.parse import parse


@pytest.mark.parametrize(
    ("day", "first_month", "expected"),
    [
        (date(2026, 6, 18), 1, FiscalYear("FY2026", Period(2026, 1))),
        (date(2026, 6, 18), 6, FiscalYear("FY2027", Period(2026, 6))),
        (date(2026, 5, 31), 6, FiscalYear("FY2026", Period(2025, 6))),
    ],
)
def test_the_fiscal_year_contains_the_day(day: date, first_month: int, expected: FiscalYear) -> None:
    found = fiscal_year_of(day, first_month=first_month)
    assert expected == found
    assert Period.of(day) in found


def test_a_first_org_yaml_says_what_it_was_given() -> None:
    schedule = ExportSchedule(
        name="weekly: events #1", cron="0 6 * * MON", window="7d", s3=S3Target(bucket="b", prefix="")
    )
    text = organization_text(
        FirstOrganization("org_acme", "USD", fiscal_year_of(date(2026, 6, 1)), ("prod", "no"), (schedule,), "Acme\n#")
    )
    loaded = load_files("budgets", {"org.yaml": text.encode()})
    assert loaded.findings == ()
    assert loaded.desired is not None
    found = loaded.desired.organization
    assert ("org_acme", "USD", ("prod", "no"), (schedule,)) == (
        found.organization,
        found.currency,
        found.environments,
        found.export_schedules,
    )
    assert "{" not in text


@given(st.text(min_size=1).filter(is_writable))
def test_text_is_read_back_as_it_was(text: str) -> None:
    assert {"key": text, "list": [text, text]} == parse(
        f"key: {literal(text)}\nlist: {literals([text, text])}".encode("utf-8", "replace")
    ).value


@pytest.mark.parametrize("text", ["no", "Off", "null", "12", "1e3", "2026-06", "0x1f", "a: b", "# a", "true", "1.50"])
def test_text_that_some_reader_takes_for_something_else_is_in_quotes(text: str) -> None:
    assert literal(text) == f'"{text}"'


@given(st.text())
def test_a_comment_is_one_line_that_people_can_see(text: str) -> None:
    found = comment(text)
    assert is_writable(found)
    assert len(found) <= 140
    assert parse(f"a: 1 # {found}".encode("utf-8", "replace")).value == {"a": 1}
