"""`budgets/org.yaml`: what holds for the whole organization."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from reconciler.model.frozen import Frozen
from reconciler.model.percent import Percent
from reconciler.model.period import FiscalYear, Period
from reconciler.model.yaml_types import Identifier, Label, YamlAmount


class FiscalYearSetting(Frozen):
    name: Label
    starts: Period

    @property
    def value(self) -> FiscalYear:
        return FiscalYear(self.name, self.starts)


class ForecastSettings(Frozen):
    interval: Percent = Decimal("0.8")
    horizon_months: int = Field(12, ge=1, le=24)
    resilience_margin: Percent = Decimal(0)


class S3Target(Frozen):
    bucket: Label
    prefix: str = ""


class ExportSchedule(Frozen):
    """A recurring export. Equal when no change is needed."""

    name: Label
    cron: Label
    window: str = Field(pattern=r"^[1-9][0-9]{0,3}[dhw]$")
    type: Literal["events", "traces", "escalations", "audit-log"] = "events"
    format: Literal["csv", "json", "jsonl", "parquet"] = "json"
    s3: S3Target
    enabled: bool = True


class UsageSettings(Frozen):
    """How this deployment names the columns of an event export: canonical name to the export's own."""

    columns: dict[str, Label] = {}


class ApiSettings(Frozen):
    """What Keeptrusts does not document and a deployment may do differently."""

    billing_budgets_path: str = "/v1/billing/budgets"
    description_field: Literal["description", "note"] = "description"


class OrganizationBudget(Frozen):
    version: Literal[1]
    organization: Identifier
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    fiscal_year: FiscalYearSetting
    annual_target: YamlAmount | None = None
    environments: tuple[Identifier, ...] = Field(min_length=1)
    unused: Literal["keep", "reclaim"] = "keep"
    owners: tuple[Label, ...] = ()
    forecast: ForecastSettings = ForecastSettings()
    export_schedules: tuple[ExportSchedule, ...] = ()
    usage: UsageSettings = UsageSettings()
    api: ApiSettings = ApiSettings()
