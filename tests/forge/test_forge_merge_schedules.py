"""Random weeks of merges: at the end everything approved is applied once, and nothing ever that nobody approved."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from forge.doubts import clear, confuse
from forge.github_standin import answer
from forge.host import Host
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk, merge_desk

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

SEEDS = range(int(os.environ.get("KT_BUDGETS_WEEKS", "2")))
FILES = {"support": (SUPPORT_FILE, "team_support", "lena"), "shadow": (SHADOW_FILE, "team_shadow", "sam")}


@dataclass
class Week:
    """What was opened, approved and merged, by the numbers of pull requests. Targets are by team."""

    desk: MergeDesk
    random: Random
    said: dict[str, str]
    approved: dict[str, set[float]] = field(default_factory=dict)
    wants: dict[int, dict[str, str]] = field(default_factory=dict)
    open: list[int] = field(default_factory=list)
    number: int = 200
    doubtful: set[str] = field(default_factory=set)

    @property
    def ways(self) -> list[str]:
        return ["merge", "squash"] if self.desk.desk.host.is_gitlab else ["merge", "squash", "rebase"]

    def say(self, wants: dict[str, str]) -> None:
        repository = self.desk.repository
        for team, target in wants.items():
            file = FILES[team][0]
            now = (repository.folder / file).read_text(encoding="utf-8")
            before = now.partition("monthly: ")[2].partition("}")[0]
            repository.edit(file, f"monthly: {before}", f"monthly: {target}")

    def new_targets(self) -> dict[str, str]:
        teams = self.random.sample(sorted(FILES), self.random.choice([1, 1, 2]))
        return {team: f"{self.random.randint(100, 400)}.{self.random.randint(10, 99)}" for team in teams}

    def opens(self) -> None:
        self.number += 1
        self.wants[self.number] = wants = self.new_targets()
        self.desk.opened(self.number, lambda: self.say(wants))
        self.open.append(self.number)
        if self.random.random() < 0.7:
            self.approves(self.number)

    def approves(self, number: int) -> None:
        """Everybody who may has a look and approves the last head."""
        self.desk.approved(number, "lena", "sam", "bob")
        for team, target in self.wants[number].items():
            self.approved.setdefault(team, set()).add(float(target))

    def merges(self) -> None:
        if not self.open:
            return
        number = self.open.pop(self.random.randrange(len(self.open)))
        repository = self.desk.repository
        repository.git("switch", "--quiet", "main")
        try:
            repository.git("merge", "--quiet", "--no-commit", "--no-ff", self.desk.github.pulls[number].head_ref)
        except AssertionError:
            repository.git("merge", "--abort")
            return
        repository.git("merge", "--abort")
        if self.desk.repository.git("diff", "--name-only", f"main...{self.desk.github.pulls[number].head_ref}"):
            self.desk.merged(number, self.random.choice(self.ways))

    def pushes(self) -> None:
        wants = self.new_targets()
        self.desk.pushed(lambda: self.say(wants))

    def comments(self) -> None:
        repository = self.desk.repository
        readme = f"# {self.random.random()}\n"
        self.desk.pushed(lambda: repository.write({"budgets/README.md": readme}), "Words [skip ci]")

    def applies(self) -> None:
        if self.random.random() < 0.2:
            self.desk.github.fail(
                self.random.choice(["GET .*/(reviews|approvals)", "GET .*/commits"]), *[answer(502)] * 20
            )
        self.desk.told()
        self.desk.github.faults.clear()
        self.checked()

    def checked(self) -> None:
        """No wallet holds what nobody approved, and all hold what git says where everything is said to be applied."""
        for team, (_, wallet, _) in FILES.items():
            assert self.desk.funded(wallet) in self.approved[team], (team, self.desk.desk.output)
        if self.desk.merges.get("pending") == 0:
            assert self.lacking() == {}, self.desk.desk.output

    def lacking(self) -> dict[str, tuple[float, float]]:
        """Return what each wallet holds and what git says, of those that differ."""
        found: dict[str, tuple[float, float]] = {}
        for team, (file, wallet, _) in FILES.items():
            text = self.desk.repository.git("show", f"main:{file}")
            said, held = float(text.partition("monthly: ")[2].partition("}")[0]), self.desk.funded(wallet)
            found |= {} if said == held else {team: (held, said)}
        return found

    def doubts(self) -> None:
        """Let a ledger be such that nobody can read it, or make it good again."""
        wallet, store = self.random.choice(list(FILES.values()))[1], self.desk.desk.sandbox.store
        (clear if wallet in self.doubtful else confuse)(store, wallet)
        self.doubtful ^= {wallet}

    def ends(self) -> None:
        """Whoever is asked approves what is pending; what was pushed is taken back by a pull request."""
        while self.doubtful:
            self.doubts()
        for _ in range(12):
            self.desk.told()
            self.checked()
            left = [item for item in self.desk.merges["landings"] if item["status"] not in ("applied", "nothing")]
            if not self.desk.merges["pending"]:
                return
            assert all(item["cure"] for item in left), left
            for item in left:
                if item["pull_request"]:
                    self.approves(item["pull_request"])
            if any(item["pull_request"] is None for item in left):
                self.takes_back()
        pytest.fail(f"still pending: {self.desk.desk.output}")

    def takes_back(self) -> None:
        """Bring every team to what it holds, in a pull request that nobody has to approve."""
        self.number += 1
        held = {team: f"{self.desk.funded(wallet):.2f}" for team, (_, wallet, _) in FILES.items()}
        self.wants[self.number] = held
        pull = self.desk.opened(self.number, lambda: self.say(held), shown=False)
        if self.desk.repository.git("diff", "--name-only", f"main...{pull.head_ref}"):
            self.desk.merged(self.number)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_week_of_merges_ends_with_what_was_approved(
    seed: int, tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    with merge_desk(tmp_path, host.state, host.url, capsys) as desk:
        week = Week(desk, Random(seed), {}, {"support": {10500.0}, "shadow": {300.0}})
        steps = (
            [week.opens] * 5
            + [week.merges] * 5
            + [week.applies] * 3
            + [week.pushes, week.comments, week.doubts, week.doubts]
        )
        for _ in range(18):
            week.random.choice(steps)()
        week.ends()
        assert desk.apply() == ExitCode.DONE
        assert desk.merges["pending"] == 0
        assert week.lacking() == {}
