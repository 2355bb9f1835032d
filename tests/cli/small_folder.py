"""The budgets of one team with a day of usage, in a folder that commands are started in."""

from __future__ import annotations

from pathlib import Path

ORGANIZATION = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
environments: [prod]
"""
ALPHA = "version: 1\nteam: alpha\nwallets:\n  prod: {team_id: t-alpha, monthly: 100}\n"
USAGE = "id,timestamp,team_id,cost\ne1,2026-06-02T12:00:00Z,t-alpha,1.25\n"


def small_folder(place: Path, *, alerts: str = "") -> Path:
    """Write it into `place` and return that; `alerts` are more lines of the team's file."""
    teams = place / "budgets" / "teams"
    teams.mkdir(parents=True)
    (place / "budgets" / "org.yaml").write_text(ORGANIZATION, encoding="utf-8")
    (teams / "alpha.yaml").write_text(ALPHA + alerts, encoding="utf-8")
    (place / "usage.csv").write_text(USAGE, encoding="utf-8")
    return place
