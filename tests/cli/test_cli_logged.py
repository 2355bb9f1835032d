"""`kt-budgets backtest --logged`: forecasts that people acted on, from the log, against what the usage shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run
from cli.journal_desk import Desk
from cli.outlook_world import AS_OF, World, make_world
from logged import logged

from reconciler.journal.forecast_log import FileLog, GitLog
from reconciler.model.forecast_log import LoggedForecast
from reconciler.model.period import Period

MIDDLE = {"team_support": Decimal(8200), "team_support_dev": Decimal(900), "team_finance": Decimal(2100)}
NAMES = {
    "team_support": ("support", "prod"),
    "team_support_dev": ("support", "dev"),
    "team_finance": ("finance", "prod"),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


def said(wallet: str, period: Period, day: int, **changes: Any) -> LoggedForecast:
    """Return a forecast that says about the same each time."""
    middle, (team, environment) = MIDDLE[wallet], NAMES[wallet]
    wide = {"0.025": "0.85", "0.1": "0.92", "0.5": "1", "0.9": "1.08", "0.975": "1.15"}
    quantiles = {key: str(middle * Decimal(factor)) for key, factor in wide.items()}
    as_of = period.first + timedelta(days=day - 1)
    about = {"wallet": wallet, "team": team, "environment": environment}
    return logged(**{**about, "period": period, "as_of": as_of, "quantiles": quantiles, **changes})


def half_a_year(months: range = range(1, 7)) -> list[LoggedForecast]:
    return [said(wallet, Period(2026, month), day) for month in months for day in (3, 15) for wallet in MIDDLE]


def judged(kt: Run, world: World, journal: Path, *options: object) -> Any:
    return kt("backtest", "--logged", "--journal", f"file:{journal}", *world.options(), *options)


@pytest.mark.parametrize("width", [80, 120])
def test_the_page_says_how_wrong_forecasts_were(
    width: int,
    world: World,
    kt: Run,
    tmp_path: Path,
    golden: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    FileLog(tmp_path / "journal").append(half_a_year())
    done = judged(kt, world, tmp_path / "journal")

    assert (done.code, done.err) == (0, "")
    golden(f"report/logged-{width}.txt", done.out)
    assert max(map(len, done.out.splitlines())) <= width


def document(kt: Run, world: World, journal: Path, *options: object) -> dict[str, Any]:
    done = judged(kt, world, journal, "--format", "json", *options)
    assert done.code == 0, done.err
    read: dict[str, Any] = json.loads(done.out)
    return read


def test_the_document_counts_every_forecast_once(world: World, kt: Run, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    FileLog(journal).append([*half_a_year(), said("team_finance", Period(2026, 5), 15, usage="sha256:later")])
    with FileLog(journal).path.open("a") as file:
        file.write("{}\n")
    read = document(kt, world, journal)

    assert (read["logged"], read["overall"]["forecasts"], read["overall"]["month_ends"]) == (37, 30, 15)
    assert {item["reason"]: item["count"] for item in read["not_judged"]} == {"not_over": 6, "said_again": 1}
    assert read["enough"]
    assert read["months"] == [f"2026-0{month}" for month in range(1, 6)]
    assert sum(step["count"] for step in read["pit"]) + read["certain"] == 30
    assert {team["team"] for team in read["teams"]} == {"finance", "support"}
    assert Decimal(read["overall"]["bias"]) == Decimal(read["overall"]["expected"]) - Decimal(read["overall"]["spent"])
    assert [problem["position"] for problem in read["problems"]] == [f"{journal}.forecasts:38:1"]


def test_one_wallet_and_the_last_months_are_judged_alone(world: World, kt: Run, tmp_path: Path) -> None:
    FileLog(tmp_path / "journal").append(half_a_year())
    read = document(kt, world, tmp_path / "journal", "--wallet", "support/dev", "--months", "2")

    assert (read["logged"], read["months"], read["enough"]) == (6, ["2026-04", "2026-05"], False)
    assert [team["team"] for team in read["teams"]] == ["support"]


def test_a_range_that_no_longer_holds_is_a_warning_on_the_page_and_in_the_document(
    world: World, kt: Run, tmp_path: Path
) -> None:
    months = [Period.of(AS_OF).plus(-back) for back in range(1, 12)]
    low = [said(wallet, month, 3, quantiles=FLAT) for month in months for wallet in MIDDLE]
    FileLog(tmp_path / "journal").append(low)
    done, read = judged(kt, world, tmp_path / "journal"), document(kt, world, tmp_path / "journal")

    assert "warning range-too-narrow: the 80% range held 0% of the forecasts, over" in done.out
    assert "hint: leave more room than it says until that is over" in done.out
    assert read["alarm"]["code"] == "range-too-narrow"
    assert read["alarm"]["month_ends"] == read["overall"]["month_ends"] >= 20
    assert document(kt, world, tmp_path / "other")["alarm"] is None


def test_the_digest_says_that_a_range_no_longer_holds_and_a_review_does_not(
    world: World, kt: Run, tmp_path: Path
) -> None:
    months = [Period.of(AS_OF).plus(-back) for back in range(1, 12)]
    FileLog(tmp_path / "journal").append(
        [said(wallet, month, 3, quantiles=FLAT) for month in months for wallet in MIDDLE]
    )

    def notices(journal: str, *options: object) -> list[str]:
        done = kt("review", "--format", "json", "--journal", f"file:{tmp_path / journal}", *world.options(), *options)
        assert done.code == 0, done.err
        return [notice["code"] for notice in json.loads(done.out)["notices"]]

    assert notices("journal", "--digest")[-1] == "range-too-narrow"
    assert "range-too-narrow" not in notices("other", "--digest")
    assert "range-too-narrow" not in notices("journal")


WIDE = {"0.025": "0.00", "0.1": "1.00", "0.5": "8200.00", "0.9": "99999.00", "0.975": "999999.00"}
FLAT = dict.fromkeys(WIDE, "1.00")
LATE = [Period(2025, month) for month in range(8, 13)]


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([], "Nothing is logged yet in"),
        (half_a_year(range(6, 7)), "6 forecasts are logged in"),
        (half_a_year(range(4, 6)), "too few to say more: that takes 3 whole months, and these are of 2."),
        ([said("team_finance", Period(2026, 5), 3, quantiles=FLAT)], "1 forecast said one figure and no range"),
        ([said("team_support", month, 4, quantiles=WIDE) for month in LATE], "too few month ends to call that wrong"),
        ([said(wallet, month, 4, quantiles=FLAT) for month in LATE for wallet in MIDDLE], "so leave more room than it"),
        (
            [
                said(wallet, Period.of(AS_OF).plus(-back), 3, quantiles=WIDE)
                for back in range(1, 12)
                for wallet in MIDDLE
            ],
            "the range is wider than it has to be.",
        ),
        (
            [
                said(wallet, Period.of(AS_OF).plus(-back), 3, quantiles=FLAT if wallet == "team_finance" else WIDE)
                for back in range(1, 12)
                for wallet in MIDDLE
            ],
            "that may be chance, and is enough for a warning.",
        ),
    ],
    ids=["nothing", "not over", "few", "one figure", "right", "too narrow", "too wide", "perhaps"],
)
def test_what_follows_from_the_log_is_said(
    entries: list[LoggedForecast], told: str, world: World, kt: Run, tmp_path: Path
) -> None:
    FileLog(tmp_path / "journal").append(entries)
    done = judged(kt, world, tmp_path / "journal")

    assert done.code == 0
    assert told in " ".join(done.out.split())


def test_without_usage_and_without_a_log_that_can_be_read_it_stops(world: World, kt: Run, tmp_path: Path) -> None:
    (tmp_path / "journal.forecasts").mkdir()
    done = judged(kt, world, tmp_path / "journal")

    assert done.code == 4
    assert f"{tmp_path / 'journal.forecasts'} cannot be read" in done.err


def spending(desk: Desk, *, days: int) -> None:
    """Have the wallet spend 10 a day until the day of the plan."""
    lines = ["id,timestamp,team_id,provider,model,cost"]
    for back in range(1, days + 1):
        day = AS_OF - timedelta(days=back)
        lines.append(f"event-{day},{day}T10:00:00Z,t-alpha,openai,gpt-4o,10.00")
    (desk.remote.parent / "usage.csv").write_text("\n".join(lines) + "\n")


def alpha(month: int, **changes: Any) -> LoggedForecast:
    about = {"team": "alpha", "wallet": "t-alpha", "period": f"2026-{month:02}", "as_of": f"2026-{month:02}-04"}
    return logged(**{**about, **changes})


def track_record(desk: Desk) -> Any:
    done = desk.plan()
    assert done.code == 0, done.err
    return done, json.loads((desk.clone / "plan.json").read_text())["track_record"]


def log_of(desk: Desk) -> FileLog:
    return FileLog(desk.clone / ".kt-budgets" / "journal")


def test_a_plan_says_how_wrong_forecasts_were_by_the_log_once_it_has_three_months(desk: Desk) -> None:
    spending(desk, days=160)
    (desk.clone / ".kt-budgets").mkdir()
    log_of(desk).append([alpha(3), alpha(4)])
    _, found = track_record(desk)
    assert (found["source"], found["forecasts"]) == ("backtest", 15)

    log_of(desk).append([alpha(5)])
    done, found = track_record(desk)
    assert found == {
        "source": "log",
        "months": 3,
        "forecasts": 3,
        "within": 3,
        "median_error": 0.032258,
        "bias": -0.021739,
        "alarm": None,
    }
    assert "log of forecasts" not in done.err


def test_a_log_that_is_spoiled_or_gone_breaks_no_plan(desk: Desk) -> None:
    spending(desk, days=160)
    (desk.clone / ".kt-budgets").mkdir()
    path = log_of(desk).path
    path.write_text("{\n" * 5)
    done, found = track_record(desk)
    assert found["source"] == "backtest"
    assert f"{path}:3:1: this line of the log of forecasts is not looked at: it is no line of JSON" in done.err
    assert "2 more lines of the log of forecasts are not looked at" in done.err

    path.unlink()
    path.mkdir()
    done, found = track_record(desk)
    assert found["source"] == "backtest"
    assert f"the log of forecasts cannot be read: {path} cannot be read" in done.err


def test_applying_logs_what_the_plan_forecast_once_and_never_fails_for_it(desk: Desk) -> None:
    spending(desk, days=60)
    done = desk.applied()
    assert done.code == 0, done.err
    (entry,) = log_of(desk).read("org_acme").entries
    plan = json.loads((desk.clone / "plan.json").read_text())
    assert (entry.wallet, entry.as_of, entry.plan, entry.pull_request) == ("t-alpha", AS_OF, plan["digest"], None)
    assert entry.usage == plan["usage"]["digest"]
    quantiles = plan["impact"][0]["month_end"]["quantiles"]
    assert {key: str(amount) for key, amount in entry.quantiles.items()} == quantiles

    assert desk.applied().code == 0
    assert len(log_of(desk).read("org_acme").entries) == 1

    log_of(desk).path.unlink()
    log_of(desk).path.mkdir()
    done = desk.applied()
    assert done.code == 0
    assert "1 forecast is not logged, and `kt-budgets backtest --logged` will not know of it" in done.err


def test_a_log_in_git_is_beside_the_journal_of_the_remote(desk: Desk) -> None:
    spending(desk, days=60)
    assert desk.applied("--journal", "git:origin").code == 0
    log = GitLog("origin", folder=desk.clone)
    assert [entry.wallet for entry in log.read("org_acme").entries] == ["t-alpha"]
    done = desk.kt("backtest", "--logged", "--journal", "git:origin", "--as-of", "2026-06-18", "--usage",
                   desk.remote.parent / "usage.csv")  # fmt: skip
    assert "1 forecast is logged in git:origin refs/kt-budgets-forecasts/log, and none can be judged yet." in " ".join(
        done.out.split()
    )
