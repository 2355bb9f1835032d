"""What safety costs: `apply` with journal, lock, comparison and read-back, over bare writes and ledger reads.

The floor is bare httpx in the same process: for every wallet its ledger is read and one allocation is posted, one after
the other, with the ledgers read once before (to compare) and once after (to prove), eight at a time. `apply` does the
same and everything else besides. The claim is 1.15 or less with the journal in a file, at 20 ms latency; the journal in
a git remote (a bare repository on this disk) is measured and stated. A stricter ratio is stated too: against the
writes and one ledger read each, without the reads before and after.

Run: python benchmarks/apply_overhead.py [--wallets 50] [--latency 20]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
from ratio import Ratio

from reconciler.apply.application import ApplyEnvironment, apply_plan
from reconciler.clock import SystemClock
from reconciler.findings import ExitCode
from reconciler.journal.attribution import Attribution
from reconciler.journal.place import open_store
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.reader import Reader
from reconciler.keeptrusts.writer import Writer
from reconciler.model.desired import Desired
from reconciler.model.period import Period
from reconciler.model.plan import Plan, Source, Tool, sealed
from reconciler.plan.diff import make_plan
from reconciler.source.load import load

LIMIT = 1.15
JUNE = Period(2026, 6)
DAY = date(2026, 6, 18)
FROM = {"from": "2026-06-01T00:00:00Z", "limit": "200"}
STORES = ("bare", "file", "git")
ROUNDS = 3


class InJune(SystemClock):
    """The machine's clock, set back to the day that the ledger is of."""

    def __init__(self) -> None:
        super().__init__()
        self._back = datetime.now(UTC) - datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return super().now() - self._back


@dataclass(frozen=True)
class Place:
    """A running sandbox, and a folder of our own."""

    url: str
    token: str
    folder: Path


def write_budgets(root: Path, wallets: range, target: int) -> Desired:
    (root / "teams").mkdir(parents=True, exist_ok=True)
    (root / "org.yaml").write_text(
        "version: 1\norganization: org_acme\ncurrency: USD\nfiscal_year: {name: FY2027, starts: 2026-06}\n"
        "environments: [prod]\n"
    )
    for number in wallets:
        name = f"team_{number:04d}"
        text = f"version: 1\nteam: {name}\nwallets:\n  prod: {{team_id: {name}, monthly: {target}}}\n"
        (root / "teams" / f"{name}.yaml").write_text(text)
    desired = load(root).desired
    assert desired is not None
    return desired


def saved_plan(place: Place, desired: Desired) -> Plan:
    wallets = {key: wallet.currency for key, wallet in desired.wallets.items()}
    with Reader(Connection(base_url=place.url, token=place.token)) as reader:
        live = reader.live(organization="org_acme", wallets=wallets, period=JUNE)
    diff = make_plan(desired, live, JUNE)
    return sealed(
        Plan(
            tool=Tool(version="0"),
            organization="org_acme",
            currency="USD",
            period=JUNE,
            as_of=DAY,
            source=Source(commit=None, dirty=None, tree_digest=desired.tree_digest),
            changes=diff.changes,
            fingerprints=dict(diff.fingerprints),
            funds=diff.funds,
        )
    )


def apply_seconds(place: Place, wallets: range, journal: str) -> float:
    """Return how long `apply` takes to allocate to every wallet, the plan being made and admitted."""
    desired = write_budgets(place.folder / f"budgets-{wallets.start}", wallets, 1100)
    plan = saved_plan(place, desired)
    assert len(plan.changes) == len(wallets)
    connection = Connection(base_url=place.url, token=place.token)
    began = time.perf_counter()
    with Reader(connection) as reader, Writer(connection) as writer, ThreadPoolExecutor(1) as threads:
        store = open_store(journal, folder=place.folder)
        result = apply_plan(
            plan,
            desired,
            ApplyEnvironment(reader, writer, store, Attribution("benchmark"), clock=InJune(), threads=threads),
        )
    seconds = time.perf_counter() - began
    assert result.exit_code is ExitCode.DONE, result
    return seconds


