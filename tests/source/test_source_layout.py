"""The one layout: values and comments stay, a second time changes nothing, what cannot be laid out is left alone."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run
from cli.conftest import kt as kt
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from source.trees import GOOD, SUPPORT, write_tree

from reconciler.source.layout import LayoutError, laid_out


def meaning(text: str) -> Any:
    """Return what another reader of YAML understands."""
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


UNTIDY = """\
# of the team
version:   1
team : support   # theirs


owners: ["@a/b" , "@c" ]
wallets:
    # of customers
    prod : {team_id: team_support,monthly:  12500.00}
    # before dev
    dev:
        team_id:  "team_dev"
        monthly:
        - {amount: 1.00 , from: 2026-06}   # first
        -   amount:  2.00
            from: 2026-10
        # at the end of the list
billing_budgets:
- name: a
  alert_percentages: [
      80 , # early
      100
    ]
"""
TIDY = """\
# of the team
version: 1
team: support   # theirs

owners: ["@a/b", "@c"]
wallets:
  # of customers
  prod: {team_id: team_support, monthly: 12500.00}
  # before dev
  dev:
    team_id: "team_dev"
    monthly:
      - {amount: 1.00, from: 2026-06}   # first
      - amount: 2.00
        from: 2026-10
      # at the end of the list
billing_budgets:
  - name: a
    alert_percentages: [
        80,  # early
        100
      ]
