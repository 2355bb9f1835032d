"""A clone of the budgets' repository, its remote, and the Keeptrusts that they are about, for the command line."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from memory_over_http import TOKEN, World, over_http

if TYPE_CHECKING:
    from cli.conftest import Result, Run

AS_OF = ("--as-of", "2026-06-18")
ORG = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
environments: [prod]
"""


def team(monthly: str) -> str:
    return f"version: 1\nteam: alpha\nwallets:\n  prod: {{team_id: t-alpha, monthly: {monthly}}}\n"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(top: Path, monthly: str, *, org: str = "") -> None:
    (top / "budgets" / "teams").mkdir(parents=True, exist_ok=True)
    (top / "budgets" / "org.yaml").write_text(ORG + org)
    (top / "budgets" / "teams" / "alpha.yaml").write_text(team(monthly))
    git(top, "add", ".")
    git(top, "commit", "--quiet", "--message", f"{monthly} {org}")


@dataclass
class Desk:
    """A clone of the budgets' repository, its remote, and the Keeptrusts that they are about."""

    clone: Path
    remote: Path
    world: World
    kt: Run
    chdir: Callable[[Path], None]

    def write(self, monthly: str, *, org: str = "", clone: Path | None = None) -> None:
        commit(clone or self.clone, monthly, org=org)

    def another_clone(self, name: str) -> Path:
        git(self.remote.parent, "clone", "--quiet", str(self.remote), name)
        return self.remote.parent / name

    def plan(self, *arguments: object, folder: Path | None = None) -> Result:
        self.chdir(folder or self.clone)
        return self.kt("plan", *AS_OF, "--usage", self.remote.parent / "usage.csv", "--all-teams", *arguments)

    def applied(self, *arguments: object, folder: Path | None = None) -> Result:
        planned = self.plan(*arguments, folder=folder)
        if planned.code:
            return planned
        return self.kt("apply", *AS_OF, "--plan", "plan.json", "--settle", "0", *arguments)

    @property
    def funded(self) -> Decimal:
        return self.world.funded("t-alpha", "2026-06")


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the remote and the clone that every desk begins with: git makes them anew in 30 ms."""
    folder = tmp_path_factory.mktemp("begun")
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
    git(folder, "clone", "--quiet", "remote.git", "clone")
    git(folder / "clone", "checkout", "--quiet", "-B", "main")
    commit(folder / "clone", "500")
    git(folder / "clone", "push", "--quiet", "origin", "main")
    return folder


@pytest.fixture
def desk(tmp_path: Path, begun: Path, kt: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    remote, clone = tmp_path / "remote.git", tmp_path / "clone"
    shutil.copytree(begun / "remote.git", remote)
    shutil.copytree(begun / "clone", clone)
    settings = clone / ".git" / "config"
    settings.write_text(settings.read_text().replace(str(begun), str(tmp_path)))
    (tmp_path / "usage.csv").write_text("id,timestamp,team_id,provider,model,cost\n")
    world = World()
    with over_http(world) as url:
        monkeypatch.setenv("KEEPTRUSTS_API_URL", url)
        monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", TOKEN)
        yield Desk(clone, remote, world, kt, monkeypatch.chdir)
