"""What the plan of a pull request forecast is logged once it is merged, from the record that nobody else can write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from forge.host import Host
from forge.merge_desk import MergeDesk, merge_desk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode
from reconciler.journal.forecast_log import GitLog


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    with merge_desk(tmp_path, host.state, host.url, capsys, journal="git:origin") as made:
        lines = ["id,timestamp,team_id,provider,model,cost"]
        for back in range(1, 60):
            day = date.fromisoformat(DAY) - timedelta(days=back)
            lines.append(f"event-{day},{day}T10:00:00Z,team_support,openai,gpt-4o,1.00")
        Path(made.usage).write_text("\n".join(lines) + "\n")
        yield made


def logged(desk: MergeDesk) -> list[tuple[int | None, str, str]]:
    entries = GitLog("origin", folder=desk.repository.folder).read("org_acme").entries
    return [(entry.pull_request, entry.wallet, str(entry.as_of)) for entry in entries]


def test_a_merge_logs_what_its_plan_forecast_once(desk: MergeDesk) -> None:
    before = logged(desk)
    desk.opened(128, desk.target("10500.00", "10700.00"))
    assert logged(desk) == before
    desk.approved(128, "lena", "bob")
    desk.merged(128)
    assert desk.apply() == ExitCode.DONE, desk.desk.errors
    found = [entry for entry in logged(desk) if entry not in before]
    assert found == [(128, "team_support", DAY)]

    assert desk.apply() == ExitCode.DONE
    assert len(logged(desk)) == len(before) + 1