"""


def test_a_file_is_laid_out_in_one_way() -> None:
    assert laid_out(UNTIDY) == TIDY
    assert laid_out(TIDY) == TIDY


HOSTILE = [
    "",
    "\n\n",
    "# only a comment",
    "a: 1",
    "---\na: 1\n...\n",
    "%YAML 1.2\n---\na: 1\n",
    "\ufeffa: 1\r\nb: 2\r\n",
    "a: |\n   x\n\n     y  \n   z   \nb: >-\n folded\n text\n",
    "a: |+\n  x\n\n\nb: 1\n",
    "a: |2\n    x\n",
    "a:\n  - |\n     x\n  -\n    b: 1\n  - - - deep\n",
    "a: 'one\n\n   two'   # c\nb: \"x \\\n   y\"\nc: plain\n   goes on\n",
    "a: &x {b: 1}\nc: *x\nd: 1\n",
    "a: &x b\nc: {*x : 1}\nd: [*x , *x]\n",
    "? a\n: 1\n? [b, c]\n: 2\n",
    "a: {b: 1, # one\n c: 2 # two\n}\n",
    "{a: 1,\nb: [1,\n2]}\n",
    "a: !!str 1\n<<: {b: 1}\n",
    'a: "#no"   # yes\nb: x#y\nc: #z\n  1\n',
    "a: [,]\n",
    "a: {x\n",
    "a:\tb\n",
    "a: 1\n\tb: 2\n",
    "a: 1\na: 2\n",
    "- a\n-   - b\n    - c\n- {d: e}\n",
    "a:\n- 1\n-\n  - 2\nb:\n-\n",
    "a: 1 # x\n # y\n#z\nb: 2\n      # w\n",
    "a:\n    # nothing but this\nb:\n",
    "ключ:   значение   # комментарий 🙂\n",
    "a: b\u2028c\n",
    "a: \x01\n",
    "[]",
    "text\nover\nlines\n",
    "a:\n b:\n  c: 1\n # of a\n d: 2\n",
    "--- # first\na: 1\n--- # second\nb: 2\n",
]


OF_ITS_OWN = ("a: 1\na: 2\n", "a:\tb\n")
"""What the other reader refuses: keys that come twice, and tabs between a key and its value."""


def judged(text: str) -> str | None:
    """Lay a text out and hold it to the laws; None where it is refused."""
    try:
        once = laid_out(text)
    except LayoutError:
        return None
    assert laid_out(once) == once
    assert [line for line in once.split("\n") if "\r" in line] == []
    return once


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_file_may_hold_is_lost(text: str) -> None:
    once = judged(text)

    if once is not None and text not in OF_ITS_OWN:
        assert meaning(once) == meaning(text.removeprefix("\ufeff").replace("\r\n", "\n"))


@given(st.text(alphabet=" \n\n-:{}[],#'\"|>&*?!ab1\t%", max_size=40))
def test_no_text_stops_it_in_any_other_way_than_a_finding(text: str) -> None:
    judged(text)


SCALARS = st.sampled_from(["1", "12500.00", "18%", "2026-06", '"@a/b"', "'it''s'", "true", "~", '"#"', "a b", "x#y"])


@st.composite
def written(draw: st.DrawFn, depth: int = 0, indent: int = 0) -> list[str]:
    """Return the lines of a mapping, laid out by chance: steps, blanks, comments, brackets."""
    lines = []
    for number in range(draw(st.integers(1, 3))):
        blanks = " " * draw(st.integers(1, 3))
        comment = draw(st.sampled_from(["", "", " # note", "     # far"]))
        if draw(st.booleans()) and depth == 0:
            lines.append(draw(st.sampled_from(["", "# of what follows", "  # further in", ""])))
        key = f"{' ' * indent}k{number}{draw(st.sampled_from(['', ' ']))}:"
        shape = draw(st.sampled_from(["scalar", "flow", "list", "mapping"] if depth < 2 else ["scalar", "flow"]))
        step = draw(st.integers(1, 5))
        if shape == "scalar":
            lines.append(f"{key}{blanks}{draw(SCALARS)}{comment}")
        elif shape == "flow":
            inside = f"{draw(st.sampled_from([', ', ' ,', ',  ']))}".join(
                draw(st.lists(SCALARS, min_size=1, max_size=3))
            )
            lines.append(f"{key}{blanks}[{inside} ]{comment}")
        elif shape == "list":
            at = indent + draw(st.integers(0, 4))
            lines.append(f"{key}{comment}")
            lines += [f"{' ' * at}-{blanks}{draw(SCALARS)}" for _ in range(draw(st.integers(1, 3)))]
        else:
            lines.append(f"{key}{comment}")
            lines += draw(written(depth + 1, indent + step))
    return lines


@given(written())
def test_values_and_comments_stay_however_a_file_was_laid_out(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    once = judged(text)

    assert once is not None
    assert meaning(once) == meaning(text)
    assert re.findall("# .*", once) == re.findall("# .*", text)
    assert all((len(line) - len(line.lstrip(" "))) % 2 == 0 for line in once.split("\n"))


def test_the_example_is_laid_out() -> None:
    for path in [*GOOD.rglob("*.yaml"), *Path("budgets").rglob("*.yaml")]:
        text = path.read_text(encoding="utf-8")
        assert laid_out(text) == text


def test_check_writes_nothing_and_names_each_file(tmp_path: Path, kt: Run) -> None:
    root = write_tree(tmp_path, {"teams/support.yaml": SUPPORT.replace("name: Support", "name:   Support")})
    before = (root / "teams" / "support.yaml").read_bytes()

    done = kt("fmt", "--check", "--budgets", root)

    assert (done.code, done.out) == (3, f"{root}/teams/support.yaml: not laid out\n")
    assert done.err == f"2 files, 1 not laid out\n  hint: kt-budgets fmt --budgets {root}\n"
    assert (root / "teams" / "support.yaml").read_bytes() == before


def test_files_are_laid_out_and_a_second_time_changes_nothing(tmp_path: Path, kt: Run) -> None:
    root = write_tree(tmp_path, {"teams/support.yaml": SUPPORT.replace("\n", "\r\n").replace("wallets:", "wallets :")})

    done = kt("fmt", "--budgets", root)
    again = kt("fmt", "--budgets", root)

    assert (done.code, done.out, done.err) == (0, f"{root}/teams/support.yaml\n", "2 files, 1 laid out anew\n")
    assert (again.code, again.out, again.err) == (0, "", "2 files, all laid out\n")
    missing = kt("fmt", "--check", "--budgets", "nosuch")
    assert (missing.code, missing.err) == (3, "0 files, 0 laid out anew\n")
    assert (root / "teams" / "support.yaml").read_text(encoding="utf-8") == SUPPORT


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("version: 1\nteam: 'web\n", "teams/web.yaml:3:1: error yaml-syntax"),
        (b"version: \xff1\n", "teams/web.yaml:1:10: error not-utf8"),
        ("version: 1\nteam: w\x01eb\n", "teams/web.yaml:2:8: error invisible-character"),
        ("version: 1\nwallets:\n  a: {b: 12,500}\n", "teams/web.yaml:3:13: error thousands-separator"),
        ("version: 1\nname: |2\n    x\n", "teams/web.yaml:2:1: error not-laid-out"),
    ],
)
def test_a_file_that_cannot_be_laid_out_is_left_alone_and_the_others_are_not(
    tmp_path: Path, kt: Run, content: str | bytes, told: str
) -> None:
    files = {"teams/web.yaml": content, "teams/support.yaml": SUPPORT.replace("name: S", "name:    S")}
    root = write_tree(tmp_path, files)
    before = (root / "teams" / "web.yaml").read_bytes()

    done = kt("fmt", "--budgets", root)

    assert done.code == 3
    assert told in done.out
    assert (root / "teams" / "web.yaml").read_bytes() == before
    assert (root / "teams" / "support.yaml").read_text(encoding="utf-8") == SUPPORT
