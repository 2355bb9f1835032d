"""Export schedules: exports that Keeptrusts delivers again and again, identified by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from reconciler.model.cron import Cron
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.managed_kind import Key, ManagedKind, Stray, WireObject, Word
from reconciler.model.yaml_types import Label, Switch


def _cron_field(value: str) -> str:
    item = rf"(\*|{value}(-{value})?)(/[1-9][0-9]?)?"
    return rf"{item}(,{item})*"


CRON_PATTERN = "^{} +{} +{} +{} +{}$".format(
    _cron_field("[0-5]?[0-9]"),
    _cron_field("([01]?[0-9]|2[0-3])"),
    _cron_field("(0?[1-9]|[12][0-9]|3[01])"),
    _cron_field("(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"),
    _cron_field("([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)"),
)
"""Minute, hour, day of the month, month, day of the week; lists, ranges and steps."""


class S3Target(Frozen):
    """Where a scheduled export is delivered."""

    bucket: Label = Field(description="Name of the S3 bucket.", examples=["finops-artifacts"])
    prefix: str = Field("", max_length=1024, description="Folder in the bucket.", examples=["ai-spend/weekly/"])


class ExportSchedule(Frozen):
    """A recurring export. Equal when no change is needed."""

    name: Label = Field(description="What identifies the schedule; unique.", examples=["weekly-spend-forecast"])
    cron: Annotated[
        str,
        Field(
            pattern=CRON_PATTERN,
            description="When it runs, as five cron fields in UTC.",
            examples=["0 6 * * MON"],
            json_schema_extra={"patternErrorMessage": "Five cron fields in UTC, such as 0 6 * * MON"},
        ),
        AfterValidator(Cron),
    ]
    window: str = Field(
        pattern=r"^[1-9][0-9]{0,3}[dhw]$",
        description="How far back each export reaches: a number and h, d or w.",
        examples=["7d"],
        json_schema_extra={"patternErrorMessage": "A number and h, d or w, such as 7d"},
    )
    type: Literal["events", "traces", "escalations", "audit-log"] = Field("events", description="What is exported.")
    format: Literal["csv", "json", "jsonl", "parquet"] = Field("json", description="The format of the exported file.")
    s3: S3Target = Field(description="Where the file is delivered.")
    enabled: Switch = Field(True, description="Whether the schedule runs.")

    @classmethod
    def as_found(cls, document: Mapping[str, Any]) -> ExportSchedule:
        """Return the schedule that a server or a plan describes, even one that YAML could not declare."""
        target = S3Target.model_construct(**document["s3"])
        cron = {"cron": Cron(document["cron"])} if "cron" in document else {}
        return cls.model_construct(**{**document, **cron, "s3": target})


class ExportSchedules(ManagedKind[ExportSchedule]):
    """They belong to the organization; not every deployment offers them."""

    name, section, noun, entry = "export_schedule", "export_schedules", "export schedule", "export schedule"
    path, plural, of_teams = "/v1/exports/schedules", "schedules", False
    labels = {"cron": "cron", "window": "window", "type": "type", "format": "format", "s3": "destination"}
    usual = {"enabled": True, "type": "events"}
    words = {
        ExportSchedule: {
            "name": Word("name"),
            "cron": Word("runs at"),
            "window": Word("window"),
            "type": Word("type"),
            "format": Word("format"),
            "s3": Word("delivered to", lambda value, _: f"{value.bucket}/{value.prefix}"),
            "enabled": Word("enabled"),
        },
        S3Target: {"bucket": Word("bucket"), "prefix": Word("folder")},
    }
    known_by = {ExportSchedule: ("name",)}
    not_offered = "schedules-not-offered"

    def key(self, value: ExportSchedule) -> Key:
        return (value.name,)

    def stored(self, document: Mapping[str, Any]) -> ExportSchedule:
        return ExportSchedule.as_found(document)

    def read(self, item: WireObject, *, organization: str) -> ExportSchedule:
        target = item.object("s3") or item
        fields = {
            "name": item.text("name"),
            "cron": item.optional_text("cron"),
            "window": item.optional_text("window").lower(),
            "type": (item.optional_text("type") or "events").lower(),
            "format": (item.optional_text("format") or "json").lower(),
            "s3": {
                "bucket": target.optional_text("s3_bucket", "bucket"),
                "prefix": target.optional_text("s3_prefix", "prefix"),
            },
            "enabled": item.flag("enabled", default=True),
        }
        return ExportSchedule.as_found(fields)

    def stray(self, value: ExportSchedule, *, currency: str) -> Stray:
        try:
            ExportSchedule.model_validate(value.model_dump(warnings=False))
        except ValidationError as error:
            wrong = dict.fromkeys(str(problem["loc"][0]) for problem in error.errors(include_url=False))
            return Stray(reason=f"YAML cannot declare its {' and its '.join(wrong)}")
        return Stray()

    def body(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return an export schedule as Keeptrusts takes it, `s3` as `s3_bucket` and `s3_prefix`."""
        body = {name: value for name, value in document.items() if name != "s3"}
        if isinstance(target := document.get("s3"), Mapping):
            body["s3_bucket"] = target["bucket"]
            body["s3_prefix"] = target.get("prefix", "")
        return body


EXPORT_SCHEDULES = ExportSchedules()
