"""The comment, looked at as GitHub shows it, on a desktop and on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser.chromium import Screen, Visit, visit
from browser.github_page import TAGS, github_page, rendered, sanitised, unguarded_page
from playwright.sync_api import Browser
from report import report_plans
from report.report_plans import Wallet
from thorough import THOROUGH, crossed

from reconciler.model.plan import GuardResult, Plan
from reconciler.report.document import Report, Table
from reconciler.report.markdown import markdown
from reconciler.report.summary import summarise

pytestmark = pytest.mark.slow

STORIES = [
    "acme",
    "one-wallet",
    "refused",
    "first-plan",
    "twelve-wallets",
    "nothing",
    "governance",
    "later-months",
    "thirty-teams",
]
PICTURED = {"acme", "refused", "hostile"}
LOOKS = [*(crossed(STORIES, ["phone", "desktop", "phone"])), ("acme", "desktop")]
SOURCE = re.compile(r"\*\*|\|\s*:?-{2,}|```|</?[a-z]+[ />]|&#?\w+;|<!--|%%\{|(?m:^\s*(?:#{1,6}|[-*]|\d+\.) )")
LINKED = re.compile(r"(?<![\w`])@[A-Za-z0-9]|(?<!\w)#\d|\bGH-\d|://|www\.|mailto:\w|\b[0-9a-f]{7,40}\b")

_TEXT = """() => {
  const shown = document.querySelector(".comment").cloneNode(true);
  shown.querySelectorAll("pre, code, .diagram").forEach(element => element.remove());
  return shown.textContent;
}"""
_ELEMENTS = "() => [...document.querySelectorAll('.comment *')].map(element => element.localName)"
_HANDLERS = """() => [...document.querySelectorAll(".comment *")].flatMap(element => element.getAttributeNames())
  .filter(name => name.startsWith("on") || name === "style")"""
_VERDICT_ENDS = "() => document.querySelector('.comment h3 + *').getBoundingClientRect().bottom"
_TALL = "() => document.querySelector('.comment').getBoundingClientRect().height"
_MOVED = """() => [...document.querySelectorAll('.comment table')]
  .filter(table => table.checkVisibility() && table.scrollWidth > table.clientWidth).length"""
_FORM = """() => [...document.querySelectorAll('.comment > *')].slice(0, 4).map(part => part.localName)"""
_INK = """() => {
  const of = part => getComputedStyle(part).getPropertyValue('color');
  return [of(document.querySelector('.comment td')), getComputedStyle(document.body).backgroundColor];
}"""
_FOLDED = "() => [...document.querySelectorAll('details')].map(fold => !fold.children[1].checkVisibility())"
_LINES = """() => [...document.querySelectorAll(".diagram svg")]
  .map(picture => picture.querySelectorAll('[class^="line-plot"] path').length)"""
_LOST_LABELS = """() => [...document.querySelectorAll(".diagram svg")].flatMap(picture => {
  const edge = picture.getBoundingClientRect();
  return [...picture.querySelectorAll("text")].filter(label => {
    const box = label.getBoundingClientRect();
    return box.left < edge.left - 1 || box.right > edge.right + 1 || box.bottom > edge.bottom + 1;
  }).map(label => label.textContent);
})"""


@pytest.fixture(scope="module", params=dict.fromkeys(LOOKS), ids="-".join)
def look(request: pytest.FixtureRequest) -> tuple[str, Screen]:
    """Return the name of a plan and the screen to look at it."""
    chosen: tuple[str, Screen] = request.param
    return chosen


@pytest.fixture(scope="module")
def report(look: tuple[str, Screen], shown_plans: dict[str, Plan]) -> Report:
    return summarise(shown_plans[look[0]])


@pytest.fixture(scope="module")
def comment(look: tuple[str, Screen], report: Report, browser: Browser) -> Iterator[Visit]:
    """Return the comment on a plan, open in the browser."""
    seen = visit(browser, github_page(markdown(report)), f"comment-{look[0]}", screen=look[1])
    if look[0] in PICTURED:
        seen.keep()
    yield seen
    seen.close()


@pytest.fixture(scope="module", params=["desktop", "phone"])
def hostile(browser: Browser, shown_plans: dict[str, Plan], request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Return the comment in which every name is an attack, without the sanitiser that GitHub has."""
    page = unguarded_page(markdown(summarise(shown_plans["hostile"])))
    seen = visit(browser, page, "comment-hostile", screen=request.param)
    if request.param == "desktop":
        seen.keep()
    yield seen
    seen.close()


