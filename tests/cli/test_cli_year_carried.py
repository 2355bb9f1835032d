"""What wallets carry over from earlier months is in the money of the year, wherever it is told."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest
from cli.journal_desk import Desk, git

ORG = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2026, starts: 2026-03}
annual_target: 12000.00
environments: [prod]
unused: %s
"""
AS_OF = ("--as-of", "2026-06-18")
FIRST = ("--as-of", "2026-06-01")
MONTHS = ("03", "04", "05")


def team(name: str, monthly: str) -> str:
    return f"version: 1\nteam: {name}\nwallets:\n  prod: {{team_id: t-{name}, monthly: {monthly}}}\n"


def committed(desk: Desk, *, unused: str = "keep", **teams: str) -> None:
    budgets = desk.clone / "budgets"
    (budgets / "org.yaml").write_text(ORG % unused)
    for name, monthly in teams.items():
        (budgets / "teams" / f"{name}.yaml").write_text(team(name, monthly))
    git(desk.clone, "add", ".")
    git(desk.clone, "commit", "--quiet", "--allow-empty", "--message", f"{unused} {teams}")


@pytest.fixture
def year(desk: Desk) -> Desk:
    """Two teams of 500 and 300 a month since March: alpha spends 10 a day, beta nothing, and June is not open."""
    committed(desk, alpha="500.00", beta="300.00")
    rows = ["id,timestamp,team_id,provider,model,cost"]
    for month in (*MONTHS, "06"):
        days = range(1, 18 if month == "06" else 31)
        rows += [f"a{month}{day},2026-{month}-{day:02}T09:00:00Z,t-alpha,openai,gpt-4o,10.00" for day in days]
        at = f"2026-{month}-01T00:00:00Z"
        if month != "06":
            desk.world.enter("t-alpha", "allocate", Decimal(500), at=at)
            desk.world.enter("t-beta", "allocate", Decimal(300), at=at)
            desk.world.enter("t-alpha", "settle", Decimal(300), at=f"2026-{month}-28T00:00:00Z")
    (desk.remote.parent / "usage.csv").write_text("\n".join([*rows, ""]))
    desk.chdir(desk.clone)
    return desk


def opened(desk: Desk) -> Desk:
    """Fund June, in which alpha has spent 170 by now."""
    for name, amount in (("alpha", 500), ("beta", 300)):
        desk.world.enter(f"t-{name}", "allocate", Decimal(amount), at="2026-06-01T06:00:00Z")
    desk.world.enter("t-alpha", "settle", Decimal(170), at="2026-06-17T20:00:00Z")
    return desk


def planned(desk: Desk, *options: str, as_of: tuple[str, str] = AS_OF) -> tuple[dict[str, Any], str]:
    """Return the money of the year in plan.json, and what is printed."""
    usage = ("--usage", str(desk.remote.parent / "usage.csv"))
    done = desk.kt("plan", *as_of, *usage, *options)
    assert done.code == 0, done.err
    return json.loads((desk.clone / "plan.json").read_text())["year_money"], " ".join(done.out.split())


def test_what_wallets_carry_over_is_in_what_they_may_spend_and_takes_the_year_above_its_target(year: Desk) -> None:
    committed(opened(year), alpha="520.00")
    money, text = planned(year, "--all-teams")
    assert (money["carried"], money["carried_at_least"]) == ("1500.00", False), "3 times 200 of alpha, 300 of beta"
    assert Decimal(money["applied"]) == 3 * 300 + 1500 + 9 * 820
    assert Decimal(money["applied"]) - Decimal(money["not_applied"]) == Decimal(money["moved"]) == 20
    assert "wallets may spend 9,780 (+20), of that 1,500 carried over" in text
    assert "annual-target-exceeded" not in text
    committed(year, alpha="800.00")
    money, text = planned(year, "--all-teams")
    assert (
        "the targets of the wallets of 2 teams and what they carry over add up to USD 12,300.00 in FY2026, USD 300.00"
        " above the annual target of USD 12,000.00; of months that are over, 2026-03 to 2026-05 with what was spent,"
        " USD 900.00; USD 1,500.00 is carried over from earlier months"
    ) in text


