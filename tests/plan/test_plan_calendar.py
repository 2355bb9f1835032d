"""Everything that budget files say of days to come, word for word, from the days at which it becomes or ceases so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from plan.test_plan_later import ORGANIZATION, TEAM, state
from worlds import wallet

from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.rule import RuleSet
from reconciler.model.wallet_target import WalletTarget
from reconciler.plan.calendar import calendar

STEPS = [
    {"amount": 5, "from": "2026-05", "until": "2026-06"},
    {"amount": 7, "from": "2026-08", "until": "2026-10"},
    {"amount": 9, "from": "2026-11"},
    {"amount": 3, "from": "2027-12", "until": "2028-02"},
]
OVERRIDES = {"2026-07": "+20%", "2026-09": "8.00", "2026-10": "-50%", "2026-12": "9.00", "2027-06": "11.00"}
_RULE = {"level": "deny", "owner": "@cfo", "reason": "a pilot", "assert": "true", "message": "no"}
RULES = [
    {**_RULE, "name": "pilot", "from": "2026-06-18", "until": "2026-07-18"},
    {**_RULE, "name": "later", "from": "2026-06-19"},
    {**_RULE, "name": "over", "until": "2026-06-17"},
    {**_RULE, "name": "always"},
]
DAYS = ("2026-06-18", "2026-02-10", "2026-06-30", "2026-07-01", "2026-08-30", "2027-05-31", "2027-06-01")


def stepped(team: str, environment: str, **setting: Any) -> DesiredWallet:
    wanted = wallet(team, environment, "0")
    return replace(wanted, setting=WalletTarget.model_validate({"team_id": wanted.key, **setting}))


def organization() -> Desired:
    accepted = ORGANIZATION["acknowledged_drift"][0]
    untimely = {"acknowledged_drift": [{**accepted, "until": "2026-06-17"}, {**accepted, "team": None}]}
    waivers = [*ORGANIZATION["waivers"], {"guard": "net-increase", "until": "2026-07-18", "reason": "a launch"}]
    waivers[-1] |= {"approved_by": "@cfo", "name": "launch", "uses": 1}
    wallets = [
        stepped("ads", "dev", monthly=STEPS, overrides=OVERRIDES),
        stepped(
            "ads",
            "prod",
            monthly="10",
            overrides={"2026-08": "12", "2026-09": "12", "2026-11": "-20%", "2027-05": "13"},
        ),
        stepped("support", "prod", monthly=[{"amount": 4, "from": "2026-09"}]),
    ]
    desired = state({**ORGANIZATION, **untimely, "waivers": waivers}, team=TEAM)
    own = RuleSet.model_validate({"rules": RULES}, by_alias=True, by_name=False)
    ruled = desired.organization.model_copy(update={"policies": {"own": own, "policies/pilot.yaml": own}})
    desired = replace(desired, organization=ruled)
    leaving = desired.teams["support"].model_copy(update={"team": "leaving", "state": "absent"})
    return replace(
        desired, teams={**desired.teams, "leaving": leaving}, wallets={wanted.key: wanted for wanted in wallets}
    )


def test_what_the_calendar_says_of_days_to_come(golden: Callable[[str, str], None]) -> None:
    told = []
    for entry, place in calendar(organization(), date.fromisoformat(DAYS[0])):
        facts = json.dumps(entry.model_dump(mode="json", exclude={"what", "day"}))
        told.append(f"{entry.day} {entry.what}; at {place.path} {place.keys}: {facts}")
    golden("plan/calendar.txt", "\n".join([*told, ""]))


def test_what_is_in_the_calendar_of_later_days(golden: Callable[[str, str], None]) -> None:
    told = []
    for day in DAYS[1:]:
        told.append(f"# as of {day}")
        told += [
            f"{entry.day} in {entry.days} days{' soon' * entry.soon}: {entry.kind} {entry.what}"
            for entry, _ in calendar(organization(), date.fromisoformat(day))
            if entry.kind != "plan" or entry.day < date(2026, 9, 1)
        ]
    golden("plan/calendar_days.txt", "\n".join([*told, ""]))


def test_an_override_after_the_last_step_holds_its_whole_month_and_then_there_is_nothing() -> None:
    steps = [{"amount": 4, "from": "2026-06", "until": "2026-08"}]
    late = stepped("support", "prod", monthly=steps, overrides={"2026-10": "5"})
    desired = replace(
        state({**ORGANIZATION, "waivers": [], "acknowledged_drift": []}, team=TEAM), wallets={late.key: late}
    )
    told = [
        (str(entry.day), entry.ends, entry.what)
        for entry, _ in calendar(desired, date(2026, 6, 18))
        if entry.kind in ("target", "override")
    ]
    assert told == [
        ("2026-08-31", True, "its last step is over: it gets nothing"),
        ("2026-10-01", False, "this month has its own target"),
        ("2026-11-01", False, "its last step is over: it gets nothing"),
    ]