def tables(report: Report) -> list[Table]:
    """Return the tables of a comment in reading order: first what is read at once, which has its bounds."""
    first = (report.decision, cut(report.brief, 8), cut(report.failing, 3))
    single = (report.wallets, *(listed.table for listed in report.objects))
    last = (report.move_table, report.other_wallets)
    return [table for table in (*first, *single, *report.assumptions, *report.levers, *report.months, *last) if table]


def cut(table: Table, rows: int) -> Table:
    return Table(table.columns, table.rows[:rows])


def long_names() -> Plan:
    """Return a plan of teams and environments whose names are long and nothing breaks."""
    wallets = [Wallet(team=f"customerexperience{number}" * 3, environment="stagingeurope" * 2) for number in range(3)]
    forecasts = tuple(wallet.forecast() for wallet in wallets)
    return report_plans.plan(*(wallet.change() for wallet in wallets), impact=forecasts)


def many(teams: int) -> Plan:
    """Return the plan in which a wallet of each of so many teams gets more."""
    wallets = [Wallet(team=f"team_{number:03d}", lasts=(0.1, 0.6 + number % 4 / 10)) for number in range(teams)]
    forecasts = tuple(wallet.forecast() for wallet in wallets)
    return report_plans.plan(*(wallet.change() for wallet in wallets), impact=forecasts)


@pytest.mark.parametrize(
    ("name", "screen"),
    [("acme", "phone"), *crossed(["acme", "thirty wallets", "five hundred teams"], ["page", "phone"])][THOROUGH:],
)
def test_a_comment_is_read_in_a_minute_on_a_page_and_on_a_phone_by_day_and_by_night(
    name: str, screen: Screen, browser: Browser, shown_plans: dict[str, Plan]
) -> None:
    shown = {
        "acme": lambda: shown_plans["acme"],
        "thirty wallets": lambda: many(30),
        "five hundred teams": lambda: many(500),
    }
    page = github_page(markdown(summarise(shown[name]())))
    seen = visit(browser, page, f"comment-{name.replace(' ', '-')}", screen=screen)
    for scheme in ("light", "dark"):
        seen.page.emulate_media(color_scheme=scheme)
        if name == "acme":
            seen.keep(f"{seen.name}-{scheme}-{screen}")
        assert seen.ask(_TALL) <= (1_000 if screen == "page" else 2_000)
        assert (seen.too_wide(), seen.ask(_MOVED)) == (0, 0)
        assert seen.ask(_FORM) == ["h3", "table", "p", "table"] if name == "acme" else ["h3", "table", "table", "p"]
        ink, paper = seen.ask(_INK)
        assert (ink == "rgb(31, 35, 40)", paper == "rgb(255, 255, 255)") == (scheme == "light",) * 2
    seen.close()


def test_what_a_rule_refuses_is_read_in_a_minute_with_its_fix(browser: Browser, shown_plans: dict[str, Plan]) -> None:
    refused = GuardResult(
        guard="no-big-raise",
        status="refused",
        team="support",
        message="support gets USD 2,000.00, more than a month's raise may be (raises are paid from a plan)",
        hint="change it so that `no-big-raise` of budgets/policies/ours.yaml passes, or ask @acme/finance, or add to"
        ' `waivers:` `- {rule: no-big-raise, team: support, until: 2026-07-02, reason: "...", approved_by: "..."}`',
        position="budgets/teams/support.yaml:16:9",
    )
    plan = shown_plans["acme"].model_copy(update={"guards": (refused,)})
    seen = visit(browser, github_page(markdown(summarise(plan))), "comment-refused-by-a-rule", screen="page")
    assert seen.ask(_TALL) <= 1_000
    assert seen.page.get_by_text("Fix: change it so that").is_visible()
    assert not seen.page.get_by_text("Assumed, and not seen").first.is_visible()
    seen.unfold()
    assert seen.page.get_by_text("Assumed, and not seen").first.is_visible()
    seen.close()


@pytest.mark.parametrize(("name", "screen"), crossed(["hostile", "long names"], ["page", "phone"]))
def test_long_names_move_nothing_sideways(
    name: str, screen: Screen, browser: Browser, shown_plans: dict[str, Plan]
) -> None:
    plan = shown_plans["hostile"] if name == "hostile" else long_names()
    seen = visit(browser, github_page(markdown(summarise(plan))), f"comment-{name[:4]}-names", screen=screen)
    assert (seen.too_wide(), seen.ask(_MOVED)) == (0, 0)
    seen.close()


