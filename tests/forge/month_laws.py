"""What holds in every month: nobody waits without word, and in the end wallets hold what was approved, applied once."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from forge.month_machines import MONTH_BEGINS, Machines
from forge.month_people import People
from forge.month_story import DAYS, HOUR, ORG, TEAMS, Landing, Story, file_of, value_in

from reconciler.findings import ExitCode
from reconciler.model.operation import find_operation

_RECEIPT = re.compile(r"<!-- kt-budgets:receipt -->\n(.*?)<!-- /kt-budgets:receipt -->", re.DOTALL)
_UNSEEN = "&#8203;"


class Laws:
    """Looks at the end of each hour whether whoever was to be told was, and at the end at every entry of the ledger."""

    def __init__(self, story: Story, people: People, machines: Machines) -> None:
        self.story, self.people, self.machines = story, people, machines
        self.office = story.office
        self._month = Landing(None, "2026-07", MONTH_BEGINS, {}, MONTH_BEGINS + 7 * HOUR)
        story.landings.append(self._month)

    def hold(self, now: datetime) -> None:
        """Check what is to hold at an instant."""
        for landing in self.story.landings:
            if not landing.is_told and landing.due <= now:
                landing.is_told = True
                assert self.is_known(landing), f"{landing}\n{self.receipts(landing)}\n{self.trail()}"
        if now == MONTH_BEGINS + timedelta(days=2, hours=8):
            assert self.unopened() == [], ("nobody opened the month", self.trail())

    def is_known(self, landing: Landing) -> bool:
        """Whether it is done, or somebody reads of it in the pull request or in an open issue, part by part."""
        if landing is self._month:
            return all(self.is_written(landing.commit, team) for team in self.unopened())
        name = f"{self.office.sign}{landing.number}" if landing.number else landing.commit[:12]
        return all(
            self.was_held(part, landing) or self.is_in_receipt(part, landing) or self.is_written(name, part)
            for part in landing.wants
        )

    def is_in_receipt(self, part: str, landing: Landing) -> bool:
        """Whether the receipt of a landing says of a part, which its wallet never held, that it is not applied."""
        bodies = self.office.github.ours(landing.number) if landing.number else []
        for text in (match[1] for body in bodies for match in _RECEIPT.finditer(body.replace(_UNSEEN, ""))):
            title, _, rest = text.partition("\n")
            if f"(merged as `{landing.commit[:7]}`)" in title:
                is_whole = title.startswith(("#### Not ", "#### Nothing left"))
                return is_whole or (title.startswith("#### Applied in part") and names(rest, part)) or part == ORG
        return False

    def is_written(self, name: str, part: str) -> bool:
        """Whether a line of an open issue names both, as a whole."""
        lines = [
            line
            for issue in self.office.github.issues
            if issue["state"] == "open"
            for line in issue["body"].replace(_UNSEEN, "").splitlines()
        ]
        return any(name in line and names(line, part) for line in lines)

    def was_held(self, part: str, landing: Landing) -> bool:
        """Whether a wallet has held what was asked for, at some time since it arrived."""
        if part == ORG:
            return False
        held, ever = 0, []
        for entry in self.office.entries(part):
            if str(find_operation(entry["description"]))[:7] == f"{self.story.now:%Y-%m}":
                held += signed(entry)
                if datetime.fromisoformat(entry["created_at"]) >= landing.at:
                    ever.append(held)
        return round(100 * float(landing.wants[part])) in (*ever, held)

    def unopened(self) -> list[str]:
        """Return the teams whose wallet got nothing for the month that began."""
        return [
            team for team in TEAMS if not any(operation(entry)[:7] == "2026-07" for entry in self.office.entries(team))
        ]

    def receipts(self, landing: Landing) -> str:
        return "\n".join(self.office.github.ours(landing.number) if landing.number else [])

    def trail(self) -> str:
        return "\n".join([*self.office.log[-12:], *(issue["body"] for issue in self.office.github.issues)])

    def end(self) -> None:
        """Do what the issue and the receipts ask for, until nothing is left, and look at every wallet."""
        self.office.is_down, self.office.dies_at = False, 0
        self.office.github.faults.clear()
        for _ in range(15):
            self.office.clock.wait(3600)
            self.office.sandbox.store.clock.set(self.story.now)
            self.machines.applies()
            code = self.office.drift("--format", "json")
            if code == ExitCode.DONE and not self.machines.is_pending:
                self.judge()
                return
            assert code in (ExitCode.DONE, ExitCode.DRIFT), self.office.log[-1]
            for item in json.loads(self.office.output)["waiting"]:
                self.press(item)
        pytest.fail("something is still left behind:\n" + "\n".join(self.office.log[-9:]))

    def press(self, item: dict[str, Any]) -> None:
        """Do what one thing that was left behind asks for, and press its button."""
        workflow, inputs = item["dispatch"]["workflow"], item["dispatch"]["inputs"]
        if workflow == "fund.yml":
            assert self.office.fund("workflow_dispatch") == ExitCode.DONE, self.office.log[-1]
        elif workflow == "resume.yml":
            self.machines.heard(self.office.resume(inputs["reason"], break_lock=inputs.get("break_lock", "")))
        elif item["pull_request"]:
            self.people.approves(self.story.asked[item["pull_request"]])
            self.machines.applies("workflow_dispatch", **inputs)
        else:
            for team in next(landing.wants for landing in self.story.landings if landing.commit == item["commit"]):
                asked = self.people.brings_back(team)
                self.people.approves(asked)
                self.people.merges(asked)

    def judge(self) -> None:
        """Hold the ledger of every wallet against what was approved, entry by entry."""
        for team in TEAMS:
            entries, allowed = self.office.entries(team), self.story.allowed[team]
            marks = [find_operation(entry["description"]) for entry in entries]
            assert None not in marks, (team, entries)
            assert len(set(marks)) == len(marks), (team, entries)
            held: Counter[str] = Counter()
            for entry in entries:
                month = operation(entry)[:7]
                held[month] += signed(entry)
                at = datetime.fromisoformat(entry["created_at"])
                then = {value for value, since in allowed if since <= at}
                assert f"{held[month] / 100:.2f}" in then, (team, entry, allowed)
            text = self.office.repository.text(file_of(team))
            assert f"{held['2026-07'] / 100:.2f}" == value_in(team, text), (team, entries, allowed)
            assert held.keys() == {"2026-06", "2026-07"}


def names(text: str, part: str) -> bool:
    word = "the organization's settings" if part == ORG else part
    return bool(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text))


def operation(entry: dict[str, Any]) -> str:
    return str(find_operation(entry["description"]))


def signed(entry: dict[str, Any]) -> int:
    """Return what an entry moved, in cents."""
    cents = round(100 * float(entry["amount"]))
    return cents if entry["type"] == "allocate" else -cents


def lived(story: Story, people: People, machines: Machines, pulls: int) -> None:
    """Let a month pass hour by hour, and hold it against the laws."""
    laws = Laws(story, people, machines)
    people.is_to_act(pulls)
    machines.is_to_act()
    begin = story.now
    for number in range(1, DAYS * 24 + 1):
        story.goes_on(begin + HOUR * number)
        laws.hold(begin + HOUR * number)
    laws.end()
