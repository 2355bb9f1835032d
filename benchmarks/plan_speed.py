"""How long `kt-budgets plan` takes for 1,000 teams against the embedded Keeptrusts, as a multiple of a floor.

The floor is a process of its own that sends the same GETs with bare httpx at the same concurrency, and parses the same
YAML with ruamel's C parser: a task for each GET behind a semaphore, as such programs are usually written. The claim is
2.5 or less. A second floor, of as many workers as there may be connections, keeps fewer tasks waiting and is faster;
the ratio to it is printed too, and nothing is claimed of it. Each team has three wallets and three billing budgets.
Both run with their modules compiled, as they are where they are installed.

Run: python benchmarks/plan_speed.py [--teams 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from ratio import Ratio

LIMIT = 2.5
CONCURRENCY = 8
PAGE = 1000
DAY = "2026-06-18"
ENVIRONMENTS = ("prod", "dev", "test")


def write_budgets(root: Path, teams: int) -> None:
    """Write an organization of `teams` teams whose wallets are those of the seeded ledger."""
    (root / "teams").mkdir(parents=True)
    (root / "org.yaml").write_text(
        "version: 1\norganization: org_acme\ncurrency: USD\nfiscal_year: {name: FY2027, starts: 2026-06}\n"
        f"environments: [{', '.join(ENVIRONMENTS)}]\n"
    )
    for number in range(1, teams + 1):
        name = f"team_{number:04d}"
        lines = ["version: 1", f"team: {name}", "plan:", "  baseline_monthly: 3000.00", "wallets:"]
        for index, environment in enumerate(ENVIRONMENTS):
            key = name if environment == "prod" else f"{name}_{environment}"
            lines.append(f"  {environment}: {{team_id: {key}, monthly: {1000 + index}.00}}")
        lines.append("billing_budgets:")
        lines += [f"  - {{name: {number:04d}-{index + 1}, amount: {901 if index else 900}.00}}" for index in range(3)]
        (root / "teams" / f"{name}.yaml").write_text("\n".join(lines) + "\n")


async def floor_requests(url: str, token: str, *, workers: bool) -> int:
    """Send the GETs that a plan needs, nothing else, and return how many there were."""
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    gate = asyncio.Semaphore(CONCURRENCY)
    count = 0
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, limits=limits) as client:

        async def get(path: str, **parameters: str) -> dict[str, object]:
            nonlocal count
            async with gate:
                response = await client.get(path, params=parameters)
            count += 1
            document: dict[str, object] = response.raise_for_status().json()
            return document

        async def listing(path: str, **parameters: str) -> list[dict[str, str]]:
            items: list[dict[str, str]] = []
            cursor = ""
            while True:
                extra = {"cursor": cursor} if cursor else {}
                page = await get(path, limit=str(PAGE), **parameters, **extra)
                items += page["data"]  # type: ignore[arg-type]
                cursor = str(page.get("next_cursor") or "")
                if not cursor:
                    return items

        await get("/v1/auth/whoami")
        wallets, *_ = await asyncio.gather(
            listing("/v1/wallets"),
            listing("/v1/billing/budgets"),
            listing("/v1/exports/schedules"),
            listing("/v1/teams"),
        )
        start = "2026-06-01T00:00:00Z"
        ledgers = (f"/v1/wallets/{wallet['id']}/transactions" for wallet in wallets if wallet["scope"] == "team")

        async def work() -> None:
            for path in ledgers:
                await listing(path, **{"from": start})

        if workers:
            await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
        else:
            await asyncio.gather(*(listing(path, **{"from": start}) for path in ledgers))
    return count


def floor(url: str, token: str, budgets: Path, *, workers: bool) -> None:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe")
    for path in sorted(budgets.rglob("*.yaml")):
        yaml.load(path.read_text())
    print(asyncio.run(floor_requests(url, token, workers=workers)))


def seconds(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
    return time.perf_counter() - start, done.stdout


def measure(teams: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_budgets(folder / "budgets", teams)
        (folder / "usage.csv").write_text("id,timestamp,team_id,cost\n")
        server = [sys.executable, __file__, "--serve", str(folder / "ledger.db"), "--teams", str(teams)]
        with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url, token = process.stdout.readline().split()
            environment = {**os.environ, "KEEPTRUSTS_API_URL": url, "KEEPTRUSTS_API_TOKEN": token}
            environment["PYTHONDONTWRITEBYTECODE"] = ""
            tool = str(Path(sys.executable).parent / "kt-budgets")
            ours = [tool, "plan", "--budgets", str(folder / "budgets"), "--as-of", DAY, "--usage"]
            ours += [str(folder / "usage.csv"), "--output", str(folder / "plan.json")]
            bare = [sys.executable, __file__, "--floor", url, token, str(folder / "budgets")]
            commands = (ours, bare, [*bare, "--workers"])
            rows = [[seconds(command, environment) for command in commands] for _ in range(rounds)]
            process.terminate()
    plan_seconds, floor_seconds, workers_seconds = (
        statistics.median(row[column][0] for row in rows) for column in range(len(commands))
    )
    print(f"kt-budgets plan, {teams} teams         {plan_seconds:6.2f} s")
    print(f"bare httpx + bare YAML parse       {floor_seconds:6.2f} s  ({rows[0][1][1].strip()} GETs)")
    faster = plan_seconds / workers_seconds
    print(f"the same with {CONCURRENCY} workers            {workers_seconds:6.2f} s, {faster:.2f} x")
    print(Ratio(f"plan, {teams:,} teams, to bare requests", plan_seconds / floor_seconds, LIMIT))


def serve(database: Path, teams: int) -> None:
    """Serve a ledger with `teams` teams until terminated; print the URL and a token."""
    import signal
    from datetime import date

    from many_teams import seed_many

    from reconciler.sandbox.server import running

    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    with running(db=database, scenario="empty", as_of=date.fromisoformat(DAY)) as sandbox:
        seed_many(sandbox.store, teams=teams, wallets=3, budgets=3)
        print(sandbox.url, sandbox.billing_token, flush=True)
        signal.sigwait([signal.SIGTERM, signal.SIGINT])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teams", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", type=Path)
    parser.add_argument("--floor", nargs=3)
    parser.add_argument("--workers", action="store_true")
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.teams)
    elif options.floor:
        floor(options.floor[0], options.floor[1], Path(options.floor[2]), workers=options.workers)
    else:
        measure(options.teams, options.rounds)


if __name__ == "__main__":
    main()
