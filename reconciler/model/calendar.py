"""What will change when: the document of `kt-budgets calendar`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document
from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount

SOON = timedelta(days=30)
"""What ends within so many days is a warning."""

CalendarKind = Literal["target", "override", "waiver", "rule", "acknowledgement", "plan", "fiscal_year"]


class CalendarEntry(Frozen):
    """One thing that the YAML says of a day to come: the first on which it holds, or the last where something ends."""

    day: date = Field(description="The first day on which it is so; where something ends, its last day.")
    days: int = Field(description="In how many days that is; less than 0 where it is over.")
    kind: CalendarKind = Field(description="What changes.")
    ends: bool = Field(description="Whether something ends with that day.")
    soon: bool = Field(description="Whether it ends within 30 days, or is over: `validate` and `plan` warn of it.")
    team: str = Field(description="The team; empty for the organization.")
    environment: str = Field(description="The environment of the wallet; empty where it is about none.")
    what: str = Field(description="What happens, in words.")
    before: Amount | None = Field(description="Money a month until then; null where it is about no amount.")
    after: Amount | None = Field(description="Money a month from then on; null where it is about no amount.")
    position: str = Field(description="Where the YAML says so: file:line:column.")


class CalendarDocument(Document):
    """Everything that the YAML says of days after `as_of`, in their order, and what is over and still there."""

    commands: ClassVar = ("calendar",)
    format: Literal["kt-budgets.calendar/1"] = "kt-budgets.calendar/1"
    organization: str = Field(description="The organization's id in Keeptrusts.")
    currency: str = Field(description="Currency of all money here, ISO 4217.")
    as_of: date = Field(description="The day looked from, UTC.")
    entries: tuple[CalendarEntry, ...] = Field(description="What changes, by day, team and environment.")
