"""Exports that were fetched and kept: which days, which bytes, how many events, how much money."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document
from reconciler.model.frozen import Frozen
from reconciler.model.money import ZERO, Amount, UnroundedAmount, differ
from reconciler.model.usage_summary import LeftOutRows


class KeptExport(Frozen):
    """One file that was downloaded whole and could be read whole."""

    file: str = Field(description="Its name in the folder `exports` beside the manifest.")
    first_day: date = Field(description="The first day that was asked for, UTC.")
    last_day: date = Field(description="The last day that was asked for, UTC.")
    digest: str = Field(description="Digest of its bytes, `sha256:` and 64 digits.")
    size: int = Field(description="How many bytes.")
    job: str = Field(description="The export job that made it, by its id in Keeptrusts.")
    rows: int = Field(description="How many different events of these days are in it.")
    cost: Amount = Field(description="Money of these events.")
    exact_cost: UnroundedAmount | None = Field(
        None,
        description="The same money to the billionth, to be added up; null where an earlier release wrote it.",
    )
    left_out: int = Field(
        0, description="How many rows are in no figure, because they cannot be read or are of other days."
    )
    left_out_cost: Amount = Field(ZERO, description="Money of these rows, as far as it can be read.")
    left_out_elsewhere: Mapping[str, Amount] = Field(
        default_factory=dict,
        exclude_if=lambda amounts: not amounts,
        description="Money of these rows in other currencies than the organization's, by currency.",
    )
    left_out_unread: int = Field(
        0, exclude_if=lambda rows: not rows, description="How many of these rows have a cost that cannot be read."
    )
    spend: Amount | None = Field(
        None,
        description="Money that the dashboard showed for these days when it was fetched; null where it shows none.",
    )
    spend_rounding: UnroundedAmount | None = Field(
        None,
        description="By how much that money may be off because of cents, half of one for each row in whole ones; null"
        " where an earlier release wrote it.",
    )

    @property
    def rows_left_out(self) -> LeftOutRows:
        """The rows that are in no figure, with their money."""
        return LeftOutRows(
            rows=self.left_out,
            cost=self.left_out_cost,
            elsewhere=self.left_out_elsewhere,
            unread=self.left_out_unread,
        )

    @property
    def money(self) -> Decimal:
        """The money of its events, as exact as it is known."""
        return self.cost if self.exact_cost is None else self.exact_cost

    @property
    def apart(self) -> bool:
        """Whether the dashboard showed another sum, and not for rounding alone."""
        return self.spend is not None and differ(self.spend, self.money, self.spend_rounding or ZERO)


class AskedExport(Frozen):
    """A job that was created and whose file is not here yet: it is asked for again, not made again."""

    first_day: date = Field(description="The first day that was asked for, UTC.")
    last_day: date = Field(description="The last day that was asked for, UTC.")
    job: str = Field(description="The export job, by its id in Keeptrusts.")


class ExportsManifest(Document):
    """What lies beside it, in `manifest.json`: what `kt-budgets evidence pull --format json` prints."""

    commands: ClassVar = ("evidence pull",)
    format: Literal["kt-budgets.exports/1"] = "kt-budgets.exports/1"
    organization: str = Field(description="The organization's id in Keeptrusts.")
    currency: str = Field(description="Currency of all money here, ISO 4217.")
    type: Literal["events"] = Field("events", description="What was exported.")
    exports: tuple[KeptExport, ...] = Field((), description="Each file, by its days.")
    asked: tuple[AskedExport, ...] = Field((), description="Jobs that were created and whose files are not here yet.")

    def of(self, first: date, last: date) -> KeptExport | None:
        """Return the file of exactly these days."""
        return next((kept for kept in self.exports if (kept.first_day, kept.last_day) == (first, last)), None)

    def job_of(self, first: date, last: date) -> str | None:
        """Return the job that was created for exactly these days and is not finished."""
        return next((one.job for one in self.asked if (one.first_day, one.last_day) == (first, last)), None)

    def asking(self, first: date, last: date, job: str) -> ExportsManifest:
        """Return the manifest with a job that was created."""
        others = [one for one in self.asked if one.first_day != first]
        asked = sorted([*others, AskedExport(first_day=first, last_day=last, job=job)], key=lambda one: one.first_day)
        return self.model_copy(update={"asked": tuple(asked)})

    def keeping(self, kept: KeptExport) -> ExportsManifest:
        """Return the manifest with a file, which takes the place of one that begins on the same day."""
        others = [one for one in self.exports if one.first_day != kept.first_day]
        exports = tuple(sorted([*others, kept], key=lambda one: one.first_day))
        asked = tuple(one for one in self.asked if one.first_day != kept.first_day)
        return self.model_copy(update={"exports": exports, "asked": asked})