def test_a_plan_of_one_team_has_the_others_by_the_listing_and_says_so(year: Desk) -> None:
    committed(opened(year), alpha="520.00")
    money, text = planned(year, "--since", "HEAD~1")
    assert (money["carried"], money["carried_at_least"]) == ("1500.00", True)
    assert "of that at least 1,500 beyond this month's targets" in text
    year.world.enter("t-beta", "settle", Decimal(200), at="2026-06-17T20:00:00Z")
    assert planned(year, "--since", "HEAD~1")[0]["carried"] == "1300.00", "what no usage shows of beta is not told"


def test_money_that_begins_to_go_back_is_a_difference_of_the_year(year: Desk) -> None:
    committed(opened(year), unused="reclaim")
    money, text = planned(year, "--since", "HEAD~1")
    assert (money["carried"], money["goes_back"]) == ("0.00", "1500.00")
    assert Decimal(money["applied"]) - Decimal(money["not_applied"]) == -1500
    assert "wallets may spend 8,100 (-1,500), without 1,500 carried over that goes back when July opens" in text
    committed(year, unused="keep")
    back = planned(year, "--since", "HEAD~1")[0]
    assert (back["applied"], back["not_applied"]) == (money["not_applied"], money["applied"])


def test_what_opening_a_month_takes_back_is_in_no_year(year: Desk) -> None:
    before = planned(year, "--all-teams", as_of=FIRST)[0]
    assert (before["applied"], before["carried"]) == (f"{3 * 300 + 1500 + 9 * 800}.00", "1500.00")
    assert before["moved"] == "800.00"
    committed(year, unused="reclaim")
    money = planned(year, "--since", "HEAD~1", "--first-apply", as_of=FIRST)[0]
    assert (money["applied"], money["carried"], money["goes_back"]) == (f"{3 * 300 + 9 * 800}.00", "0.00", "0.00")
    assert (money["moved"], money["not_applied"]) == ("-700.00", f"{3 * 300 + 8 * 800 + 1500}.00")


