"""What `doctor` prints: each line with its status, and what is not as it should be with why and the fix."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.model.doctor import CheckResult, DoctorDocument, Status
from reconciler.report.doctor_text import doctor_text
from reconciler.report.screen import PAPER, Screen


def result(check: str, area: str, status: Status, message: str, fix: str = "", code: int = 0) -> CheckResult:
    why = "two runs may work at a time"
    return CheckResult(check=check, area=area, status=status, message=message, why=why, fix=fix, exit_code=code)


DOCUMENT = DoctorDocument(
    checks=(
        result("budgets", "budgets", "passed", "4 teams with 8 wallets are declared"),
        result(
            "clock", "Keeptrusts", "failed", "this machine's clock is 10 min 0 s ahead", "set this machine's clock", 6
        ),
        result("unpriced", "usage", "warning", "3 events of \x1b[31m have no price", "give their models a price"),
        result("forge", "forge", "not_checked", "there is no token of GitHub", "set GITHUB_TOKEN"),
        result("approvers", "forge", "not_checked", "`forge` has to pass first"),
    ),
    exit_code=6,
    recorded=("DIR/answers.json",),
)


@pytest.mark.parametrize("width", [None, 70])
def test_the_page_says_what_why_and_the_fix(golden: Callable[[str, str], None], width: int | None) -> None:
    text = doctor_text(DOCUMENT, Screen(width, is_known=True) if width else PAPER)
    golden(f"report/doctor-{width or 'any'}.txt", text)
    assert width is None or all(len(line) <= width for line in text.splitlines())
