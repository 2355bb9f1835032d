"""`kt-budgets evidence pull`: each month is fetched once, whatever came in between."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from reconciler.app.evidence.pull import Pulled, months_of, pull
from reconciler.app.evidence.store import MANIFEST, ExportStore, digest_of_file
from reconciler.app.listening import Advance, heard_by
from reconciler.app.session import settings
from reconciler.app.spend import spend
from reconciler.findings import LockHeldError, RefusedError
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.exports import ExportJobs
from reconciler.model.exports import ExportsManifest, KeptExport
from reconciler.model.period import Period
from reconciler.report.screen import Screen
from reconciler.sandbox.faults import parse_faults
from reconciler.sandbox.server import Sandbox, running
from reconciler.settings import overlaid

DAY = date(2026, 6, 18)
BUDGETS = Path(__file__).parents[2] / "budgets"


class Interrupting:
    """Hears what is done, and interrupts once so many files are kept."""

    def __init__(self, after: int) -> None:
        self._left = after

    def said(self, line: str, hint: str, /) -> None: ...
    def summarised(self, markdown: str, /) -> None: ...

    def noted(self, line: str, /) -> None:
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt

    def progress(self, label: str, /) -> AbstractContextManager[Advance]:
        return nullcontext(lambda _done, _total: None)


@pytest.fixture(scope="module")
def acme() -> Iterator[Sandbox]:
    with (
        running(scenario="acme", as_of=DAY) as sandbox,
        overlaid(KEEPTRUSTS_API_URL=sandbox.url, KEEPTRUSTS_API_TOKEN=sandbox.read_token),
    ):
        yield sandbox


def jobs(sandbox: Sandbox) -> int:
    return sum(write.path == "/v1/exports/jobs" for write in sandbox.store.writes())


def pulled(folder: Path, day: date = DAY) -> Pulled:
    return pull(settings(BUDGETS, as_of=day), folder, poll=0.001)


def replace_first(folder: Path, text: str, said: Mapping[str, Any]) -> None:
    """Put another text into the first export that is kept, and note of it what else is `said`."""
    store = ExportStore(folder, organization="org_acme", currency="USD")
    first = store.manifest.exports[0]
    file = store.files / first.file
    file.write_text(text)
    noted = {**said, "digest": digest_of_file(file), "size": file.stat().st_size}
    store.save(store.manifest.keeping(first.model_copy(update=noted)))


def test_the_months_are_whole_and_reach_as_far_back_as_usage_is_looked_at() -> None:
    months = list(months_of(DAY))
    assert months[0] == (date(2025, 5, 1), date(2025, 5, 31))
    assert months[-1] == (date(2026, 6, 1), date(2026, 6, 17))
    assert list(months_of(date(2026, 6, 1)))[-1] == (date(2026, 5, 1), date(2026, 5, 31))


@pytest.mark.slow
def test_what_is_kept_is_never_asked_for_again(acme: Sandbox, tmp_path: Path) -> None:
    folder, months = tmp_path / "evidence", list(months_of(DAY))
    with heard_by(Interrupting(3)), pytest.raises(KeyboardInterrupt):
        pulled(folder)
    assert jobs(acme) == 3

    connection = Connection(base_url=acme.url, token=acme.read_token)
    with ExportJobs(connection) as created:
        job = created.create("events", "csv", date_from=months[3][0], date_to=months[3][1])
    store = ExportStore(folder, organization="org_acme", currency="USD")
    store.save(store.manifest.asking(*months[3], job.id))
    (folder / ".partial").mkdir(exist_ok=True)
    (folder / ".partial" / "half.csv").write_text("cut off")

    found = pulled(folder)
    assert (jobs(acme), found.fetched) == (len(months), len(months) - 3), (
        "the job that was created is asked for its file"
    )
    assert found.manifest.asked == ()
    assert not (folder / ".partial").exists()
    assert [(kept.first_day, kept.last_day) for kept in found.manifest.exports] == months
    assert all(kept.spend == kept.cost for kept in found.manifest.exports), "the dashboard shows the same"

    damaged = folder / "exports" / found.manifest.exports[5].file
    damaged.write_text(damaged.read_text().replace("gpt-4o", "gpt-4x", 1))
    (folder / "exports" / found.manifest.exports[7].file).unlink()
    again = pulled(folder)
    assert (again.fetched, again.manifest.exports[5].digest) == (2, found.manifest.exports[5].digest)
    assert pulled(folder).fetched == 0
    assert len(list((folder / "exports").iterdir())) == len(months)


def test_a_year_without_events_is_kept_month_by_month_as_well(tmp_path: Path) -> None:
    with (
        running(scenario="empty", as_of=DAY) as sandbox,
        overlaid(KEEPTRUSTS_API_URL=sandbox.url, KEEPTRUSTS_API_TOKEN=sandbox.read_token),
    ):
        found = pulled(tmp_path / "evidence")
        store = ExportStore(tmp_path / "evidence", organization="org_acme", currency="USD")
        store.save(store.manifest.keeping(found.manifest.exports[3].model_copy(update={"exact_cost": None})))
        again = pulled(tmp_path / "evidence")
    assert (again.fetched, again.manifest) == (0, found.manifest), "a file kept in cents is added up again, not fetched"
    assert (found.fetched, [kept.rows for kept in found.manifest.exports]) == (14, [0] * 14)
    text = found.rendered("text")
    assert "evidence: 14 exports, 14 exports fetched now" in " ".join(text.split())
    assert text.endswith("\nUSD 0.00 in 0 events.\n")


@contextmanager
def showing(*rows: str) -> Iterator[Sandbox]:
    """Serve an organization without events whose dashboard shows `rows` of teams, whatever days it is asked for."""
    data = ",".join(f'{{"team_id":"team_{number}","cost":{cost},"currency":"USD"}}' for number, cost in enumerate(rows))
    faults = parse_faults(
        [{"fault": "garble", "route": "/v1/spend", "text": f'{{"data":[{data}],"next_cursor":null}}'}]
    )
    with (
        running(scenario="empty", as_of=DAY, faults=faults) as sandbox,
        overlaid(KEEPTRUSTS_API_URL=sandbox.url, KEEPTRUSTS_API_TOKEN=sandbox.read_token),
    ):
        yield sandbox


@pytest.mark.parametrize("rows", [("0.01", "0.00", "0.00"), ("0.0049", "0.00")], ids=["in-cents", "below-a-cent"])
def test_a_dashboard_in_whole_cents_shows_no_other_sum_than_an_exact_export(
    rows: tuple[str, ...], tmp_path: Path
) -> None:
    with showing(*rows):
        assert "The dashboard showed another sum" not in pulled(tmp_path).rendered("text")


@pytest.mark.parametrize("rows", [("0.01",), ("0.010001", "0.00")], ids=["more-than-half-a-cent", "exact"])
def test_a_dashboard_that_shows_another_sum_is_named_with_cures_that_hold(
    rows: tuple[str, ...], tmp_path: Path
) -> None:
    with showing(*rows):
        words = " ".join(pulled(tmp_path).rendered("text").split())
        assert "The dashboard showed another sum than 14 exports: 2025-05 by 0.01, " in words
        cure = re.search(
            r"`kt-budgets spend --period (\S+)` shows where they differ; to fetch it again, remove (\S+)", words
        )
        assert cure
        period, file = cure.groups()
        assert spend(settings(BUDGETS, as_of=DAY, period=Period.parse(period))).facts.disagreements
    Path(file).unlink()
    with showing("0.00"):
        again = pulled(tmp_path)
    assert (again.fetched, [kept.apart for kept in again.manifest.exports]) == (1, [False, *[True] * 13])


def test_what_an_earlier_release_kept_is_held_against_the_dashboard_as_its_teams_have_rows(tmp_path: Path) -> None:
    with showing("0.00"):
        pulled(tmp_path)
        events = "".join(f"e{team},2025-05-03T00:00:00Z,team_{team},0.004\n" for team in "abc")
        money = {"cost": Decimal("0.01"), "exact_cost": Decimal("0.012"), "spend": Decimal(0), "spend_rounding": None}
        replace_first(tmp_path, f"id,timestamp,team_id,cost\n{events}", money)
        again = pulled(tmp_path)
    assert (again.fetched, again.manifest.exports[0].spend_rounding) == (0, Decimal("0.015"))
    assert not any(kept.apart for kept in again.manifest.exports)


def test_rows_that_are_in_no_figure_are_told_with_their_money_in_every_currency(tmp_path: Path) -> None:
    with showing("0.00"):
        pulled(tmp_path)
        events = ("01.00,USD", "12.50,EUR", "24.25,EUR", "3none,USD")
        lines = (f"e{one[0]},2025-05-03T00:00:0{one[0]}Z,team_a,{one[1:]}\n" for one in events)
        replace_first(tmp_path, "id,timestamp,team_id,cost,currency\n" + "".join(lines), {"exact_cost": None})
        again = pulled(tmp_path)
    kept = again.manifest.exports[0]
    assert (kept.rows, kept.left_out, kept.left_out_cost) == (1, 3, Decimal(0))
    assert (kept.left_out_elsewhere, kept.left_out_unread) == ({"EUR": Decimal("6.75")}, 1)
    assert "3 rows, EUR 6.75, the cost of 1 cannot be read" in " ".join(
        again.rendered("text", Screen(width=200)).split()
    )


def test_money_of_several_exports_is_rounded_once() -> None:
    manifest = ExportsManifest(organization="org_acme", currency="USD")
    for number, (first, last) in enumerate(list(months_of(DAY))[:3]):
        manifest = manifest.keeping(
            KeptExport(
                file=f"{number}.csv",
                first_day=first,
                last_day=last,
                digest="sha256:0",
                size=1,
                job="job",
                rows=1,
                cost=Decimal("10.004"),
                exact_cost=Decimal("10.004"),
            )
        )
    assert Pulled(manifest, Path("evidence"), 0).rendered("text").endswith("\nUSD 30.01 in 3 events.\n")
    assert [(one["cost"], one["exact_cost"]) for one in manifest.fields()["exports"]] == [("10.00", "10.004")] * 3


def test_two_runs_at_once_are_one_run_and_a_refusal(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    with FileLock(folder / ".lock"), pytest.raises(LockHeldError, match="another run"):
        pull(settings(BUDGETS, as_of=DAY, sandbox=True), folder)


def test_a_folder_of_another_organization_and_an_edited_manifest_are_refused(tmp_path: Path) -> None:
    ExportStore(tmp_path, organization="org_b", currency="USD").save(
        ExportStore(tmp_path, organization="org_b", currency="USD").manifest
    )
    with pytest.raises(RefusedError, match="exports of org_b"):
        ExportStore(tmp_path, organization="org_acme", currency="USD")
    document = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps({**document, "exports": "none"}))
    with pytest.raises(RefusedError, match="no manifest"):
        ExportStore(tmp_path, organization="org_b", currency="USD")
