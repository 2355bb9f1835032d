"""What `whatif` supposes, as it is written on the command line: `support=+25%`, `support/prod=14500`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pydantic_core import PydanticCustomError

from reconciler.app.wallet_names import wallet_of, wallets_of
from reconciler.findings import UsageError
from reconciler.forecast.levers.registry import what_ifs
from reconciler.model.period import Period
from reconciler.model.yaml_types import parse_amount

if TYPE_CHECKING:
    from reconciler.forecast.levers.whatif import WhatIf
    from reconciler.forecast.scenario import Scenario
    from reconciler.model.desired import Desired

T = TypeVar("T")

WALLET = "wallet"
"""The option that supposes another target. All others are of levers."""


def read_scenarios(desired: Desired, told: Mapping[str, Sequence[str]]) -> tuple[Scenario, ...]:
    """Return what is supposed of teams and wallets that the YAML declares, by the options of levers.

    Raises:
        UsageError: for an unknown option or team, a bad percentage, amount or month, each with its cure.
    """
    known = {each.option: each for each in what_ifs()}
    for option in told:
        if option not in known:
            raise UsageError(f"nothing can be supposed of `{option}`", hint=f"there is {', '.join(known)}")
    return tuple(_scenario(desired, known[option], text) for option in known for text in told.get(option, ()))


def with_targets(desired: Desired, texts: Sequence[str], *, period: Period) -> Desired:
    """Return `desired` with the monthly targets of `TEAM/ENV=AMOUNT`; an override of `period` itself gives way."""
    for text in texts:
        who, value = _split(WALLET, text)
        amount = _read(WALLET, value, parse_amount)
        wallet = wallet_of(desired, who)
        setting = wallet.setting.with_usual(period, amount)
        team = desired.teams[wallet.team]
        wallets = {**team.wallets, wallet.environment: setting}
        desired = replace(
            desired,
            wallets={**desired.wallets, wallet.key: replace(wallet, setting=setting)},
            teams={**desired.teams, wallet.team: team.model_copy(update={"wallets": wallets})},
        )
    return desired


def _scenario(desired: Desired, whatif: WhatIf, text: str) -> Scenario:
    from reconciler.forecast.scenario import Scenario

    option = whatif.option
    who, value = _split(option, text)
    wallet = wallets_of(desired, who)[0]
    first = next(iter(desired.teams[wallet.team].wallets))
    if whatif.first_wallet_only and "/" in who and wallet.environment != first:
        raise UsageError(
            f"`{who}` is not the first wallet of {wallet.team}, and planned demand comes to that",
            hint=f"write `--{option} {wallet.team}={value}`, or suppose growth of `{who}`",
        )
    value, sign, month = (part.strip() for part in value.partition("@"))
    when = _read(option, month, Period.parse) if sign else None
    what = _read(option, value, lambda told: whatif.read(told, when))
    return Scenario(wallet.team, what, wallet.environment if "/" in who else None)


def _split(option: str, text: str) -> tuple[str, str]:
    who, sign, value = (part.strip() for part in text.partition("="))
    if not (who and sign and value):
        raise _unreadable(option, text, "it does not say of whom, and what")
    return who, value


def _read(option: str, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except PydanticCustomError as error:
        told = error.context or {}
        raise UsageError(f"--{option}: {told.get('sentence', text)}", hint=str(told.get("hint", ""))) from None
    except ValueError as error:
        raise _unreadable(option, text, str(error)) from None


def _unreadable(option: str, text: str, why: str) -> UsageError:
    examples = {WALLET: "support/prod=14500", **{each.option: each.example for each in what_ifs()}}
    return UsageError(
        f"`--{option} {text}` cannot be read: {why}", hint=f"write it such as `--{option} {examples[option]}`"
    )