def asked(desk: Desk, *options: str, as_of: tuple[str, str] = AS_OF) -> dict[str, Any]:
    usage = ("--usage", str(desk.remote.parent / "usage.csv"))
    done = desk.kt("year", *as_of, *usage, *options, "--format", "json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def said(desk: Desk, *options: str) -> str:
    usage = ("--usage", str(desk.remote.parent / "usage.csv"))
    return " ".join(desk.kt("year", *AS_OF, *usage, *options).out.split())


def test_a_raise_moves_no_month_that_is_over(year: Desk) -> None:
    committed(opened(year), alpha="520.00")
    found = asked(year, "--since", "HEAD~1")
    assert found["total"]["wallets"] == planned(year, "--all-teams")[0]["applied"] == "9780.00"
    assert found["before"]["bridge"]["wallets"] == f"{9780 - 9 * 20}.00"
    (change,) = found["before"]["teams"]
    assert (change["wallets_before"], change["wallets_after"]) == ("6000.00", "6180.00")
    assert [wallet["year"] for team in found["teams"] for wallet in team["inputs"]["wallets"]] == ["6180.00", "3600.00"]
    assert found["total"]["spent_months"] == ["2026-03", "2026-04", "2026-05"]
    assert (
        "The wallets of 2 teams may spend USD 9,780.00 over the year, 2,220.00 below the annual target of 12,000.00. Of"
        " months that are over, 2026-03 to 2026-05 with what was spent, USD 900.00; USD 1,500.00 is carried over from"
        " earlier months."
    ) in said(year)


def test_a_renamed_team_is_the_team_that_it_was(year: Desk) -> None:
    opened(year)
    teams = year.clone / "budgets" / "teams"
    (teams / "beta.yaml").unlink()
    (teams / "bravo.yaml").write_text(team("beta", "300.00").replace("team: beta", "team: bravo\npreviously: beta"))
    committed(year)
    assert asked(year, "--since", "HEAD~1")["before"]["teams"] == [], "nothing changed but a name"
    (teams / "bravo.yaml").write_text((teams / "bravo.yaml").read_text().replace("300.00", "320.00"))
    committed(year)
    (change,) = asked(year, "--since", "HEAD~2")["before"]["teams"]
    assert (change["team"], change["wallets_before"], change["wallets_after"]) == ("bravo", "3600.00", "3780.00")


def test_a_raise_moves_no_month_either_of_which_no_usage_tells(year: Desk) -> None:
    committed(opened(year), alpha="520.00")
    export = year.remote.parent / "usage.csv"
    rows = export.read_text().splitlines()
    export.write_text("\n".join([rows[0], *(row for row in rows if ",2026-06-" in row), ""]))
    found = asked(year, "--since", "HEAD~1")
    assert found["total"]["target_months"] == ["2026-03", "2026-04", "2026-05"]
    assert Decimal(found["total"]["wallets"]) == 12 * 820, "what is carried over is in the targets of these months"
    assert Decimal(found["total"]["wallets"]) - Decimal(found["before"]["bridge"]["wallets"]) == 9 * 20
    assert "USD 1,500.00 that wallets carry over is in the targets of months of which no usage shows all." in said(year)


def test_without_a_ledger_what_is_carried_over_is_not_known_and_so_is_what_is_kept_back(year: Desk) -> None:
    found = asked(opened(year), "--offline", "--draft", "next")
    assert (found["total"]["wallets"], found["total"]["carried"]) == (f"{900 + 9 * 800}.00", None)
    assert "USD 900.00; what wallets carry over from earlier months is not known and not counted." in said(
        year, "--offline"
    )
    text = (year.clone / "next" / "org.yaml").read_text()
    assert "3,900.00 kept back as this year" in text
    assert "with what wallets carry over, which is not known" in text
    held = asked(year, "--draft", "held")
    assert held["total"]["left"] == "2400.00", "12,000 less 12 months of 800"
    assert "not known" not in (year.clone / "held" / "org.yaml").read_text()


def test_of_a_team_that_leaves_what_it_spent_stays_and_all_it_holds_goes_back(year: Desk) -> None:
    committed(opened(year), alpha="500.00")
    path = year.clone / "budgets" / "teams" / "alpha.yaml"
    path.write_text(path.read_text().replace("team: alpha\n", "team: alpha\nstate: absent\n"))
    git(year.clone, "commit", "--quiet", "--all", "--message", "alpha leaves")
    money = planned(year, "--since", "HEAD~1", "--first-apply")[0]
    found = asked(year, "--since", "HEAD~1")
    total = found["total"]
    assert total["gone_spent"] == "1070.00"
    assert Decimal(total["wallets"]) + Decimal(total["gone_spent"]) == Decimal(money["applied"])
    assert Decimal(money["not_applied"]) == 900 + 170 + 930 + 8 * 500 + 3600
    assert found["before"]["bridge"]["wallets"] == "9600.00"
    assert found["before"]["gone_spent"] == "0.00"


@pytest.mark.parametrize("unused", ["keep", "reclaim"])
@pytest.mark.parametrize("seed", range(4))
def test_however_money_moved_in_months_that_are_over_plan_and_year_say_the_same(
    desk: Desk, seed: int, unused: str
) -> None:
    chosen = random.Random(seed)
    monthly = chosen.randint(400, 900)
    given_then = [(chosen.randint(0, 700), chosen.randint(0, 300)) for _ in MONTHS]
    spent_then = [(chosen.randint(0, 700), chosen.randint(0, 300)) for _ in MONTHS]
    committed(desk, unused=unused, alpha=f"{monthly}.00", beta="300.00")
    rows = ["id,timestamp,team_id,provider,model,cost", "x,2026-02-25T09:00:00Z,t-alpha,openai,gpt-4o,1.00"]
    rows.append("y,2026-06-17T09:00:00Z,t-alpha,openai,gpt-4o,1.00")
    for month, funded, spent in zip(MONTHS, given_then, spent_then, strict=True):
        for name, amount, cost in zip(("alpha", "beta"), funded, spent, strict=True):
            desk.world.enter(f"t-{name}", "allocate", Decimal(amount + cost), at=f"2026-{month}-01T00:00:00Z")
            desk.world.enter(f"t-{name}", "settle", Decimal(cost), at=f"2026-{month}-20T09:00:00Z")
            rows.append(f"{name}{month},2026-{month}-20T09:00:00Z,t-{name},openai,gpt-4o,{cost}.00")
    (desk.remote.parent / "usage.csv").write_text("\n".join([*rows, ""]))
    desk.chdir(desk.clone)
    money, total = planned(desk, "--all-teams", "--first-apply")[0], asked(desk)["total"]
    assert total["spent_months"] == [f"2026-{month}" for month in MONTHS]
    assert (total["wallets"], total["carried"], total["goes_back"]) == tuple(
        money[name] for name in ("applied", "carried", "goes_back")
    )
    paid = sum(sum(each) for each in spent_then)
    held = sum(sum(each) for each in given_then) if unused == "keep" else 0
    assert Decimal(total["wallets"]) == paid + held + 9 * (monthly + 300)


def test_validate_says_that_it_knows_no_ledger(year: Desk) -> None:
    for unused, told in (("keep", True), ("reclaim", False)):
        committed(year, unused=unused, alpha="800.00")
        found = " ".join(year.kt("validate").out.split())
        assert "add up to USD 13,200.00 in FY2026" in found
        assert ("; what wallets hold from before the year is not counted" in found) is told


@pytest.fixture
def uneven(desk: Desk) -> Desk:
    """In June alpha has 350 of its 500, beta 300 where it is to have 100, and nothing was ever applied to either."""
    committed(desk, alpha="500.00", beta="100.00")
    desk.world.enter("t-alpha", "allocate", Decimal(350), at="2026-06-01T00:00:00Z")
    desk.world.enter("t-beta", "allocate", Decimal(300), at="2026-06-01T00:00:00Z")
    (desk.remote.parent / "usage.csv").write_text(
        "id,timestamp,team_id,provider,model,cost\nx,2026-02-25T09:00:00Z,t-alpha,openai,gpt-4o,1.00\n"
        "y,2026-06-17T09:00:00Z,t-alpha,openai,gpt-4o,1.00\n"
    )
    desk.chdir(desk.clone)
    return desk


def test_without_a_plan_each_wallet_has_what_it_was_given_and_by_the_yaml_each_has_its_target(uneven: Desk) -> None:
    left, all_of_it = (planned(uneven, "--all-teams", *more)[0] for more in ((), ("--first-apply",)))
    assert [Decimal(money["not_applied"]) for money in (left, all_of_it)] == [650 + 8 * 600] * 2
    assert Decimal(left["applied"]) == 500 + 300 + 8 * 600, "beta keeps what may be there on purpose"
    assert Decimal(all_of_it["applied"]) == 600 + 8 * 600
    assert asked(uneven)["total"]["wallets"] == all_of_it["applied"]


def test_a_wallet_whose_month_is_asked_about_has_what_it_was_given_and_not_its_target(uneven: Desk) -> None:
    uneven.world.enter("t-alpha", "allocate", Decimal(40), at="2026-06-10T00:00:00Z", description="top-up for July")
    money, text = planned(uneven, "--all-teams", "--first-apply", "beta/prod")
    assert Decimal(money["applied"]) == 390 + 100 + 8 * 600
    assert money["lacks"] == "110.00"
    assert Decimal(money["not_applied"]) == 390 + 300 + 8 * 600
    assert "wallets may spend 5,290 (-200), without 110 of the targets that nothing gives now" in text
    applied = planned(uneven, "--all-teams", "--first-apply")[0]
    assert Decimal(applied["applied"]) == 600 + 8 * 600
    assert applied["not_applied"] == money["not_applied"]


def test_a_plan_of_a_later_month_moves_nothing_of_the_present_one(uneven: Desk) -> None:
    money = planned(uneven, "--all-teams", "--period", "2026-07")[0]
    assert Decimal(money["applied"]) == 650 + 8 * 600
    assert Decimal(money["not_applied"]) == 650 + 7 * 600
    assert (money["stays"], money["lacks"]) == ("200.00", "150.00")
    assert asked(uneven, "--period", "2026-07")["total"] == asked(uneven)["total"]
