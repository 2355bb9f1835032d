"""What `whatif` supposes, as it is written on the command line: `support=+25%`, `support/prod=14500`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pydantic_core import PydanticCustomError

from reconciler.app.outlook.wallet_names import wallet_of, wallets_of
from reconciler.findings import UsageError
from reconciler.model.percent import parse_rate, parse_share
from reconciler.model.period import Period
from reconciler.model.yaml_types import parse_amount

if TYPE_CHECKING:
    from reconciler.forecast.scenario import Cache, Growth, Mix, NewDemand, Scenario
    from reconciler.model.desired import Desired

T = TypeVar("T")

EXAMPLES = {
    "wallet": "support/prod=14500",
    "growth": "support=+25%",
    "cache": "support=28%",
    "mix": "support=openai/gpt-4o,openai/gpt-4o-mini,30%",
    "demand": "support=600.00",
}


def read_scenarios(
    desired: Desired, *, growth: Sequence[str], cache: Sequence[str], mix: Sequence[str], demand: Sequence[str]
) -> tuple[Scenario, ...]:
    """Return what the options suppose of teams and wallets that the YAML declares.

    Raises:
        UsageError: for an unknown team, a bad percentage, amount or month, each with its cure.
    """
    kinds: tuple[tuple[str, Sequence[str], Callable[[str, str], Growth | Cache | Mix | NewDemand]], ...] = (
        ("growth", growth, _growth),
        ("cache", cache, _cache),
        ("mix", mix, _mix),
        ("demand", demand, _demand),
    )
    return tuple(_scenario(desired, option, text, read) for option, texts, read in kinds for text in texts)


def with_targets(desired: Desired, texts: Sequence[str], *, period: Period) -> Desired:
    """Return `desired` with the monthly targets of `TEAM/ENV=AMOUNT`; an override of `period` itself gives way."""
    for text in texts:
        who, value = _split("wallet", text)
        amount = _read("wallet", value, parse_amount)
        wallet = wallet_of(desired, who)
        overrides = {month: target for month, target in wallet.setting.overrides.items() if month != period}
        setting = wallet.setting.model_copy(update={"monthly": amount, "overrides": overrides})
        team = desired.teams[wallet.team]
        wallets = {**team.wallets, wallet.environment: setting}
        desired = replace(
            desired,
            wallets={**desired.wallets, wallet.key: replace(wallet, setting=setting)},
            teams={**desired.teams, wallet.team: team.model_copy(update={"wallets": wallets})},
        )
    return desired


def _scenario(
    desired: Desired, option: str, text: str, read: Callable[[str, str], Growth | Cache | Mix | NewDemand]
) -> Scenario:
    from reconciler.forecast.scenario import Scenario

    who, value = _split(option, text)
    wallet = wallets_of(desired, who)[0]
    first = next(iter(desired.teams[wallet.team].wallets))
    if option == "demand" and "/" in who and wallet.environment != first:
        raise UsageError(
            f"`{who}` is not the first wallet of {wallet.team}, and planned demand comes to that",
            hint=f"write `--demand {wallet.team}={value}`, or suppose growth of `{who}`",
        )
    return Scenario(wallet.team, read(option, value), wallet.environment if "/" in who else None)


def _growth(option: str, text: str) -> Growth:
    from reconciler.forecast.scenario import Growth

    value, month = _dated(option, text)
    return Growth(_read(option, value, parse_rate), month)


def _cache(option: str, text: str) -> Cache:
    from reconciler.forecast.scenario import Cache

    value, month = _dated(option, text)
    return Cache(_read(option, value, parse_share), month)


def _mix(option: str, text: str) -> Mix:
    from reconciler.forecast.scenario import Mix

    value, month = _dated(option, text)
    parts = [part.strip() for part in value.split(",")]
    if len(parts) != 3 or not all(parts):
        raise _unreadable(option, text, "it does not name two models and a share")
    return Mix(parts[0], parts[1], _read(option, parts[2], parse_share), month)


def _demand(option: str, text: str) -> NewDemand:
    from reconciler.forecast.scenario import NewDemand

    value, month = _dated(option, text)
    return NewDemand(_read(option, value, parse_amount), month)


def _split(option: str, text: str) -> tuple[str, str]:
    who, sign, value = (part.strip() for part in text.partition("="))
    if not (who and sign and value):
        raise _unreadable(option, text, "it does not say of whom, and what")
    return who, value


def _dated(option: str, text: str) -> tuple[str, Period | None]:
    """Return the value before `@`, and the month after it, if there is one."""
    value, sign, month = (part.strip() for part in text.partition("@"))
    return value, _read(option, month, Period.parse) if sign else None


def _read(option: str, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except PydanticCustomError as error:
        told = error.context or {}
        raise UsageError(f"--{option}: {told.get('sentence', text)}", hint=str(told.get("hint", ""))) from None
    except ValueError as error:
        raise _unreadable(option, text, str(error)) from None


def _unreadable(option: str, text: str, why: str) -> UsageError:
    return UsageError(
        f"`--{option} {text}` cannot be read: {why}", hint=f"write it such as `--{option} {EXAMPLES[option]}`"
    )
