"""A first `org.yaml`, in block style, so that editors complete it: what is written where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from reconciler.model.kinds.export_schedule import ExportSchedule
from reconciler.model.period import FiscalYear, Period
from reconciler.source.literals import comment, literal

SCHEMA_HEADER = "# yaml-language-server: $schema={}schemas/{}.schema.json"


def fiscal_year_of(day: date, *, first_month: int = 1) -> FiscalYear:
    """Return the fiscal year that contains `day`, named after the calendar year that it ends in."""
    first = Period(day.year - (day.month < first_month), first_month)
    return FiscalYear(f"FY{first.plus(11).year}", first)


@dataclass(frozen=True, slots=True)
class FirstOrganization:
    """What a new org.yaml says. `name` is what people call the organization."""

    organization: str
    currency: str
    fiscal_year: FiscalYear
    environments: tuple[str, ...]
    schedules: Sequence[ExportSchedule] = ()
    name: str = ""


def organization_text(first: FirstOrganization, *, to_schemas: str = "../") -> str:
    """Return the text of org.yaml; `to_schemas` leads from it to the folder that holds `schemas/`."""
    return "\n".join(_lines(first, to_schemas)) + "\n"


def _lines(first: FirstOrganization, to_schemas: str) -> Iterator[str]:
    name = f"{comment(first.name)}: " if first.name else ""
    yield SCHEMA_HEADER.format(to_schemas, "organization")
    yield "version: 1"
    yield f"# {name}apply refuses when the token belongs to another organization"
    yield f"organization: {literal(first.organization)}"
    yield f"currency: {first.currency}"
    yield "# Keeptrusts does not say when your fiscal year begins: correct the month if it is another one"
    yield "fiscal_year:"
    yield f"  name: {literal(first.fiscal_year.name)}"
    yield f"  starts: {first.fiscal_year.starts}"
    yield "environments:"
    yield from (f"  - {literal(environment)}" for environment in first.environments)
    yield "# keep or reclaim: what becomes of unspent money of a wallet when a new month opens"
    yield "unused: keep"
    if first.schedules:
        yield "export_schedules:"
        for schedule in first.schedules:
            yield from schedule_lines(schedule)


def schedule_lines(schedule: ExportSchedule) -> Iterator[str]:
    """Yield the lines of an item of `export_schedules`, as far in as a list two blanks below its key."""
    yield f"  - name: {literal(schedule.name)}"
    yield f'    cron: "{schedule.cron}"'
    yield f"    window: {literal(schedule.window)}"
    yield f"    type: {literal(schedule.type)}"
    yield f"    format: {literal(schedule.format)}"
    yield "    s3:"
    yield f"      bucket: {literal(schedule.s3.bucket)}"
    yield f"      prefix: {literal(schedule.s3.prefix)}"
    yield f"    enabled: {literal(schedule.enabled)}"