def bare_seconds(place: Place, wallets: range) -> tuple[float, float]:
    """Return the seconds of the writes with a ledger read each, and of the reads before and after."""
    headers = {"Authorization": f"Bearer {place.token}"}
    keys = [f"team_{number:04d}" for number in wallets]
    began = time.perf_counter()
    ids = asyncio.run(all_ledgers(place, keys))
    asyncio.run(all_ledgers(place, keys))
    reads = time.perf_counter() - began
    began = time.perf_counter()
    with httpx.Client(base_url=place.url, headers=headers) as client:
        for key in keys:
            client.get(f"/v1/wallets/{ids[key]}/transactions", params=FROM).raise_for_status().json()
            body = {"team_id": key, "amount": 100, "currency": "USD", "description": "June 2026"}
            client.post("/v1/wallets/allocate", json=body).raise_for_status().json()
    return time.perf_counter() - began, reads


async def all_ledgers(place: Place, keys: list[str]) -> dict[str, str]:
    """Read who we are, the listings and every ledger, eight at a time; return the wallets' ids by team."""
    headers = {"Authorization": f"Bearer {place.token}"}
    gate = asyncio.Semaphore(8)
    async with httpx.AsyncClient(base_url=place.url, headers=headers) as client:

        async def get(path: str, **params: str) -> dict[str, object]:
            async with gate:
                response = await client.get(path, params=params)
            document: dict[str, object] = response.raise_for_status().json()
            return document

        await get("/v1/auth/whoami")
        ids: dict[str, str] = {}
        cursor = ""
        while True:
            page = await get("/v1/wallets", limit="200", **({"cursor": cursor} if cursor else {}))
            ids |= {wallet["scope_id"]: wallet["id"] for wallet in page["data"]}  # type: ignore[attr-defined]
            cursor = str(page.get("next_cursor") or "")
            if not cursor:
                break
        await asyncio.gather(*(get(path) for path in ("/v1/billing/budgets", "/v1/exports/schedules", "/v1/teams")))
        await asyncio.gather(*(get(f"/v1/wallets/{ids[key]}/transactions", **FROM) for key in keys))
    return ids


def one_round(place: Place, number: int, wallets: int) -> tuple[float, float, float, float]:
    """Return the seconds of bare writes, of bare reads, and of `apply` with either journal, on wallets of its own."""
    first = number * len(STORES) * wallets + 1
    bare, file, git = (range(first + index * wallets, first + (index + 1) * wallets) for index in range(len(STORES)))
    journals = f"file:{place.folder / f'journal-{number}'}", f"git:{place.folder / 'remote.git'}"
    return (
        *bare_seconds(place, bare),
        apply_seconds(place, file, journals[0]),
        apply_seconds(place, git, journals[1]),
    )


def measure(wallets: int, latency: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["git", "init", "--quiet", "--bare", str(folder / "remote.git")], check=True)
        server = [sys.executable, __file__, "--serve", str(folder / "ledger.db"), "--wallets", str(wallets)]
        with subprocess.Popen([*server, "--latency", str(latency)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url, token = process.stdout.readline().split()
            place = Place(url, token, folder)
            try:
                times = [one_round(place, number, wallets) for number in range(ROUNDS)]
            finally:
                process.terminate()
    writes, reads, file, git = (statistics.median(column) for column in zip(*times, strict=True))
    floor = writes + reads
    print(f"bare: {wallets} writes, a ledger read each   {writes:7.2f} s at {latency} ms latency")
    print(f"bare: live state before and after     {reads:7.2f} s")
    print(
        f"apply, journal in a file              {file:7.2f} s  {file / floor:5.2f} x, {file / writes:5.2f} x the writes"
    )
    print(f"apply, journal in a git remote        {git:7.2f} s  {git / floor:5.2f} x, {git / writes:5.2f} x the writes")
    print(Ratio("apply to bare writes and reads", file / floor, LIMIT))


def serve(database: Path, wallets: int, latency: int) -> None:
    """Serve wallets for all three measurements until terminated; print the URL and a token."""
    import signal

    from many_teams import seed_many

    from reconciler.sandbox.server import running

    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    with running(db=database, scenario="empty", as_of=DAY, latency_ms=latency) as sandbox:
        seed_many(sandbox.store, teams=ROUNDS * len(STORES) * wallets, wallets=1, budgets=0)
        print(sandbox.url, sandbox.billing_token, flush=True)
        signal.sigwait([signal.SIGTERM, signal.SIGINT])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wallets", type=int, default=50)
    parser.add_argument("--latency", type=int, default=20)
    parser.add_argument("--serve", type=Path)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.wallets, options.latency)
    else:
        measure(options.wallets, options.latency)


if __name__ == "__main__":
    main()
