"""How long `kt-budgets validate` takes for 1,000 team files, as a multiple of `octodns-validate` on 1,000 zones.

octoDNS does the same job with other nouns: it reads YAML, builds objects and reports what is wrong with them. It is
installed into a temporary environment beside this one. The claim is 1.0 or less; a team file has three wallets and
three billing budgets, a zone six records. The floor is the bare C parser going over the same bytes.

Run: python benchmarks/validate_speed.py [--files 1000] [--rounds 5] [--octodns EXECUTABLE]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path

from ratio import Ratio
from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]

LIMIT = 1.0

ORGANIZATION = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
environments: [prod, dev, batch]
"""

TEAM = """\
# yaml-language-server: $schema=../../schemas/team.schema.json
version: 1
team: NAME
name: Team NAME
owners: ["@acme/NAME-leads"]
plan:
  baseline_monthly: 12000.00
  growth:
    - {reason: assistant rolls out to three more regions, rate: 18%, from: 2026-06}
  cache_hit_rate: {from: 14%, to: 28%, by: 2026-12}
wallets:
  prod: {team_id: NAME_prod, monthly: 12500.00, overrides: {2026-11: 15000.00}}
  dev: {team_id: NAME_dev, monthly: 2000.00}
  batch: {team_id: NAME_batch, monthly: 800.00}
billing_budgets:
  - {name: NAME-prod, amount: 12500.00, alert_percentages: [80, 100], hard_limit: false}
  - {name: NAME-dev, environment: dev, amount: 2000.00, alert_percentages: [80, 100]}
  - {name: NAME-batch, environment: batch, amount: 800.00, alert_percentages: [50, 80, 100]}
"""

OCTODNS = """\
providers:
  config:
    class: octodns.provider.yaml.YamlProvider
    directory: ./zones
    default_ttl: 3600
    enforce_order: true
zones:
"""

ZONE = """\
---
'':
  - type: A
    values: [192.0.2.1, 192.0.2.2]
  - type: MX
    values:
      - {exchange: mx1.example.com., preference: 10}
      - {exchange: mx2.example.com., preference: 20}
  - type: TXT
    value: v=spf1 -all
api:
  type: A
  value: 192.0.2.3
mail:
  type: CNAME
  value: mx1.example.com.
www:
  type: CNAME
  value: api.example.com.
"""


def write_budgets(folder: Path, files: int) -> None:
    """Write an organization of `files` teams that validate has nothing to say about."""
    (folder / "teams").mkdir(parents=True)
    (folder / "org.yaml").write_text(ORGANIZATION)
    for number in range(files):
        name = f"team_{number:05d}"
        (folder / "teams" / f"{name}.yaml").write_text(TEAM.replace("NAME", name))


def write_zones(folder: Path, files: int) -> None:
    """Write octoDNS's configuration and `files` zones of six records."""
    (folder / "zones").mkdir(parents=True)
    names = [f"zone{number:05d}.example.com." for number in range(files)]
    entries = "".join(f"  {name}:\n    sources: [config]\n    targets: [config]\n" for name in names)
    (folder / "config.yaml").write_text(OCTODNS + entries)
    for name in names:
        (folder / "zones" / f"{name}yaml").write_text(ZONE)


def install_octodns(folder: Path) -> Path:
    """Install octoDNS into an environment of its own, and return its command."""
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "octodns"], check=True)
    return folder / "bin" / "octodns-validate"


def run(command: list[str | Path], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def parse_all(folder: Path) -> None:
    """Go over every event of every file and do nothing with it."""
    for path in (folder / "teams").iterdir():
        next_event = CParser(path.read_bytes()).get_event
        while next_event() is not None:
            pass


def seconds(action: Callable[[], None]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def main() -> int:
    """Print the medians and their ratio; return 1 when the claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--octodns", type=Path, help="an installed octodns-validate; default: install one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kt-budgets-bench-") as name:
        folder = Path(name)
        write_budgets(folder / "budgets", options.files)
        write_zones(folder / "octodns", options.files)
        octodns = options.octodns or install_octodns(folder / "venv")
        ours: list[str | Path] = [Path(sys.executable).with_name("kt-budgets"), "validate"]
        theirs: list[str | Path] = [octodns.absolute(), "--config-file", "config.yaml"]
        times: dict[str, list[float]] = {"validate": [], "octodns-validate": [], "bare parse": []}
        for _ in range(options.rounds):
            times["validate"].append(seconds(lambda: run(ours, folder)))
            times["octodns-validate"].append(seconds(lambda: run(theirs, folder / "octodns")))
            times["bare parse"].append(seconds(lambda: parse_all(folder / "budgets")))
    medians = {what: statistics.median(values) for what, values in times.items()}
    for what, median in medians.items():
        print(f"{what:<18} {median:6.3f} s   {options.files:,} files, median of {options.rounds}")
    ratio = Ratio("validate to octodns-validate", medians["validate"] / medians["octodns-validate"], LIMIT)
    print(ratio)
    return 0 if ratio.holds else 1


if __name__ == "__main__":
    sys.exit(main())
