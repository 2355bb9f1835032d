"""Nothing that comes from YAML or Keeptrusts can act in a comment, a page or a terminal."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.report.escape import code_span, escaped, inline, label
from reconciler.report.markdown import markdown
from reconciler.report.mermaid import mermaid
from reconciler.report.site.html import html
from reconciler.report.spans import Span, code, marked, plain, safe_name, visible, words
from reconciler.report.summary import summarise
from reconciler.report.text import text

GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = re.compile(r"(</?(details|summary|sub|br)>)+")
LINKED = re.compile(r"(?<![\w`])@[A-Za-z0-9]|(?<!\w)#\d|\bGH-\d|://|www\.|mailto:\w|\b[0-9a-f]{7,40}\b")

anything = st.text(st.characters(codec="utf-8"), max_size=80)
nasty = st.lists(
    st.sampled_from(
        [*"@|`<>&[]()!#*_~$\\:-+=.\n\t 1a", "http://", "www.", "```", "<!--", "-->", "GH-1", "abcdef0", "\u202e"]
    ),
    max_size=14,
).map("".join)


def tokens(document: str) -> list[Token]:
    """Return every token of the rendered document, those inside others included."""
    return [inner for token in GFM.parse(document) for inner in (token, *(token.children or ()))]


def visible_text(document: str) -> str:
    """Return the text that a reader sees outside code, where GitHub looks for things to link."""
    return "\n".join(token.content for token in tokens(document) if token.type == "text")


def test_hostile_names_make_no_link_no_image_and_no_html_of_their_own(plans: Any) -> None:
    found = tokens(markdown(summarise(plans.hostile())))
    assert {token.type for token in found} & {"link_open", "image", "s_open", "hr", "blockquote_open"} == set()
    assert [t.content for t in found if t.type in ("html_inline", "html_block") and not OURS.match(t.content)] == []


def test_hostile_names_leave_nothing_that_github_would_link_or_notify(plans: Any) -> None:
    assert LINKED.findall(visible_text(markdown(summarise(plans.hostile())))) == []


def test_hostile_names_leave_every_row_with_the_cells_of_its_heading(plans: Any) -> None:
    columns, cells = 0, 0
    for token in tokens(markdown(summarise(plans.hostile()))):
        match token.type:
            case "thead_open":
                columns = 0
            case "th_open":
                columns += 1
            case "tr_open":
                cells = 0
            case "td_open":
                cells += 1
            case "tr_close":
                assert cells in (0, columns)
    assert columns > 0


def test_hostile_names_start_no_heading_and_no_code_of_their_own(plans: Any) -> None:
    found = tokens(markdown(summarise(plans.hostile())))
    assert {token.tag for token in found if token.type == "heading_open"} == {"h3", "h4"}
    assert {token.info for token in found if token.type == "fence"} == {"mermaid"}
    assert [token for token in found if token.type == "code_block"] == []


def test_every_fold_is_closed(plans: Any) -> None:
    document = markdown(summarise(plans.hostile()))
    assert document.count("<details>") == document.count("</details>") == document.count("<summary>")


@given(nasty | anything)
def test_escaped_text_renders_as_itself_and_as_nothing_else(raw: str) -> None:
    shown = visible(raw)
    (paragraph,) = GFM.parse(f"x {escaped(shown)} x")[1:2]
    inner = paragraph.children or []
    assert {token.type for token in inner} <= {"text"}
    assert "".join(token.content for token in inner).replace("\u200b", "") == f"x {shown} x".replace("\u200b", "")
    assert LINKED.findall("".join(token.content for token in inner)) == []


@given(nasty | anything)
def test_a_cell_stays_a_cell(raw: str) -> None:
    document = f"| a | b |\n|---|---|\n| {escaped(visible(raw))} | {code_span(visible(raw))} |\n| x | y |\n"
    assert sum(token.type == "td_open" for token in GFM.parse(document)) == 4


@given(nasty | anything, st.sampled_from(["plain", "strong", "emphasis", "code"]))
def test_a_sentence_is_one_paragraph_whatever_it_starts_with(raw: str, style: Any) -> None:
    shown = visible(raw)
    if shown:
        kinds = [token.type for token in GFM.parse(inline((Span(shown, style),)))]
        assert kinds == ["paragraph_open", "inline", "paragraph_close"]


@given(nasty | anything)
def test_a_list_item_holds_one_paragraph(raw: str) -> None:
    kinds = [token.type for token in GFM.parse(f"- {inline(words('x' if not visible(raw) else visible(raw)))}")]
    assert kinds.count("list_item_open") == kinds.count("paragraph_open") == 1


@given(anything)
def test_no_hidden_character_reaches_a_reader(raw: str) -> None:
    assert all(character.isprintable() for character in visible(raw))
    assert "\u202e" not in visible(raw)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\nb\tc", "a b c"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202eabc", "\\u202eabc"),
        ("\ud800", "\\ud800"),
        ("n" * 10_000, "n" * 127 + "…"),
        (" " * 5_000 + "x", "…"),
        ("", "–"),
        ("e" + "\u0301" * 50, "e\u0301\u0301\u0301"),
    ],
    ids=["newlines", "escape", "right to left", "surrogate", "endless", "blank", "empty", "marks"],
)
def test_a_name_from_outside_is_one_short_visible_line(raw: str, shown: str) -> None:
    assert safe_name(raw) == shown


@given(nasty | anything)
def test_a_chart_label_holds_nothing_that_mermaid_reads(raw: str) -> None:
    assert not set(label(raw)) & set('"`;#{}[]<>&\n\\')
    assert "%%" not in label(raw)


def test_a_hostile_wallet_leaves_the_diagram_whole(plans: Any) -> None:
    for chart in summarise(plans.hostile()).charts:
        diagram = mermaid(chart)
        assert diagram.count("```") == 2
        assert [line.count('"') for line in diagram.split("\n") if line.startswith("    line")] == [2] * len(
            chart.lines
        )


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.addresses: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {key for key, _ in attrs}
        self.addresses |= {str(value) for key, value in attrs if key in ("href", "src")}


def test_the_full_report_runs_its_own_script_alone_and_asks_nothing_of_the_network(plans: Any) -> None:
    plan = plans.hostile()
    page = html(plan, summarise(plan))
    parser = _Tags()
    parser.feed(page)
    assert set(parser.tags) & {"img", "link", "iframe", "object", "form", "base"} == set()
    assert parser.tags.count("script") == parser.tags.count("style") == 1
    assert not {key for key in parser.attributes if key.startswith("on") or key in ("src", "style")}
    assert {address[:1] for address in parser.addresses} == {"#"}
    assert "url(" not in page
    for element in ("script", "style"):
        text = re.findall(f"<{element}>(.*?)</{element}>", page, re.DOTALL)[0]
        assert f"{element}-src 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in page
    assert page.count("<noscript>") == page.count("</noscript>") == page.count("<section ") - 1


def test_a_terminal_gets_no_escape_sequence_from_outside(plans: Any) -> None:
    for width in (40, 80, 120):
        assert "\x1b" not in text(summarise(plans.hostile()), width=width, colour=False)


def test_code_in_our_own_messages_is_code() -> None:
    sentence = marked("waive `largest-change` until a date")
    assert inline(sentence) == "waive `largest-change` until a date"
    assert plain(sentence) == "waive `largest-change` until a date"


def test_a_lone_backtick_is_a_character() -> None:
    assert inline(marked("a ` b")) == "a &#96; b"


@pytest.mark.parametrize(
    "figure", ["1234567", "1234567.89", "12345678901234.56", "-9876543", "IDR 1500000000", "9,999,999", "20261127"]
)
def test_a_figure_is_copied_from_the_comment_as_it_is(figure: str) -> None:
    assert escaped(figure) == figure
    assert inline(words("raise it to ", code(f'{figure} by "@acme/finance"'))).isascii()


@pytest.mark.parametrize("commit", ["deadbee", "1234567a", "9" * 40, "12345678901234567890abcdef"])
def test_a_commit_id_is_still_broken(commit: str) -> None:
    assert "&#8203;" in escaped(commit)


def test_what_people_copy_from_a_code_span_is_what_it_says() -> None:
    waiver = '{guard: x, team: a, max: 1234567.00, approved_by: "@acme/finance"}'
    assert code_span(waiver) == f"`{waiver}`"
    assert "`" not in code_span("a|b")
    assert "<" not in code_span("</details>")
