"""What happens in a month of an organization of forty teams, at random, and who was told what and when."""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from forge.github_standin import Pull, answer
from forge.month_clock import BEGIN
from forge.month_office import DEAD, Office
from thorough import THOROUGH

from reconciler.findings import ExitCode

TEAMS = [f"t{number:02}" for number in range(1, 41 if THOROUGH else 9)]
"""Forty teams and sixty pull requests, thoroughly; else eight and ten in a week about the month's end."""

PULLS = 60 if THOROUGH else 10
ORG = "org"
HOUR, DAYS = timedelta(hours=1), 28 if THOROUGH else 7

RECEIPT = "<!-- kt-budgets:receipt -->"

ORGANIZATION = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
environments: [prod]
owners: ["@acme/finance"]
approvals: {finance_above: 5000.00, finance: ["@acme/finance"]}
journal: git:origin
"""
TEAM = """\
version: 1
team: %(team)s
owners: ["@acme/%(team)s-leads"]
wallets:
  prod: {team_id: team_%(team)s, monthly: %(monthly)s}
"""


def file_of(part: str) -> str:
    return "budgets/org.yaml" if part == ORG else f"budgets/teams/{part}.yaml"


@dataclass
class Asked:
    """A pull request: what it wants of which part, and whether its last head was approved after it was shown."""

    number: int
    wants: dict[str, str]
    how: str
    is_approved: bool = False
    merged: datetime | None = None
    words: str = ""


@dataclass
class Landing:
    """What arrived on main: by a pull request, or pushed. `due` is when somebody must have been told: an hour later,
    in which GitHub was to be reached; of a direct push, which only drift tells, Keeptrusts as well.
    """

    number: int | None
    commit: str
    at: datetime
    wants: dict[str, str]
    due: datetime
    is_told: bool = False


@dataclass
class Story:
    office: Office
    random: Random
    asked: dict[int, Asked] = field(default_factory=dict)
    landings: list[Landing] = field(default_factory=list)
    now_on_main: dict[str, str] = field(default_factory=dict)
    allowed: dict[str, list[tuple[str, datetime]]] = field(default_factory=dict)
    agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    is_pending: bool = False
    apply_due: bool = False
    drift_due: bool = False
    outage_until: datetime = BEGIN
    down_until: datetime = BEGIN
    _count: itertools.count[int] = field(default_factory=itertools.count)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(101))

    @property
    def now(self) -> datetime:
        return self.office.clock.instant

    def at(self, instant: datetime, action: Callable[[], None]) -> None:
        heapq.heappush(self.agenda, (instant, next(self._count), action))

    def later(self, low: float, high: float, action: Callable[[], None]) -> None:
        """Do something between `low` and `high` hours from now."""
        self.at(self.now + HOUR * self.random.uniform(low, high), action)

    # What people do.

    def fresh(self) -> str:
        return f"{self.random.randint(100, 400)}.{self.random.randint(10, 99)}"

    def write(self, wants: dict[str, str], words: str = "") -> None:
        repository = self.office.repository
        for part, value in wants.items():
            field_ = "finance_above: " if part == ORG else "monthly: "
            text = (repository.folder / file_of(part)).read_text(encoding="utf-8")
            before, _, rest = text.partition(field_)
            ends = min(place for place in (rest.find(","), rest.find("}")) if place >= 0)
            repository.write({file_of(part): before + field_ + value + rest[ends:]})
        if words:
            repository.write({"budgets/README.md": words})

    def opens(self) -> None:
        """Open a pull request: mostly one team's target, else two teams', org.yaml, words or comments alone."""
        kind = self.random.choices(["one", "two", "same", "org", "words", "comment"], [60, 14, 10, 4, 6, 6])[0]
        open_teams = [t for a in self.asked.values() if not a.merged for t in a.wants if t != ORG]
        if kind == "same" and open_teams:
            wants = {self.random.choice(open_teams): self.fresh()}
        elif kind == "org":
            wants = {ORG: f"{self.random.randint(5000, 9000)}.00"}
        elif kind in ("words", "comment"):
            wants = {}
        else:
            wants = {team: self.fresh() for team in self.random.sample(TEAMS, 2 if kind == "two" else 1)}
        how = self.random.choices(["merge", "squash", "rebase", "queue", "bot", "skip"], [25, 25, 15, 15, 10, 10])[0]
        number = next(self._numbers)
        self.asked[number] = Asked(number, wants, how, words=f"# {number}\n" if kind == "words" else "")
        self.proposes(number)
        when = self.random.choices(["good", "late", "none", "older"], [76, 9, 8, 7])[0]
        if when == "good":
            self.later(0.2, 20, lambda: self.approves(number))
        if when == "late":
            self.later(20, 60, lambda: self.approves(number))
        if when == "older":
            self.later(0.1, 0.5, lambda: self.approves(number, older=True))
        self.later(21, 40, lambda: self.merges(number))

    def proposes(self, number: int) -> None:
        """Make the branch on main as it is now, and show its plan."""
        asked, repository = self.asked[number], self.office.repository
        repository.git("switch", "--quiet", "main")
        base = repository.head
        repository.git("switch", "--quiet", "--force-create", f"change-{number}", "main")
        self.write(asked.wants, asked.words)
        if not asked.wants and not asked.words:
            team = self.random.choice(TEAMS)
            text = (repository.folder / file_of(team)).read_text(encoding="utf-8")
            repository.write({file_of(team): f"# {number}\n{text}"})
        commit = repository.commit(f"Change {number}")
        repository.push(number)
        author = self.random.choice(["alice", "renovate[bot]"])
        if number in self.office.github.pulls:
            pull = self.office.github.pulls[number]
            pull.commits, pull.base = [(commit, "alice")], base
        else:
            pull = Pull(number, author, [(commit, author)], base, head_ref=f"change-{number}")
            self.office.github.pulls[number] = pull
        pull.patches = repository.patches(base, commit)
        repository.git("switch", "--quiet", "main")
        self.shows(number)

    def shows(self, number: int) -> None:
        """Let plan.yml run; where it could not, somebody starts it again once it can."""
        if self.asked[number].merged:
            return
        if self.is_conflicting(number):
            self.proposes(number)
            return
        if self.office.plan(number) not in (0, 4):
            self.later(3, 6, lambda: self.shows(number))

    def is_shown(self, number: int) -> bool:
        return any(c["head_sha"] == self.office.github.pulls[number].head for c in self.office.github.checks)

    def people(self, asked: Asked) -> list[str]:
        return ["bob" if part == ORG else f"lead-{part}" for part in asked.wants]

    def approves(self, number: int, *, older: bool = False) -> None:
        """Everybody who is needed approves what is shown now; with `older`, the author pushes once more after that."""
        asked, pull = self.asked[number], self.office.github.pulls[number]
        if not self.is_shown(number):
            self.later(2, 8, lambda: self.approves(number, older=older))
            return
        for person in self.people(asked):
            self.office.github.review(number, person)
        if older and not asked.merged:
            asked.wants = {part: self.fresh() if part != ORG else "9999.00" for part in asked.wants}
            self.proposes(number)
            return
        asked.is_approved = True
        if asked.merged:
            self.allow(asked)
            self.apply_due = self.drift_due = True
        elif pull.state == "open" and self.outage_until < self.now and self.random.random() < 0.3:
            self.office.approval(number)

    def allow(self, asked: Asked) -> None:
        for part, value in asked.wants.items():
            self.allowed.setdefault(part, []).append((value, self.now))

    def is_conflicting(self, number: int) -> bool:
        repository = self.office.repository
        head = self.office.github.pulls[number].head
        try:
            repository.git("merge-tree", "--write-tree", "main", head)
        except AssertionError:
            return True
        return False

    def merges(self, number: int) -> None:
        asked = self.asked[number]
        if asked.merged:
            return
        if self.is_conflicting(number):
            asked.is_approved = False
            self.proposes(number)
            self.later(1, 5, lambda: self.approves(number))
            self.later(5, 9, lambda: self.merges(number))
            return
        self.lands(number, asked.how)
        if asked.how == "queue":
            ready = [
                a for a in self.asked.values() if not a.merged and a.is_approved and not self.is_conflicting(a.number)
            ]
            for other in ready[:1]:
                self.lands(other.number, "merge")
        if asked.how not in ("bot", "skip"):
            self.applies("push")

    def lands(self, number: int, how: str) -> None:
        repository, github = self.office.repository, self.office.github
        asked, pull = self.asked[number], github.pulls[number]
        way = {"squash": "squash", "skip": "squash", "rebase": "rebase"}.get(how, "merge")
        before = repository.git("rev-parse", "main")
        if not repository.git("diff", "--name-only", f"main...{pull.head_ref}"):
            way = "merge"
        commit = repository.merge(pull.head_ref, squash=way == "squash", rebase=way == "rebase")
        if how == "skip":
            repository.git("commit", "--quiet", "--amend", "--message", f"Change {number} [skip ci]")
            repository.git("push", "--quiet", "--force", "origin", "main")
            commit = repository.head
        github.merge(number, commit)
        if way == "rebase":
            pull.landed = repository.git("rev-list", f"{before}..{commit}").split()
        asked.merged = self.now
        if asked.is_approved:
            self.allow(asked)
        else:
            self.later(5, 50, lambda: self.approves(number))
        self.arrived(number, commit, asked.wants)

    def arrived(self, number: int | None, commit: str, wants: dict[str, str]) -> None:
        self.now_on_main |= wants
        down = self.down_until if number is None else BEGIN
        reachable = max(self.now, self.outage_until, down)
        self.landings.append(Landing(number, commit, self.now, dict(wants), reachable + HOUR))
        self.is_pending = self.apply_due = self.drift_due = True

    def pushes(self) -> None:
        """Somebody pushes to main, past every review."""
        repository = self.office.repository
        team = self.random.choice(TEAMS)
        wants = {team: self.fresh()}
        repository.git("switch", "--quiet", "main")
        self.write(wants)
        commit = repository.commit("Just this once")
        repository.git("push", "--quiet", "origin", "main")
        self.arrived(None, commit, wants)
        self.applies("push")
        self.later(4, 30, lambda: self.takes_back(team))

    def takes_back(self, team: str) -> None:
        """Bring a team back to what its wallet holds."""
        self.brings_back(team, f"{self.office.funded(team):.2f}")

    def reverts(self) -> None:
        """Bring a team back to what it was before, by a pull request that its owners approve."""
        done = [a for a in self.asked.values() if a.merged and a.wants and ORG not in a.wants]
        if done:
            team = self.random.choice(sorted(self.random.choice(done).wants))
            self.brings_back(team, self.allowed[team][0][0])

    def brings_back(self, team: str, value: str) -> int:
        number = next(self._numbers)
        self.asked[number] = Asked(number, {team: value}, "squash")
        self.proposes(number)
        self.later(0.2, 5, lambda: self.approves(number))
        self.later(6, 9, lambda: self.merges(number))
        return number

    # What machines do.

    def applies(self, event: str = "schedule", **inputs: str) -> int:
        code = self.office.apply(event, **inputs)
        self.heard(code)
        return code

    def heard(self, code: int) -> None:
        """Take note of what a run of `pr apply` said: whether something is left, and is worth another try."""
        known = code != DEAD and self.office.output.startswith("{")
        document = json.loads(self.office.output) if known else {}
        is_over = document.get("format") == "kt-budgets.merges/1"
        trouble = any(item["status"] in ("failed", "unknown") for item in document.get("landings", []))
        self.is_pending = not is_over or bool(document["pending"])
        self.apply_due = not is_over or trouble
        self.drift_due = self.drift_due or self.is_pending

    def dies(self) -> None:
        self.office.dies_at = self.random.randint(4, 60)

    def goes_down(self) -> None:
        self.office.is_down = True
        self.down_until = self.now + timedelta(days=1)
        self.at(self.down_until, self.comes_back)

    def comes_back(self) -> None:
        self.office.is_down = False
        self.apply_due = self.drift_due = True

    def fails(self) -> None:
        """GitHub answers 502 for some hours."""
        hours = self.random.uniform(0.3, 5)
        self.office.github.fail(".*", *[answer(502)] * 20_000)
        self.outage_until = self.now + HOUR * hours
        for landing in self.landings:
            if not landing.is_told and landing.due > self.now:
                landing.due = self.outage_until + HOUR
        self.at(self.outage_until, self.recovers)

    def recovers(self) -> None:
        self.office.github.faults.clear()
        self.apply_due = self.drift_due = True

    def repeats(self) -> None:
        """Somebody starts an old run again."""
        if self.random.random() < 0.3:
            self.applies("push")
        elif self.office.shown_by:
            self.office.plan(self.random.choice(sorted(self.office.shown_by)), again=True)

    def asks(self) -> None:
        self.office.approval()

    # A month.

    def begins(self) -> None:
        hours = DAYS * 24
        for _ in range(PULLS):
            self.at(BEGIN + HOUR * self.random.uniform(0.1, hours - 60), self.opens)
        whole = [self.pushes, self.reverts, self.dies, self.fails, self.repeats] * (3 if THOROUGH else 1)
        for action in [*whole, self.asks]:
            self.at(BEGIN + HOUR * self.random.uniform(24, hours - 30), action)
        first = datetime.fromisoformat("2026-06-30T20:00:00+00:00")
        down = first if self.random.random() < 0.3 else BEGIN + HOUR * self.random.uniform(24, hours - 60)
        self.at(down, self.goes_down)

    def lives(self) -> None:
        """Let time pass, hour by hour, with whatever the clock starts."""
        self.begins()
        for number in range(DAYS * 24):
            hour = BEGIN + HOUR * number
            minutes = {17: self.looks, 37: self.tries}
            for minute, action in [*minutes.items(), *((m, self.funds) for m in fund_minutes(hour))]:
                self.at(hour + timedelta(minutes=minute), action)
            while self.agenda and self.agenda[0][0] < hour + HOUR:
                instant, _, action = heapq.heappop(self.agenda)
                self.office.clock.reach(instant)
                self.office.sandbox.store.clock.set(self.now)
                action()
            self.hears(hour + HOUR)

    def looks(self) -> None:
        if self.is_hopeless():
            return
        if self.drift_due or (self.now.hour == 6 and self.now.day % 3 == 1):
            code = self.office.drift()
            is_young = any(landing.at > self.now - HOUR for landing in self.landings)
            self.drift_due = (is_young and self.is_pending) or code not in (ExitCode.DONE, ExitCode.DRIFT)

    def tries(self) -> None:
        if self.is_hopeless():
            return
        if self.apply_due or (self.now.day == 1 and self.now.hour == 0 and self.is_pending):
            self.applies()

    def is_hopeless(self) -> bool:
        """Whether a run would say what the last one said: somebody is down, and nothing is new since an hour."""
        is_down = self.office.is_down or self.outage_until > self.now
        return is_down and self.now.hour % 6 != 0 and all(landing.at < self.now - HOUR for landing in self.landings)

    def funds(self) -> None:
        if self.now.day <= 3 or self.now.day % 7 == 0:
            code = self.office.fund()
            if code != ExitCode.DONE:
                self.drift_due = True

    def hears(self, now: datetime) -> None:
        """Check that whoever is waiting by now was told."""
        for landing in self.landings:
            if not landing.is_told and landing.due <= now:
                landing.is_told = True
                assert self.was_told(landing), (
                    landing,
                    "\n".join([*self.office.log[-12:], *(i["body"] for i in self.office.github.issues)]),
                )

    def was_told(self, landing: Landing) -> bool:
        if all(self.office_holds(part, value) for part, value in landing.wants.items()):
            return True
        github = self.office.github
        if landing.number and any(RECEIPT in body for body in github.ours(landing.number)):
            return True
        name = f"#{landing.number}" if landing.number else landing.commit
        return any(name in issue["body"] and issue["state"] == "open" for issue in github.issues)

    def office_holds(self, part: str, value: str) -> bool:
        """Whether a wallet holds what was asked for; a part without money is told in another way."""
        return part != ORG and self.office.funded(part) == float(value)


def fund_minutes(hour: datetime) -> list[int]:
    """Return the minutes of this hour at which fund.yml is started."""
    first = {0: 10, 1: 50, 4: 20, 9: 35}
    if hour.day == 1:
        return [first[hour.hour]] if hour.hour in first else []
    return [5] if hour.hour == 6 else []
