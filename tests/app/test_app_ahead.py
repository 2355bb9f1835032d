"""What is listed is asked for while a large folder is read, and the plan is the one that is made without that."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from cli.small_folder import ORGANIZATION
from memory_keeptrusts import Account
from memory_over_http import TOKEN, Answer, World, over_http

from reconciler.app.planning import ahead
from reconciler.app.planning import plan as planning
from reconciler.app.planning.ahead import Ahead
from reconciler.app.planning.plan import make
from reconciler.app.session import connection_to
from reconciler.findings import FindingsError
from reconciler.forked import IsBusy
from reconciler.keeptrusts.connection import Connection
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.settings import Settings
from reconciler.source import tree_documents
from reconciler.source.load import load

TEAM = "version: 1\nteam: support\nwallets:\n  prod: {team_id: team_support, monthly: 120.00}\n"
LISTED = ["/v1/billing/budgets", "/v1/exports/schedules", "/v1/wallets"]


@dataclass
class Watched(World):
    """One that says of each listing that it was asked for."""

    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def answer(self, method: str, url: str, sent: Iterable[tuple[str, str]], content: bytes) -> Answer:
        found = super().answer(method, url, sent, content)
        if url.partition("?")[0] in LISTED:
            self.asked.release()
        return found


@pytest.fixture
def world() -> Watched:
    found = Watched(teams={"team_support": "Support"})
    found.accounts["team_support"] = Account(WalletRef.team("team_support"))
    return found


@pytest.fixture
def budgets(tmp_path: Path) -> Path:
    folder = tmp_path / "budgets"
    (folder / "teams").mkdir(parents=True)
    (folder / "org.yaml").write_text(ORGANIZATION)
    (folder / "teams" / "support.yaml").write_text(f"# {folder}\n{TEAM}")
    (tmp_path / "usage.csv").write_text("id,timestamp,team_id,cost\n1,2026-06-02T10:00:00Z,team_support,12.50\n")
    return folder


def settings(budgets: Path, url: str, token: str | None = TOKEN) -> Settings:
    return Settings(
        budgets,
        url,
        date(2026, 6, 18),
        Period(2026, 6),
        usage=(str(budgets.parent / "usage.csv"),),
        journal=f"file:{budgets.parent / 'j'}",
        token=token,
    )


def listings(world: World) -> list[str]:
    return sorted(path for path in world.reads if path in LISTED)


def read(begun: Ahead, budgets: Path, connection: Connection) -> None:
    desired = load(budgets).desired
    assert desired is not None
    with begun.reader(desired, connection) as reader:
        wallets = {key: wallet.currency for key, wallet in desired.wallets.items()}
        state = reader.live(organization="org_acme", wallets=wallets, period=Period(2026, 6))
    assert list(state.wallets) == ["team_support"]


@pytest.mark.parametrize(("fresh", "times"), [(600.0, 1), (-1.0, 2)], ids=["at once", "later"])
def test_what_was_listed_ahead_is_not_listed_again_unless_it_is_old(
    world: Watched, budgets: Path, monkeypatch: pytest.MonkeyPatch, fresh: float, times: int
) -> None:
    monkeypatch.setattr(ahead, "FRESH", fresh)
    organization = load(budgets).desired
    assert organization is not None
    api = organization.organization.api
    with over_http(world) as url, Ahead(settings(budgets, url)) as begun:
        is_busy = begun.begin(organization.organization)
        assert is_busy() or len(listings(world)) == len(LISTED)
        assert all(world.asked.acquire(timeout=30) for _ in LISTED)
        read(begun, budgets, connection_to(api, url, TOKEN))
    assert listings(world) == sorted(LISTED * times)


@pytest.mark.parametrize("lacks", ["a token", "an org.yaml"])
def test_nothing_is_asked_for_ahead_without(world: World, budgets: Path, lacks: str) -> None:
    desired = load(budgets).desired
    assert desired is not None
    organization = desired.organization
    with over_http(world) as url, Ahead(settings(budgets, url, "" if lacks == "a token" else TOKEN)) as begun:
        before = threading.active_count()
        is_busy = begun.begin(None if lacks == "an org.yaml" else organization)
        assert not is_busy()
        assert (threading.active_count(), world.reads) == (before, [])
        read(begun, budgets, connection_to(organization.api, url, TOKEN))
    assert listings(world) == LISTED


def test_a_plan_is_the_same_whether_it_lists_ahead_or_not(
    world: World, budgets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []

    class Noted(Ahead):
        def begin(self, organization: OrganizationBudget | None) -> IsBusy:
            begun.append(organization)
            return super().begin(organization)

    monkeypatch.setattr(planning, "Ahead", Noted)
    monkeypatch.setattr(tree_documents, "FEWEST", 1)
    with over_http(world) as url:
        early = make(settings(budgets, url))
        assert (len(begun), listings(world)) == (1, LISTED)
        assert [change.kind for change in early.plan.changes] == ["allocate"]
        world.reads.clear()
        assert make(settings(budgets, url)).saved == early.saved
    assert (len(begun), listings(world)) == (1, LISTED)


@pytest.mark.parametrize("team", [TEAM.replace("monthly", "montly"), TEAM.replace("version: 1", "version: 2")])
def test_errors_in_a_team_s_file_stop_a_plan_that_began_to_list(
    world: World, budgets: Path, monkeypatch: pytest.MonkeyPatch, team: str
) -> None:
    (budgets / "teams" / "support.yaml").write_text(f"# {budgets}\n{team}")
    monkeypatch.setattr(tree_documents, "FEWEST", 1)
    before = threading.enumerate()
    with over_http(world) as url:
        with pytest.raises(FindingsError):
            make(settings(budgets, url))
        assert not any(path.endswith("/transactions") for path in world.reads)
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert not [name for name in left if "process_request_thread" not in name], "the server's own end by themselves"


def test_an_org_yaml_with_errors_asks_for_nothing(world: World, budgets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (budgets / "org.yaml").write_text(ORGANIZATION.replace("environments", "environment"))
    monkeypatch.setattr(tree_documents, "FEWEST", 1)
    with over_http(world) as url, pytest.raises(FindingsError):
        make(settings(budgets, url))
    assert world.reads == []
