"""Budget folders for tests: written from text, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

GOOD = Path(__file__).parents[1] / "fixtures" / "source" / "good"
ORGANIZATION = (GOOD / "org.yaml").read_text(encoding="utf-8")
SUPPORT = (GOOD / "teams" / "support.yaml").read_text(encoding="utf-8")

TEAM = """\
version: 1
team: {team}
wallets:
  prod: {{team_id: team_{team}, monthly: 1000.00}}
"""


def write_tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write `files` by their path below `folder`/budgets, an org.yaml too unless they name one, and return it."""
    root = folder / "budgets"
    for name, content in {"org.yaml": ORGANIZATION, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return root
