"""What people do in a month, at random: they propose, approve, merge, push past every review, and take things back."""

from __future__ import annotations

from forge.github_standin import Pull
from forge.month_machines import Machines
from forge.month_repository import MAIN
from forge.month_story import ORG, TEAMS, Asked, Story, file_of, with_value
from thorough import THOROUGH

from reconciler.findings import ExitCode

_KINDS = {"one": 60, "two": 14, "same": 10, "org": 4, "words": 6, "comment": 6}
_WAYS = {"merge": 25, "squash": 25, "rebase": 15, "queue": 15, "bot": 10, "skip": 10}
_APPROVALS = {"in time": 76, "late": 9, "never": 8, "of an older head": 7}


class People:
    """Everybody in the organization."""

    def __init__(self, story: Story, machines: Machines) -> None:
        self.story, self.machines = story, machines
        self.random, self.office = story.random, story.office

    def drawn(self, choices: dict[str, int]) -> str:
        return self.random.choices(list(choices), list(choices.values()))[0]

    def fresh(self, part: str = "") -> str:
        if part == ORG:
            return f"{self.random.randint(5000, 9000)}.00"
        return f"{self.random.randint(100, 400)}.{self.random.randint(10, 99)}"

    def written(self, asked: Asked) -> dict[str, str]:
        """Return the files of main that a pull request changes, as it wants them."""
        files = self.with_values(asked.wants)
        if asked.words:
            files["budgets/README.md"] = asked.words
        if not files:
            name = file_of(self.random.choice(TEAMS))
            files[name] = f"# {asked.number}\n{self.office.repository.text(name)}"
        return files

    def with_values(self, wants: dict[str, str]) -> dict[str, str]:
        names = {part: file_of(part) for part in wants}
        text = self.office.repository.text
        return {name: with_value(part, text(name), wants[part]) for part, name in names.items()}

    def opens(self) -> None:
        """Open a pull request: mostly one team's target, else two teams', org.yaml, words or comments alone."""
        kind = self.drawn(_KINDS)
        open_teams = [t for a in self.story.asked.values() if not a.merged for t in a.wants if t != ORG]
        if kind == "same" and open_teams:
            wants = {self.random.choice(open_teams): self.fresh()}
        elif kind == "org":
            wants = {ORG: self.fresh(ORG)}
        elif kind in ("words", "comment"):
            wants = {}
        else:
            wants = {team: self.fresh() for team in self.random.sample(TEAMS, 2 if kind == "two" else 1)}
        asked = self.story.asks(wants, self.drawn(_WAYS))
        asked.words = f"# {asked.number}\n" if kind == "words" else ""
        self.proposes(asked)
        when = self.drawn(_APPROVALS)
        if when == "in time":
            self.story.later(0.2, 20, lambda: self.approves(asked))
        if when == "late":
            self.story.later(20, 60, lambda: self.approves(asked))
        if when == "of an older head":
            self.story.later(0.1, 0.5, lambda: self.approves(asked, older=True))
        self.story.later(21, 40, lambda: self.merges(asked))

    def proposes(self, asked: Asked) -> None:
        """Make the branch on main as it is now, and show its plan."""
        repository, number = self.office.repository, asked.number
        base = repository.main
        commit = repository.commit(f"refs/pull/{number}/head", self.written(asked), f"Change {number}", after=base)
        author = self.random.choice(["alice", self.office.bot])
        if number in self.office.github.pulls:
            pull = self.office.github.pulls[number]
            pull.commits, pull.base = [(commit, "alice")], base
        else:
            pull = Pull(number, author, [(commit, author)], base, head_ref=f"change-{number}")
            self.office.github.pulls[number] = pull
        pull.patches = repository.patches(base, commit)
        self.office.pushed(number, commit)
        self.shows(asked)

    def shows(self, asked: Asked) -> None:
        """Let plan.yml run; where it could not, somebody starts it again once it can."""
        if asked.merged:
            return
        if self.is_conflicting(asked):
            self.proposes(asked)
            return
        if self.office.plan(asked.number) not in (ExitCode.DONE, ExitCode.REFUSED):
            self.story.later(3, 6, lambda: self.shows(asked))

    def is_shown(self, asked: Asked) -> bool:
        return self.office.is_shown(self.office.github.pulls[asked.number].head)

    def approves(self, asked: Asked, *, older: bool = False) -> None:
        """Everybody who is needed approves what is shown now; with `older`, the author pushes once more after that."""
        number, pull = asked.number, self.office.github.pulls[asked.number]
        if not self.is_shown(asked):
            self.story.later(2, 8, lambda: self.approves(asked, older=older))
            return
        for part in asked.wants:
            self.office.github.review(number, "bob" if part == ORG else f"lead-{part}")
        if older and not asked.merged:
            asked.wants = {part: "9999.00" if part == ORG else self.fresh() for part in asked.wants}
            self.proposes(asked)
            return
        asked.is_approved = True
        if asked.merged:
            self.story.allow(asked)
            self.machines.something_is_new()
        elif pull.state == "open" and self.story.outage_until < self.story.now and self.random.random() < 0.3:
            self.office.approval(number)

    def is_conflicting(self, asked: Asked) -> bool:
        repository = self.office.repository
        return repository.merged(repository.main, self.office.github.pulls[asked.number].head) is None

    def merges(self, asked: Asked) -> None:
        if asked.merged:
            return
        if self.is_conflicting(asked):
            asked.is_approved = False
            self.proposes(asked)
            self.story.later(1, 5, lambda: self.approves(asked))
            self.story.later(5, 9, lambda: self.merges(asked))
            return
        self.lands(asked, asked.how)
        if asked.how == "queue":
            open_ones = [other for other in self.story.asked.values() if not other.merged and other.is_approved]
            for other in [other for other in open_ones if not self.is_conflicting(other)][:1]:
                self.lands(other, "merge")
        if asked.how not in ("bot", "skip"):
            self.machines.applies("push")

    def lands(self, asked: Asked, how: str) -> None:
        repository, number, pull = self.office.repository, asked.number, self.office.github.pulls[asked.number]
        was = {part: self.story.said(part) for part in asked.wants}
        way = {"squash": "squash", "skip": "squash", "rebase": "rebase"}.get(how, "merge")
        way = way if way in self.office.ways else "merge"
        subject = {
            "squash": f"Merge change-{number}",
            "skip": f"Change {number} [skip ci]",
            "rebase": f"Change {number}",
        }
        commit = repository.lands(pull.head, subject.get(how, f"Merge branch 'change-{number}'"), way=way)
        self.office.github.merge(number, commit, how=way)
        if way == "rebase":
            pull.landed = [commit]
        asked.merged = self.story.now
        if asked.is_approved:
            self.story.allow(asked)
        else:
            self.story.later(5, 50, lambda: self.approves(asked))
        now = {part: self.story.said(part) for part in asked.wants}
        self.story.arrived(number, commit, {part: value for part, value in now.items() if value != was[part]})
        self.machines.something_is_new()

    def pushes(self) -> None:
        """Push to main, past every review; some hours later somebody takes it back."""
        repository, team = self.office.repository, self.random.choice(TEAMS)
        wants = {team: self.fresh()}
        commit = repository.commit(MAIN, self.with_values(wants), "Just this once", after=repository.main)
        self.story.arrived(None, commit, wants)
        self.machines.something_is_new()
        self.machines.applies("push")
        self.story.later(4, 30, lambda: self.brings_back(team))

    def reverts(self) -> None:
        """Bring a team back to what it had when the month began, by a pull request that its owners approve."""
        done = [a for a in self.story.asked.values() if a.merged and a.wants and ORG not in a.wants]
        if done:
            team = self.random.choice(sorted(self.random.choice(done).wants))
            self.brings_back(team, self.story.allowed[team][0][0])

    def brings_back(self, team: str, value: str = "") -> Asked:
        """Ask for a value of a team, else for what its wallet holds."""
        asked = self.story.asks({team: value or f"{self.office.funded(team):.2f}"}, "squash")
        self.proposes(asked)
        self.story.later(0.2, 5, lambda: self.approves(asked))
        self.story.later(6, 9, lambda: self.merges(asked))
        return asked

    def repeats(self) -> None:
        """Start an old run again."""
        if self.random.random() < 0.3:
            self.machines.applies("push")
        elif self.office.shown_by:
            self.office.plan(self.random.choice(sorted(self.office.shown_by)), again=True)

    def is_to_act(self, pulls: int) -> None:
        """Put into the agenda what people do of their own accord."""
        for _ in range(pulls):
            self.story.some_time(self.opens, after=0.1, before=60)
        for action in [self.pushes, self.reverts, self.repeats] * (3 if THOROUGH else 1):
            self.story.some_time(action)
        self.story.some_time(self.office.approval)