def test_the_verdict_is_read_without_scrolling(comment: Visit) -> None:
    assert comment.ask(_VERDICT_ENDS) < comment.height


def test_every_table_is_a_table_with_all_its_rows(comment: Visit, report: Report) -> None:
    assert comment.tables() == [(len(table.columns), len(table.rows)) for table in tables(report)]


def test_no_reader_sees_markdown_or_html(comment: Visit) -> None:
    assert SOURCE.findall(comment.ask(_TEXT)) == []


def test_details_are_folded_until_they_are_tapped(comment: Visit) -> None:
    """Of the gate's looks, a reader taps in those at one plan: each tap waits until the page stands still."""
    assert all(comment.ask(_FOLDED))
    (comment.tap_folds if THOROUGH or comment.name == "comment-acme" else comment.unfold)()
    assert not any(comment.ask(_FOLDED))
    comment.fold()


def test_only_tables_move_sideways_folded_or_not(comment: Visit) -> None:
    assert comment.too_wide() == 0
    comment.unfold()
    assert comment.too_wide() == 0
    assert comment.sideways() <= ({"table", "pre"} if comment.screen == "phone" else {"pre"})
    comment.fold()


def test_the_comment_asks_nothing_of_the_network_and_troubles_no_console(comment: Visit) -> None:
    assert (comment.requests, comment.complaints, comment.dialogs) == ([], [], [])


@pytest.mark.usefixtures("mermaid")
@pytest.mark.parametrize(
    ("charted", "screen"), [("acme", "desktop"), ("hostile", "phone"), *([("acme", "phone")] * THOROUGH)]
)
def test_github_draws_every_chart_with_all_its_lines_and_labels(
    charted: str, screen: Screen, browser: Browser, shown_plans: dict[str, Plan]
) -> None:
    report = summarise(shown_plans[charted])
    seen = visit(browser, github_page(markdown(report)), f"comment-{charted}-drawn", screen=screen)
    seen.draw_diagrams()
    seen.unfold()
    if charted == "acme":
        seen.keep()
    assert seen.ask(_LINES) == [len(chart.lines) for chart in report.charts]
    assert seen.ask(_LOST_LABELS) == []
    assert seen.too_wide() == 0
    assert (seen.requests, seen.complaints, seen.dialogs) == ([], [], [])
    seen.close()


def test_hostile_names_make_no_element_that_a_comment_has_not(hostile: Visit) -> None:
    assert set(hostile.ask(_ELEMENTS)) <= TAGS - {"a", "img", "input"}
    assert hostile.ask(_HANDLERS) == []


def test_hostile_names_link_to_nobody_and_nothing(hostile: Visit) -> None:
    assert LINKED.findall(hostile.ask(_TEXT)) == []


def test_hostile_names_run_no_script_and_reach_no_network(hostile: Visit) -> None:
    assert (hostile.requests, hostile.complaints, hostile.dialogs) == ([], [], [])


def test_hostile_names_leave_the_layout_whole(hostile: Visit) -> None:
    assert hostile.ask(_VERDICT_ENDS) < hostile.height
    assert all(hostile.ask(_FOLDED))
    hostile.unfold()
    assert hostile.too_wide() == 0
    assert hostile.sideways() <= {"table", "pre"}
    hostile.fold()


@pytest.mark.parametrize("name", [*STORIES, "hostile"])
def test_the_sanitiser_of_github_has_nothing_to_take_out(name: str, shown_plans: dict[str, Plan]) -> None:
    before = rendered(markdown(summarise(shown_plans[name])))
    assert re.findall(r"<[^>]*>", sanitised(before)) == re.findall(r"<[^>]*>", before)


def test_the_browser_notices_what_these_tests_look_for(browser: Browser) -> None:
    page = unguarded_page(
        "<img src='https://elsewhere.example/x.png' onerror='alert(1)'>\n\n<div style='width:2000px'>wide</div>"
    )
    seen = visit(browser, page, "unwanted", screen="phone")
    seen.page.wait_for_load_state("networkidle")
    assert seen.requests == ["https://elsewhere.example/x.png"]
    assert (seen.dialogs, len(seen.complaints)) == (["1"], 1)
    assert seen.too_wide() > 1000
    seen.close()
