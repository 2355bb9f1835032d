"""Faults: how the sandbox misbehaves on purpose, so that lost answers and worse can be rehearsed.

`kt-budgets sandbox serve --faults FILE` reads a YAML or JSON file with an ordered list of rules::

    faults:
      # The second allocation is committed, but its answer never arrives.
      - {fault: drop, when: after, method: POST, route: /v1/wallets/allocate, nth: 2}
      # Every fifth reclaim (more or less) is answered 503 and not executed.
      - {fault: error, when: before, status: 503, route: /v1/wallets/reclaim, probability: 0.2, seed: 7}
      # The first write for one team is executed three requests later; its answer is a 500.
      - {fault: delay, answer: 500, requests: 3, method: POST, team: team_support, nth: 1}
      # New entries of every allocation stay invisible to the next two readings of the ledger.
      - {fault: slow_ledger, reads: 2, route: /v1/wallets/allocate}
      # An admin allocates by hand just before the first write.
      - {fault: admin, when: before, nth: 1, route: "/v1/wallets/*", method: POST,
         action: allocate, team_id: team_support, amount: 500.00, description: "quick help"}

A rule *matches* a request by `method`, `route` (a path with `*`) and `team` (the `team_id` in the body or the query).
Of its matches it *fires* on `nth` and the following ones, `count` of them: neither given means always, `nth` alone
means once; then `probability`, drawn from `seed`, decides. The kinds:

=============  ====================================================================================================
drop           close the connection without an answer, `when: before` or `after` the write was executed
error          answer `status` (500), `when: before` or `after`
hang           answer nothing for `seconds` (30) and close, `when: before` or `after`
garble         execute, then answer 200 with `text` instead of JSON
delay          answer at once as `answer` says (202, any 5xx, `drop` or `hang`), execute `requests` requests or
               `seconds` later
rate_limit     answer 429 with `retry_after` (seconds, or any text such as an HTTP date); nothing is executed
duplicate      execute the request twice, answer once
slow_ledger    execute, but keep the new entries invisible for `reads` readings of their wallet's ledger or `seconds`
description    execute, but keep only the first `keep` (0) characters of the description
grow           while a ledger is read, before each page: settle `amount` (0.01) from its wallet; with `shifting: true`
               pages are counted newest first, so that entries appear twice
admin          `when: before` or `after` the request somebody does `action` (allocate, reclaim, credit) by hand
=============  ====================================================================================================

The first firing rule of `drop`, `error`, `hang`, `garble`, `delay`, `rate_limit` decides the answer; the other kinds
apply beside it. Counting requests instead of seconds makes a rehearsal repeatable to the byte.
"""

from __future__ import annotations

import inspect
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reconciler.findings import UsageError
from reconciler.model.frozen import Frozen

Moment = Literal["before", "after"]


class Rule(Frozen):
    """What every rule says: which requests it matches, and on which of them it fires."""

    method: Literal["GET", "POST", "PUT", "DELETE"] | None = None
    route: str = "*"
    team: str | None = None
    nth: int | None = Field(None, ge=1)
    count: int | None = Field(None, ge=1)
    probability: float = Field(1.0, ge=0, le=1)
    seed: int = Field(0, ge=0)

    @property
    def turns(self) -> tuple[int, int | None]:
        """Return the first match to fire on and the first not to fire on any more."""
        first = self.nth or 1
        count = self.count or (1 if self.nth else None)
        return first, None if count is None else first + count


class Drop(Rule):
    fault: Literal["drop"] = "drop"
    when: Moment


class Error(Rule):
    fault: Literal["error"] = "error"
    when: Moment
    status: int = Field(500, ge=400, le=599)


class Hang(Rule):
    fault: Literal["hang"] = "hang"
    when: Moment
    seconds: float = Field(30.0, ge=0)


class Garble(Rule):
    fault: Literal["garble"] = "garble"
    text: str = "<html>Bad Gateway</html>"


class Later(Rule):
    """A rule with something that happens after `requests` more requests, or `seconds`."""

    requests: int | None = Field(None, ge=1)
    seconds: float | None = Field(None, ge=0)


class Delay(Later):
    fault: Literal["delay"] = "delay"
    answer: Literal["drop", "hang"] | Annotated[int, Field(ge=200, le=599)] = 202

    @model_validator(mode="after")
    def _has_an_end(self) -> Delay:
        if (self.requests is None) == (self.seconds is None):
            raise ValueError("say either `requests` or `seconds`")
        return self


class RateLimit(Rule):
    fault: Literal["rate_limit"] = "rate_limit"
    retry_after: int | str | None = 1


class Duplicate(Rule):
    fault: Literal["duplicate"] = "duplicate"


class SlowLedger(Rule):
    fault: Literal["slow_ledger"] = "slow_ledger"
    reads: int | None = Field(None, ge=1)
    seconds: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _has_an_end(self) -> SlowLedger:
        if (self.reads is None) == (self.seconds is None):
            raise ValueError("say either `reads` or `seconds`")
        return self


class Description(Rule):
    fault: Literal["description"] = "description"
    keep: int = Field(0, ge=0)


class Grow(Rule):
    fault: Literal["grow"] = "grow"
    amount: Decimal = Field(Decimal("0.01"), gt=0, decimal_places=6)
    shifting: bool = False
    method: Literal["GET", "POST", "PUT", "DELETE"] | None = "GET"
    route: str = "/v1/wallets/*/transactions"


class Admin(Rule):
    fault: Literal["admin"] = "admin"
    when: Moment
    action: Literal["allocate", "reclaim", "credit"] = "allocate"
    team_id: str = ""
    amount: Decimal = Field(gt=0, decimal_places=6)
    description: str = "by hand"


Answering = Drop | Error | Hang | Garble | Delay | RateLimit
AnyRule = Annotated[
    Drop | Error | Hang | Garble | Delay | RateLimit | Duplicate | SlowLedger | Description | Grow | Admin,
    Field(discriminator="fault"),
]


class Faults(Frozen):
    """An ordered list of rules."""

    faults: tuple[AnyRule, ...] = ()


def load_faults(path: Path) -> Faults:
    """Return the rules of a YAML or JSON file; UsageError names what is wrong."""
    try:
        document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as problem:
        raise UsageError(
            f"{path} cannot be read as YAML: {problem}", hint="`kt-budgets sandbox faults` shows an example"
        ) from None
    return parse_faults(document, name=str(path))


def parse_faults(document: Any, *, name: str = "faults") -> Faults:
    """Return the rules of a document: a list of rules, or an object that holds it under `faults`."""
    try:
        return Faults.model_validate({"faults": document} if isinstance(document, list) else document)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{name}: {place}: {first['msg']}", hint="compare it with `kt-budgets sandbox faults`"
        ) from None


def guide() -> str:
    """Return what this module says of the file of faults, for people."""
    lines = (inspect.getdoc(sys.modules[__name__]) or "").splitlines()
    return "\n".join(re.sub("::$", ":", line) for line in lines if not line.startswith("=="))
