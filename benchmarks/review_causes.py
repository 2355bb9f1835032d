"""How often a planted cause is named first, and nothing where nothing was planted: 200 generated years of each.

Usage: python benchmarks/review_causes.py [--years 200] [--first 0] [--size 0.08] [--period FY2027]

Each year has eight weeks before it to start from, weekdays, noise that lasts for days, and a plan with growth, cache
and mix; what is planted costs about `--size` of the plan. Years are those of the seeds from `--first` on. At 0.08 one
in seven changes of demand stays uncalled: eight noisy weeks tell no better what it was. Prints n and the share named
first; exits with 1 where fewer than 95% of causes are named, or "nothing stands out" is said of fewer than 90% of years
without one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from review.review_question import called_in
from review.review_worlds import PLANTED, Planted, world


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--years", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--size", type=float, default=0.08)
    parser.add_argument("--period", default="FY2027")
    asked = parser.parse_args()
    began = time.perf_counter()
    causes: tuple[Planted | None, ...] = (None, *PLANTED)
    named, right = 0, 0
    quiet = 0.0
    for planted in causes:
        seeds = range(asked.first, asked.first + asked.years)
        found = Counter(called_in(world(seed, planted, size=asked.size), asked.period) for seed in seeds)
        share = found[planted] / asked.years
        print(
            f"{planted or 'nothing':20} n={asked.years}  named first {share:.1%}  {_others(found, planted)}", flush=True
        )
        if planted is None:
            quiet = share
        else:
            named, right = named + asked.years, right + found[planted]
    print(f"planted causes: n={named}, named first {right / named:.1%}; nothing planted: {quiet:.1%} said so")
    print(f"{time.perf_counter() - began:.0f} s")
    return 0 if right >= 0.95 * named and quiet >= 0.9 else 1


def _others(found: Counter[str | None], planted: str | None) -> str:
    return ", ".join(f"{name or 'nothing'} {count}" for name, count in found.most_common() if name != planted)


if __name__ == "__main__":
    sys.exit(main())
