"""`budgets/org.yaml`: what holds for the whole organization."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from reconciler.model.approvals import Acknowledgement, Approvals
from reconciler.model.frozen import Frozen
from reconciler.model.guards import GuardSettings, Waiver
from reconciler.model.kinds.export_schedule import ExportSchedule
from reconciler.model.operation import EntryKind
from reconciler.model.percent import Interval, Share
from reconciler.model.period import FiscalYear, Period
from reconciler.model.rule import RuleSet
from reconciler.model.yaml_types import Identifier, Label, Version, WholeNumber, YamlAmount


class FiscalYearSetting(Frozen):
    """The twelve months that the budgets are for."""

    name: Label = Field(description="What people call the fiscal year.", examples=["FY2027"])
    starts: Period = Field(description="Its first month, as YYYY-MM; it ends twelve months later.")

    @property
    def value(self) -> FiscalYear:
        return FiscalYear(self.name, self.starts)


class ForecastSettings(Frozen):
    """How forecasts are made and shown."""

    interval: Interval = Field(
        Decimal("0.8"),
        description="How many of the possible outcomes the printed range holds: 80% leaves 1 in 10 below it (P10)"
        " and 1 in 10 above (P90).",
        json_schema_extra={"default": "80%"},
    )
    horizon_months: Annotated[WholeNumber, Field(ge=1, le=24)] = Field(
        12, description="How many months to look ahead, 1 to 24."
    )
    resilience_margin: Share = Field(
        Decimal(0),
        description="What staying available may cost, as a percentage of spend: a reserve for traffic on fallbacks."
        " Forecasts and `year` add what of it fallbacks do not cost yet; no team's plan holds it.",
        json_schema_extra={"default": "0%"},
    )


EventColumn = Literal[
    "id",
    "timestamp",
    "team_id",
    "gateway_id",
    "provider",
    "model",
    "decision",
    "input_tokens",
    "output_tokens",
    "cost",
    "cache_hit",
    "avoided_cost",
    "workload",
    "lane",
    "fallback",
    "metadata",
]
"""What an event's columns are called here, however an export calls them."""


class UsageSettings(Frozen):
    """How this deployment names the columns of an event export: canonical name to the export's own."""

    columns: dict[EventColumn, Label] = Field(
        {},
        description="For each of our column names, the export's own, such as `cost: total_cost_usd`.",
        examples=[{"cost": "total_cost_usd"}],
    )


class ApiSettings(Frozen):
    """What Keeptrusts does not document and a deployment may do differently."""

    billing_budgets_path: str = Field(
        "/v1/billing/budgets",
        pattern=r"^/[A-Za-z0-9._~/-]{0,199}$",
        description="The path of billing budgets, below the API's address.",
        json_schema_extra={"patternErrorMessage": "A path that starts with a slash, such as /v1/billing/budgets"},
    )
    description_field: Literal["description", "note"] = Field(
        "description", description="What the API calls the text of an allocation."
    )
    ledger_types: dict[Label, EntryKind] = Field(
        {},
        description="What types of ledger entries mean that this deployment has of its own. An entry of a type that is"
        " not known stops the reading of its wallet.",
        examples=[{"budget_grant": "allocate"}],
    )
    page_size: Annotated[WholeNumber, Field(ge=50, le=5000)] = Field(
        200,
        description="How many objects of a listing are asked for at a time, 50 to 5,000. Where it is not set, a listing"
        " that is longer than 200 is read by 1,000, if the API gives as many.",
    )

    @property
    def paths(self) -> dict[str, str]:
        """The paths of managed objects, by the section of the YAML that declares them."""
        return {name.removesuffix("_path"): path for name, path in self if name.endswith("_path")}


class OrganizationBudget(Frozen):
    """What holds for the whole organization: currency, fiscal year, annual target, environments, exports."""

    version: Version = Field(description="The version of this file's format: 1.")
    organization: Identifier = Field(
        description="The Keeptrusts organization; `apply` refuses a token that belongs to another one.",
        examples=["org_acme"],
    )
    currency: str = Field(
        pattern=r"^[A-Z]{3}$",
        description="The currency of every amount, as three capital letters.",
        examples=["USD"],
        json_schema_extra={"patternErrorMessage": "Three capital letters, such as USD"},
    )
    fiscal_year: FiscalYearSetting = Field(description="What the fiscal year is called and when it begins.")
    annual_target: YamlAmount | None = Field(
        None,
        description="What the whole organization may spend in the fiscal year, in the organization's currency.",
        examples=[700000.00],
    )
    environments: tuple[Identifier, ...] = Field(
        min_length=1,
        description="The environments that teams may have wallets for.",
        examples=[["prod", "dev"]],
    )
    unused: Literal["keep", "reclaim"] = Field(
        "keep",
        description="Unspent money of a wallet when a new month opens: it stays, or goes back to the organization"
        " wallet.",
    )
    journal: str | None = Field(
        None,
        pattern=r"^(file|git):[^\s-][^\r\n\t]{0,999}$",
        description="Where runs are recorded, one place for everybody: `git:` and a remote's name or address, or"
        " `file:` and a path from the top of the repository. Default: file:.kt-budgets/journal.",
        examples=["git:origin"],
        json_schema_extra={"patternErrorMessage": "git: and a remote, or file: and a path, such as git:origin"},
    )
    owners: tuple[Label, ...] = Field(
        (), description="Who approves changes for the organization.", examples=[["@acme/finance"]]
    )
    guards: GuardSettings = Field(GuardSettings(), description="Limits on the money that a single run may move.")
    waivers: tuple[Waiver, ...] = Field((), description="Guards that are let pass for a while, each with its reason.")
    policies: dict[Identifier, RuleSet] = Field(
        {}, description="The organization's own rules, by the name of their set; each `policies/NAME.yaml` is one, too."
    )
    approvals: Approvals = Field(Approvals(), description="Who approves besides a team's own owners.")
    acknowledged_drift: tuple[Acknowledgement, ...] = Field(
        (), description="Differences between git and Keeptrusts that are known and accepted for a while."
    )
    drift_issues: Literal["one", "per_team"] = Field(
        "one",
        description="Where `drift --issue` tells what needs a person: one issue, or one for each team and one for the"
        " organization.",
    )
    forecast: ForecastSettings = Field(ForecastSettings(), description="How forecasts are made and shown.")
    export_schedules: tuple[ExportSchedule, ...] = Field(
        (), description="Exports that Keeptrusts delivers again and again."
    )
    usage: UsageSettings = Field(UsageSettings(), description="How this deployment names the columns of an export.")
    api: ApiSettings = Field(ApiSettings(), description="Where this deployment's API differs from the default.")
