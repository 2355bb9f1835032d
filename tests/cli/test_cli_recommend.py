"""`kt-budgets recommend` from files: what it recommends, why, and what `--write` makes of the YAML."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run
from cli.outlook_world import AS_OF, FINANCE, SUPPORT, World, make_world, steady, write_budgets, write_usage

from reconciler.app.recommend.draft import Edit, write
from reconciler.findings import FindingsError, UsageError
from reconciler.settings import resolve


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(tmp_path: Path, shared: World) -> World:
    own = World(tmp_path)
    write_budgets(own)
    own.usage.symlink_to(shared.usage)
    return own


def advice(kt: Run, world: World, *options: object) -> dict[str, Any]:
    done = kt("recommend", *world.options(), "--format", "json", *options)
    assert done.code == 0, done.err
    read: dict[str, Any] = json.loads(done.out)
    return read


def from_file(world: World, usage: Path, *options: str) -> tuple[object, ...]:
    return ("recommend", "--budgets", world.budgets, "--usage", usage, "--as-of", "2026-06-18", *options)


def lasting(kt: Run, world: World) -> list[float]:
    done = kt("forecast", *world.options(), "--format", "json")
    return [1 - wallet["desired"]["exhaustion"]["probability"] for wallet in json.loads(done.out)["wallets"]]


@pytest.mark.parametrize("probability", ["75%", "90%", "99%"])
def test_what_is_written_lasts_with_the_probability_that_was_promised(probability: str, world: World, kt: Run) -> None:
    read = advice(kt, world, "--probability", probability, "--write")

    assert read["format"] == "kt-budgets.recommend/1"
    promised = float(probability.rstrip("%")) / 100
    assert min(target["lasts"] for target in read["targets"]) >= promised
    assert min(lasting(kt, world)) >= promised - 0.0006
    assert kt("validate", "--budgets", world.budgets).code == 0


def test_only_the_values_change_in_the_files(world: World, kt: Run) -> None:
    read = advice(kt, world, "--write", "--reaction-days", "8")
    finance, prod, dev = (f"{Decimal(target['target']):.2f}" for target in read["targets"])
    alert = next(alert["amount"] for alert in read["alerts"] if alert["percentage"] == 80)

    support = SUPPORT.replace(
        "9000.00}   #", f"9000.00, overrides: {{2026-06: {{amount: {prod}, demand: usual}}}}}}   #"
    )
    support = support.replace("1200.00}", f"1200.00, overrides: {{2026-06: {{amount: {dev}, demand: usual}}}}}}")
    support = support.replace("amount: 9000.00", f"amount: {alert}")
    assert world.team("support").read_text(encoding="utf-8") == support
    written = FINANCE.replace("{2026-06: 2500.00}", f"{{2026-06: {{amount: {finance}, demand: 2500.00}}}}")
    assert world.team("finance").read_text(encoding="utf-8") == written
    assert {one["key"] for one in read["written"]} == {
        "wallets.prod.overrides.2026-06",
        "wallets.prod.overrides",
        "wallets.dev.overrides",
        "billing_budgets[0].amount",
    }


def test_the_text_says_why_and_lists_what_was_written(world: World, kt: Run) -> None:
    done = kt("recommend", *world.options(), "--write", "--wallet", "finance/prod")
    words = " ".join(done.out.split())

    assert "is 90% sure to last the month" in words
    assert "finance / prod: from 2026-06-18 to the end of June 2026 the wallet is expected to spend USD" in words
    assert "rounded up at three digits" in words
    assert "- wallets.prod.overrides.2026-06: 2500.00" in words
    assert "finance-hard 90%" not in words, "a hard limit is no alert to move"
    assert world.team("support").read_text(encoding="utf-8") == SUPPORT


def test_nothing_is_written_unless_asked(world: World, kt: Run) -> None:
    done = kt("recommend", *world.options())

    assert "Nothing was written; `--write` puts these into the YAML." in done.out
    assert world.team("support").read_text(encoding="utf-8") == SUPPORT


def test_a_second_time_there_is_nothing_to_write(world: World, kt: Run) -> None:
    advice(kt, world, "--write", "--wallet", "support")
    done = kt("recommend", *world.options(), "--write", "--wallet", "support")

    assert "The YAML already says so; nothing was written." in done.out


def test_a_target_that_holds_for_the_months_to_come_becomes_the_standing_one(world: World, kt: Run) -> None:
    shrinking = SUPPORT.replace(
        "  cache_hit_rate", "  growth: [{reason: less, rate: -12%, from: 2026-07}]\n  cache_hit_rate"
    )
    write_budgets(world, support=shrinking)
    read = advice(kt, world, "--write", "--wallet", "support/dev")

    (target,) = read["targets"]
    assert max(Decimal(need) for need in target["months"].values()) <= Decimal(target["target"]) * Decimal("1.02")
    assert [one["key"] for one in read["written"]] == ["wallets.dev.monthly"]


def test_the_months_to_october_are_funded_before_october_is_recommended(world: World, kt: Run) -> None:
    alone = advice(kt, world, "--period", "2026-10", "--write")

    targets = {target["wallet"]: Decimal(target["target"]) for target in alone["targets"]}
    assert targets["team_support"] < 12_000
    assert targets["team_finance"] < 4_000
    assert {one["key"] for one in alone["written"]} <= {
        "wallets.prod.overrides",
        "wallets.dev.overrides",
        "wallets.prod.overrides.2026-10",
    }
    done = kt("forecast", *world.options(), "--format", "json", "--period", "2026-10")
    wallets = json.loads(done.out)["wallets"]
    lasts = {wallet["team"]: 1 - wallet["desired"]["exhaustion"]["probability"] for wallet in wallets}
    assert lasts.pop("finance") < 0.9, "its hard limit stops it"
    said = [" ".join(kt("recommend", *world.options(), *more).out.split()) for more in ((), ("--period", "2026-10"))]
    assert ["sure to last the month, as far as no hard limit stops it:" in one for one in said] == [False, True]
    assert min(lasts.values()) >= 0.9 - 0.0006


def test_what_is_recommended_adds_no_warning(world: World, kt: Run, tmp_path: Path) -> None:
    """The plan of the team needs all that its wallets get, so a smaller target of every month would contradict it."""
    tight = SUPPORT.replace("baseline_monthly: 9000.00", "baseline_monthly: 10200.00")
    tight = tight.replace("by: 2026-12}", "since: 2026-08, by: 2026-12}")
    tight = tight.replace("  planned_demand:\n    - {reason: voice pilot, monthly: 600.00, from: 2026-08}\n", "")
    write_budgets(world, support=tight)
    before = kt("validate", "--budgets", world.budgets).out
    usage = tmp_path / "steady.csv"
    write_usage(
        usage, {"team_support": lambda day: 350.0 if 385 <= day < 390 else 250.0, "team_support_dev": steady(40.0)}
    )
    done = kt(*from_file(world, usage, "--wallet", "support", "--probability", "50%"), "--write")

    assert kt("validate", "--budgets", world.budgets).out == before
    said = " ".join(done.out.split())
    assert "the YAML would warn: the annual plan needs USD 10,200.00 in 2026-" in said
    assert "it was worked out under a target that is not written" in said
    assert "name: support-monthly, amount: 9000.00" in (world.budgets / "teams" / "support.yaml").read_text("utf-8")


def test_an_alert_is_never_recommended_above_what_the_wallet_gets(world: World, kt: Run) -> None:
    rising = SUPPORT.replace("amount: 9000.00", "amount: 8000.00").replace("monthly: 9000.00}", "monthly: 8100.00}")
    write_budgets(world, support=rising)
    read = advice(kt, world, "--write", "--reaction-days", "0")

    assert all(Decimal(alert["amount"]) <= 8100 for alert in read["alerts"] if alert["name"] == "support-monthly")
    assert any("fires before that" in alert["reason"] for alert in read["alerts"])


def test_a_month_unlike_the_next_one_is_written_as_that_month_alone(world: World, kt: Run, tmp_path: Path) -> None:
    usage = tmp_path / "burst.csv"
    write_usage(usage, {"team_support_dev": lambda day: 400.0 if 390 <= day < 397 else 5.0})
    asked = from_file(world, usage, "--wallet", "support/dev")
    file = tmp_path / "suggestions.json"
    assert kt(*asked, "--suggestions", file).code == 0
    (suggestion,) = json.loads(file.read_text(encoding="utf-8"))["suggestions"]
    assert " It is for June 2026 alone: no month to come needs more than USD " in suggestion["reason"]
    done = kt(*asked, "--write")

    assert done.code == 0, done.err
    assert "+ wallets.dev.overrides: {2026-06: " in done.out
    assert "monthly: 1200.00, overrides: {2026-06: " in world.team("support").read_text(encoding="utf-8")


def test_a_wallet_without_usage_is_left_alone(world: World, kt: Run, tmp_path: Path) -> None:
    usage = tmp_path / "one.csv"
    write_usage(usage, {"team_support": steady(300.0)}, days=90)
    done = kt(*from_file(world, usage, "--write", "--wallet", "finance"))

    assert "finance/prod has no usage before 2026-06-18, and no annual plan says what it will spend" in done.out
    assert world.team("finance").read_text(encoding="utf-8") == FINANCE
    planned = FINANCE.replace("wallets:\n", "plan: {baseline_monthly: 900.00}\nwallets:\n")
    world.team("finance").write_text(planned, encoding="utf-8")
    done = kt(*from_file(world, usage, "--write", "--wallet", "finance"))
    assert "not written: finance/prod: there is no usage to recommend from" in " ".join(done.out.split())
    assert world.team("finance").read_text(encoding="utf-8") == planned


def test_a_value_that_cannot_be_edited_stops_before_anything_is_written(world: World, kt: Run) -> None:
    text = FINANCE.replace("wallets:\n", "wallets:\n  # shared\n").replace(
        "{2026-06: 2500.00}", "{2026-06: &june 2500.00, 2026-07: *june}"
    )
    world.team("finance").write_text(text, encoding="utf-8")
    done = kt("recommend", *world.options(), "--write")

    assert done.code == 3
    assert "teams/finance.yaml:" in done.err
    assert "cannot be set in place: something else would change, as where it is repeated by an alias" in done.err
    assert "hint: write `2026-06: " in done.err
    assert world.team("support").read_text(encoding="utf-8") == SUPPORT
    assert world.team("finance").read_text(encoding="utf-8") == text


def test_a_team_that_goes_away_gets_no_target(world: World, kt: Run) -> None:
    write_budgets(world, finance=FINANCE.replace("team: finance", "team: finance\nstate: absent"))

    assert {target["team"] for target in advice(kt, world)["targets"]} == {"support"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--probability", "0.9"), "write `90%`"),
        (("--probability", "100%"), "between 1% and 99.9999%"),
        (("--reaction-days", "-1"), "0<=x<=31"),
        (("--wallet", "finance/dev"), "did you mean `finance/prod`?"),
    ],
)
def test_what_is_wrong_is_said_with_its_cure(options: tuple[str, ...], said: str, world: World, kt: Run) -> None:
    done = kt("recommend", *world.options(), *options)

    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_yaml_that_would_have_errors_is_put_back(world: World) -> None:
    origin = "budgets/teams/support.yaml"
    keys = ("wallets", "prod", "monthly")
    settings = resolve(budgets=world.budgets, api_url=None, token_file=None, as_of=AS_OF, period=None, sandbox=True)
    with pytest.raises(FindingsError):
        write((Edit(origin, keys, "-1.00", "9000.00"),), settings=settings)

    assert world.team("support").read_text(encoding="utf-8") == SUPPORT
    world.team("support").unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        write((Edit(origin, keys, "1.00", "9000.00"),), settings=settings)


def test_a_month_with_other_overrides_gets_one_of_its_own(world: World, kt: Run, tmp_path: Path) -> None:
    wallet = "monthly: 1200.00, overrides: {2026-11: 1500.00}"
    world.team("support").write_text(SUPPORT.replace("monthly: 1200.00", wallet), encoding="utf-8")
    usage = tmp_path / "burst.csv"
    write_usage(usage, {"team_support_dev": lambda day: 400.0 if 390 <= day < 397 else 5.0})
    kt(
        *("recommend", "--budgets", world.budgets, "--usage", usage, "--as-of", "2026-06-18"),
        *("--wallet", "support/dev", "--write"),
    )

    assert "overrides: {2026-11: 1500.00, 2026-06: " in world.team("support").read_text(encoding="utf-8")


def test_an_alert_that_could_not_leave_the_days_is_not_written(world: World, kt: Run, tmp_path: Path) -> None:
    usage = tmp_path / "new.csv"
    write_usage(usage, {"team_support": lambda day: 0.0 if day < 399 else 0.2})
    done = kt(*from_file(world, usage, "--wallet", "support/prod", "--write", "--reaction-days", "31"))

    assert "not written: support-monthly: no amount leaves 31 days" in " ".join(done.out.split())


def test_a_month_below_zero_is_no_reason_for_a_lower_target(world: World, kt: Run, tmp_path: Path) -> None:
    usage = tmp_path / "credits.csv"
    write_usage(usage, {"team_support": lambda day: -20000.0 if day == 390 else 300.0})
    before = world.team("support").read_text(encoding="utf-8")
    done = kt(*from_file(world, usage, "--wallet", "support/prod", "--write"))

    assert world.team("support").read_text(encoding="utf-8") == before
    said = " ".join(done.out.split())
    assert "not written: support/prod: its credits are more than its spend" in said
    assert "not written: support-monthly: its credits are more than its spend" in said


def test_an_alert_that_every_month_would_pass_is_left_alone(world: World, kt: Run) -> None:
    options = world.options()
    late = kt("recommend", *options, "--wallet", "support/prod", "--reaction-days", "31")
    said = " ".join(late.out.split())
    assert "is passed as a rule by months in which the money lasts, and would tell of nothing" in said
