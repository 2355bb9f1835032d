"""A plan file is read as it was made, or refused with what is wrong and the cure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reconciler.cli.boundary import run
from reconciler.cli.show import command
from reconciler.findings import BudgetsError, ExitCode, StalePlanError, UsageError
from reconciler.model.plan import read_plan

Edit = Callable[[dict[str, Any]], None]


def edited(plans: Any, edit: Edit) -> str:
    document = json.loads(plans.sealed_plan().text())
    edit(document)
    return json.dumps(document)


def test_a_plan_reads_back_as_it_was_written(plans: Any) -> None:
    plan = plans.sealed_plan()
    assert read_plan(plan.text()) == plan
    assert read_plan(plan.text()).text() == plan.text()


def test_an_edited_plan_is_stale_and_says_so(plans: Any) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["changes"][0]["amount"] = "9000.00"

    with pytest.raises(StalePlanError, match="edited after it was made") as raised:
        read_plan(edited(plans, edit))
    assert raised.value.exit_code == ExitCode.STALE
    assert "kt-budgets plan" in raised.value.hint


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "is not JSON: Expecting value at line 1, column 1"),
        ("{\n  oops", "at line 2, column 3"),
        ("[" * 100_000, "is not JSON that can be read"),
        ('{"format": NaN}', "is not JSON that can be read"),
        ("1" * 5_000, "is not JSON that can be read"),
        ("[]", "does not say what it is"),
        ("{}", "does not say what it is"),
        ('{"format": "kt-budgets.findings/1"}', 'says it is "kt-budgets.findings/1"'),
        ('{"format": "kt-budgets.plan/2"}', "`kt-budgets.plan/1` is needed"),
        ('{"format": ["kt-budgets.plan/1"]}', "says it is"),
    ],
    ids=["empty", "broken", "deep", "nan", "huge", "list", "object", "findings", "later", "odd"],
)
def test_what_is_no_plan_is_refused_with_the_reason(document: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_plan(document, name="some.json")
    assert raised.value.message.startswith("some.json ")
    assert said in raised.value.message
    assert raised.value.hint


def test_every_wrong_place_is_named(plans: Any) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["changes"][0]["amount"] = "much"
        document["changes"][1]["kind"] = "spend"
        document["funds"]["odd key\x1b"] = 1
        del document["period"]

    with pytest.raises(UsageError) as raised:
        read_plan(edited(plans, edit))
    for place in ("$.changes[0].amount: ", "$.changes[1]: ", '$.funds["odd key\\u001b"]: ', "$.period: "):
        assert place in raised.value.message
    assert "\x1b" not in raised.value.message


def test_many_wrong_places_are_counted(plans: Any) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["findings"] = [{} for _ in range(60)]

    with pytest.raises(UsageError, match=r"and \d+ more"):
        read_plan(edited(plans, edit))


@pytest.mark.parametrize("amount", ["1e999999", "NaN", "Infinity", "\ud800"])
def test_an_impossible_number_is_refused(amount: str, plans: Any) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["changes"][0]["amount"] = amount
        document["changes"][1]["before"]["name"] = amount

    with pytest.raises(BudgetsError):
        read_plan(edited(plans, edit))


def test_text_that_cannot_be_written_is_refused(plans: Any) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["changes"][1]["before"]["name"] = "\ud800"

    with pytest.raises(UsageError, match="no plan can hold"):
        read_plan(edited(plans, edit))


@pytest.fixture
def saved(tmp_path: Path, plans: Any) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(plans.sealed_plan().text(), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("format_", "beginning"),
    [
        ("text", "org_acme, June 2026"),
        ("markdown", "### USD 2,000 more for support"),
        ("html", "<!doctype html>"),
        ("json", "{\n"),
    ],
)
def test_show_renders_every_format(format_: str, beginning: str, saved: Path) -> None:
    result = CliRunner().invoke(command, [str(saved), "--format", format_])
    assert (result.exit_code, result.output[: len(beginning)]) == (0, beginning)


def test_show_prints_json_byte_for_byte(saved: Path) -> None:
    assert CliRunner().invoke(command, [str(saved), "--format", "json"]).output == saved.read_text(encoding="utf-8")


def test_show_writes_to_a_file(saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "comment.md"
    result = CliRunner().invoke(command, [str(saved), "--format", "markdown", "--output", str(target)])
    assert (result.exit_code, result.output) == (0, "")
    assert target.read_text(encoding="utf-8").startswith("### USD 2,000 more for support")


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, 2), (b"\xff\xfe", 2), (b"{}", 2), (b'{"format": "kt-budgets.plan/1"}', 2)],
    ids=["missing", "not utf-8", "no plan", "nothing in it"],
)
def test_show_leaves_with_one_sentence_and_the_cure(
    content: bytes | None, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_bytes(content)
    assert run(command, [str(path)]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert str(path) in captured.err
    assert "hint: " in captured.err


def test_show_refuses_an_edited_plan_with_exit_5(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved.write_text(saved.read_text(encoding="utf-8").replace("2000.00", "9000.00"), encoding="utf-8")
    assert run(command, [str(saved), "--format", "json"]) == 5
    assert "was edited after it was made" in capsys.readouterr().out


def test_show_refuses_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, [str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err
