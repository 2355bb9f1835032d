"""The list of mutants that may live is held to those that do: none more, none fewer, each with its reason."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from mutation import rejected, survivors
from mutation.survivors import Mutant, accepted_in, as_toml, change_of, compared, found_in, function_of

PROJECT = tomllib.loads((survivors.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
MUTATED = """\
import x


def x_half__mutmut_orig(a):
    if a < 1:
        return 0
    return a / 2


def x_half__mutmut_1(a):
    if a <= 1:
        return 0
    return a / 2


def x_half__mutmut_2(a):
    if a < 2:
        return 0
    return a / 2


def x_half__mutmut_3(a):
    if a < 1:
        return 0
    return a * 2
"""
BOUND = Mutant("pkg.mod:half", "if a < 1:", "if a <= 1:")
OTHER = Mutant("pkg.mod:half", "if a < 1:", "if a < 2:")


def run(folder: Path, **codes: int | None) -> Path:
    """Write what mutmut leaves of a run: the mutated module, where its functions are, and what became of each."""
    (folder / "pkg").mkdir()
    (folder / "pkg/mod.py").write_text(MUTATED, encoding="utf-8")
    starts = {"orig": 4, "1": 10, "2": 16, "3": 22}
    spans = {f"x_half__mutmut_{name}": [first, first + 3] for name, first in starts.items()}
    (folder / "pkg/mod.py.spans").write_text(json.dumps({"version": 1, "spans": spans}), encoding="utf-8")
    notes = {f"pkg.mod.x_half__mutmut_{name[1:]}": code for name, code in codes.items()}
    (folder / "pkg/mod.py.meta").write_text(
        json.dumps({"exit_code_by_key": notes, "type_check_error_by_key": {}}), encoding="utf-8"
    )
    return folder


def test_a_mutant_that_no_test_notices_is_known_by_its_function_and_its_lines(tmp_path: Path) -> None:
    found = found_in(run(tmp_path, _1=0, _2=33, _3=1))
    assert found.living == {BOUND: 1, OTHER: 1}
    assert (found.noticed, found.unjudged) == (1, [])


@pytest.mark.parametrize("code", [None, 2, 35, -9])
def test_a_mutant_that_was_not_judged_is_neither_noticed_nor_living(tmp_path: Path, code: int | None) -> None:
    found = found_in(run(tmp_path, _1=code, _2=37, _3=-24))
    assert (found.living, found.noticed, found.unjudged) == ({}, 2, ["pkg.mod.x_half__mutmut_1"])


def test_only_what_was_asked_for_is_looked_at(tmp_path: Path) -> None:
    folder = run(tmp_path, _1=0, _2=0, _3=0)
    assert found_in(folder, ["pkg.other*"]).living == {}
    assert set(found_in(folder, ["pkg.other*", "pkg.mod.x_half__mutmut_2"]).living) == {OTHER}


def test_methods_and_changes_of_several_lines_are_told_as_they_are_written() -> None:
    assert function_of("pkg.mod.xǁMoneyǁ__add____mutmut_12") == "pkg.mod:Money.__add__"
    changed = change_of(
        "pkg.mod:f", "def f():\n    g(\n        1,\n        2,\n    )", "def f():\n    g(\n        1,\n    )"
    )
    assert changed == Mutant("pkg.mod:f", "2,", "")
    assert str(Mutant("pkg.mod:f", "a\nb", "c")) == "pkg.mod:f\n- a\n- b\n+ c"


def test_what_lives_beyond_the_list_and_what_the_list_has_beyond_it_are_both_told() -> None:
    assert compared([BOUND], [BOUND]) == ([], [])
    assert compared([BOUND, OTHER], [BOUND]) == ([OTHER], [])
    assert compared([BOUND], [BOUND, OTHER]) == ([], [OTHER])


def test_what_was_not_asked_for_is_not_missed() -> None:
    method = Mutant("pkg.mod:Half.of", "a", "b")
    assert compared([], [OTHER, method], ["pkg.none*"]) == ([], [])
    assert compared([], [OTHER, method], ["pkg.mod.x_half*"]) == ([], [OTHER])
    assert compared([], [OTHER, method], ["pkg.mod.xǁHalf*"]) == ([], [method])


def test_the_list_is_read_as_it_is_written_and_wants_a_reason_for_each() -> None:
    mutants = [BOUND, Mutant("pkg.mod:f", "it's", "'x'\n\"y\"")]
    written = "\n".join(as_toml(mutants))
    with pytest.raises(ValueError, match=r"no reason for\npkg\.mod:half"):
        accepted_in(written)
    reasoned = written.replace('""', '"it is the same"', 1)
    assert accepted_in(reasoned) == dict.fromkeys(mutants, "it is the same")
    with pytest.raises(ValueError, match=r"twice\npkg\.mod:half"):
        accepted_in(reasoned + "\n" + reasoned)


@pytest.mark.parametrize(
    ("codes", "listed", "exit_code", "said"),
    [
        ({"_1": 0, "_2": 1}, [BOUND], 0, "2 mutants: 1 noticed, 1 live, of which 0 are not accepted"),
        ({"_1": 0, "_2": 1}, [], 1, "['pkg.mod:half', 'if a < 1:', 'if a <= 1:']"),
        ({"_1": 1, "_2": 1}, [BOUND], 1, "does not live any more"),
        ({"_1": 0, "_2": 2}, [BOUND], 1, "neither killed nor living: pkg.mod.x_half__mutmut_2"),
        ({}, [], 1, "0 mutants"),
    ],
    ids=["as listed", "not listed", "stale", "not judged", "nothing was run"],
)
def test_the_command_fails_unless_the_list_is_right(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    codes: dict[str, int | None],
    listed: list[Mutant],
    exit_code: int,
    said: str,
) -> None:
    (tmp_path / "mutants").mkdir()
    run(tmp_path / "mutants", **codes)
    accepted = "\n".join(as_toml(listed)).replace('""', '"why"', 1)
    list_file = tmp_path / "accepted.toml"
    list_file.write_text(f'{accepted}\n[not_covered]\n"pkg/later" = "not yet"\n', encoding="utf-8")
    monkeypatch.setattr(survivors, "ROOT", tmp_path)
    monkeypatch.setattr(survivors, "LIST", list_file)
    assert survivors.main([]) == exit_code
    printed = capsys.readouterr().out
    assert said in printed
    assert "not covered yet: pkg/later: not yet" in printed


def test_a_mutant_that_mypy_rejects_is_noticed_whatever_the_tests_say(tmp_path: Path) -> None:
    folder = run(tmp_path, _1=None, _2=None, _3=1)
    errors = [{"line": line, "message": f"line {line}"} for line in (1, 9, 12, 14, 22)]
    rejected.note(
        folder / "pkg/mod.py.meta", folder / "pkg/mod.py.spans", [*errors, {"line": 5, "message": "as it is"}]
    )
    assert len(found_in(folder).unjudged) == 2
    rejected.note(folder / "pkg/mod.py.meta", folder / "pkg/mod.py.spans", errors)
    found = found_in(folder)
    assert (found.living, found.noticed, found.unjudged) == ({}, 2, ["pkg.mod.x_half__mutmut_2"])
    notes = json.loads((folder / "pkg/mod.py.meta").read_text(encoding="utf-8"))
    assert notes["type_check_error_by_key"] == {
        "pkg.mod.x_half__mutmut_1": "line 12",
        "pkg.mod.x_half__mutmut_3": "line 22",
    }
    again = json.dumps({**notes, "exit_code_by_key": dict.fromkeys(notes["exit_code_by_key"], 0)})
    (folder / "pkg/mod.py.meta").write_text(again, encoding="utf-8")
    assert set(found_in(folder).living) == {OTHER}
    rejected.note(folder / "none.meta", folder / "none.spans", errors)


def test_every_folder_that_is_to_be_mutated_is_or_is_named_as_not_covered() -> None:
    text = survivors.LIST.read_text(encoding="utf-8")
    accepted_in(text)
    mutated, but = (
        {pattern.removesuffix("/*") for pattern in PROJECT.get(key, ())} for key in ("only_mutate", "do_not_mutate")
    )
    left = set(tomllib.loads(text)["not_covered"])
    assert but <= left
    assert not mutated & left
    assert mutated | (left - but) == {f"reconciler/{name}" for name in ("plan", "policy", "model", "apply")}
    assert mutated <= set(PROJECT["type_check_command"])
