"""How long the report of 500 teams takes to be open in Chromium, how large it is, and how long a team's page takes.

The claim is less than a second. The floor is the same browser opening as many bytes in which there is nothing to draw.

Run: python benchmarks/report_speed.py [--teams 500] [--rounds 7]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from ratio import Ratio

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from browser.chromium import MISSING, chromium, found
from playwright.sync_api import Browser
from report.report_plans import Wallet, plan

from reconciler.report.site.html import html
from reconciler.report.summary import summarise

LIMIT = 1.0
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"
_TURN = """key => new Promise(done => {
  const start = performance.now();
  addEventListener("hashchange", () => requestAnimationFrame(() => setTimeout(() => done(performance.now() - start))));
  location.hash = key;
})"""


def report_of(teams: int) -> str:
    """Return the report of so many teams with two wallets each, all of which change."""
    wallets = [
        Wallet(
            team=f"team-{number:04}", environment=environment, target=str(11_000 + number), spent=str(6_000 + number)
        )
        for number in range(teams)
        for environment in ("prod", "dev")
    ]
    shown = plan(*(one.change() for one in wallets), impact=tuple(one.forecast() for one in wallets))
    shown = shown.model_copy(update={"spent": {one.key: Decimal(one.spent) for one in wallets}})
    return html(shown, summarise(shown))


def opened(browser: Browser, file: Path, key: str = "") -> tuple[float, float]:
    """Return the seconds until a file is drawn, and until a page of it is then drawn after a click."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    whole = float(page.evaluate(_DRAWN)) / 1000
    turned = float(page.evaluate(_TURN, key)) / 1000 if key else 0.0
    context.close()
    return whole, turned


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--teams", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    wanted = parser.parse_args()
    executable = found()
    if executable is None:
        sys.exit(MISSING)
    start = time.perf_counter()
    text = report_of(wanted.teams)
    made = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder, chromium(executable) as browser:
        ours, floor = Path(folder, "report.html"), Path(folder, "floor.html")
        ours.write_text(text, encoding="utf-8")
        filler = "x" * (len(text.encode()) - 120)
        floor.write_text(f"<!doctype html><meta charset=utf-8><title>floor</title><p>Nothing.</p><!--{filler}-->")
        pairs = [(opened(browser, ours, "team-team-0100"), opened(browser, floor)) for _ in range(wanted.rounds)]
    seconds, turned, least = (
        statistics.median(values)
        for values in ([one[0] for one, _ in pairs], [one[1] for one, _ in pairs], [one[0] for _, one in pairs])
    )
    print(f"{wanted.teams} teams: {len(text.encode()) / 1e6:.1f} MB, made in {made:.1f} s")
    print(f"open {seconds:.2f} s, a team's page {turned:.2f} s; as many bytes of nothing {least:.2f} s")
    print(f"{'holds' if seconds < LIMIT else 'does not hold'} (open in less than {LIMIT:.0f} s)")
    print(Ratio("opening the report to an empty page", seconds / least))


if __name__ == "__main__":
    main()
