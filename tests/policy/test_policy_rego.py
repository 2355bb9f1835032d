"""A plan.json is judged by OPA's language as the guide shows it, without anything of ours in between."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from regopy import Interpreter
from report.report_plans import Wallet, plan
from worlds import ORGANIZATION

from reconciler.model.plan import sealed
from reconciler.policy.facts import Told, judged

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "rules.md"
SUPPORT = Wallet(funded="10000", target="12000")


def says(name: str, wallet: Wallet) -> list[str]:
    (policy,) = re.findall(r"```rego\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    made = sealed(judged(plan(wallet.change(), impact=(wallet.forecast(),)), ORGANIZATION, Told()))
    engine = Interpreter()
    engine.add_module("plan", policy)
    engine.set_input(json.loads(made.text()))
    ((found,),) = (one["expressions"] for one in [json.loads(str(engine.query(f"data.main.{name}")))])
    return list(found)


@pytest.mark.parametrize(("target", "is_refused"), [("12000", False), ("12000.01", True)])
def test_the_policy_of_the_guide_refuses_a_raise_of_more_than_a_fifth(target: str, is_refused: bool) -> None:
    found = says("deny", Wallet(funded="10000", target=target))
    amount = Decimal(target) - 10000
    assert found == ([f"support/prod is raised by {amount:.2f}, more than 20% of 10000.00"] if is_refused else [])


def test_the_policy_of_the_guide_warns_of_a_wallet_that_may_run_out() -> None:
    assert says("warn", Wallet(lasts=(0.06, 0.5))) == ["team_support may run out of money"]
    assert says("warn", Wallet(lasts=(0.06, 0.97))) == []
