"""The full report, looked at in a browser, on a desktop and on a phone, light and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser.chromium import Screen, Visit, visit
from playwright.sync_api import Browser

from reconciler.model.plan import Plan
from reconciler.report.document import Report
from reconciler.report.html import html
from reconciler.report.summary import summarise

pytestmark = pytest.mark.slow

STORIES = ["acme", "refused", "twelve-wallets", "nothing", "hostile"]
PICTURED = {"acme", "refused", "hostile"}
LOOKS = [*((story, "phone") for story in STORIES), ("acme", "desktop"), ("twelve-wallets", "desktop")]

_VERDICT_ENDS = "() => document.querySelector('h1 + p').getBoundingClientRect().bottom"
_UNLABELLED = """() => [...document.querySelectorAll(".stack td:not(:first-child):not(:empty)")].filter(cell =>
  getComputedStyle(cell, "::before").content !== JSON.stringify(cell.dataset.heading))
  .map(cell => cell.textContent)"""
_COLLIDING_LABELS = """() => [...document.querySelectorAll("svg")].flatMap(picture => {
  const edge = picture.getBoundingClientRect();
  const labels = [...picture.querySelectorAll("text")].map(label => [label.textContent, label.getBoundingClientRect()]);
  const apart = (one, other) => one.right < other.left || other.right < one.left
    || one.bottom < other.top || other.bottom < one.top;
  return labels.filter(([, box], index) => box.left < edge.left - 1 || box.right > edge.right + 1
    || labels.slice(index + 1).some(([, other]) => !apart(box, other))).map(([text]) => text);
})"""
_SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll("body *")]
  .filter(element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  .map(element => {
    const picture = element.closest("svg");
    const scale = picture ? picture.getBoundingClientRect().width / picture.viewBox.baseVal.width : 1;
    return parseFloat(getComputedStyle(element).fontSize) * scale;
  }))"""
_FAINTEST_TEXT = """() => {
  const numbers = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = colour => {
    const [red, green, blue] = numbers(colour).map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return Math.min(...[...document.querySelectorAll("body *")]
    .filter(element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(element => {
      const style = getComputedStyle(element);
      const [low, high] = [light(element.closest("svg") ? style.fill : style.color), light(behind(element))]
        .sort((one, other) => one - other);
      return (high + 0.05) / (low + 0.05);
    }));
}"""


@pytest.fixture(scope="module", params=LOOKS, ids="-".join)
def look(request: pytest.FixtureRequest) -> tuple[str, Screen]:
    """Return the name of a plan and the screen to look at it."""
    chosen: tuple[str, Screen] = request.param
    return chosen


@pytest.fixture(scope="module")
def report(look: tuple[str, Screen], shown_plans: dict[str, Plan]) -> Report:
    return summarise(shown_plans[look[0]])


@pytest.fixture(scope="module")
def page(look: tuple[str, Screen], report: Report, browser: Browser) -> Iterator[Visit]:
    """Return the full report on a plan, open in the browser; pictures of some are kept."""
    seen = visit(browser, html(report), f"report-{look[0]}", screen=look[1])
    if look[0] in PICTURED:
        seen.picture()
    yield seen
    seen.close()


def test_the_verdict_is_read_without_scrolling(page: Visit) -> None:
    assert page.ask(_VERDICT_ENDS) < page.height


def test_the_page_fits_the_screen_and_only_endless_names_need_a_push(page: Visit) -> None:
    assert page.too_wide() == 0
    assert page.sideways() == (set() if page.name != "report-hostile" else {"div.wide"})


def test_every_table_is_there_with_all_its_rows(page: Visit, report: Report) -> None:
    single = (report.wallets, *(listed.table for listed in report.objects))
    last = (report.move_table, report.other_wallets)
    tables = [table for table in (*single, *report.assumptions, *report.levers, *report.months, *last) if table]
    assert page.tables() == [(len(table.columns), len(table.rows)) for table in tables]


def test_a_phone_shows_each_figure_beside_its_heading(page: Visit) -> None:
    assert page.screen == "desktop" or page.ask(_UNLABELLED) == []


def test_the_labels_of_a_chart_stand_apart_and_inside_it(page: Visit) -> None:
    assert page.ask(_COLLIDING_LABELS) == []


def test_text_is_large_enough_to_read(page: Visit) -> None:
    assert page.ask(_SMALLEST_TEXT) >= 9


def test_the_page_is_whole_by_itself(page: Visit) -> None:
    assert (page.requests, page.complaints, page.dialogs) == ([], [], [])


@pytest.mark.parametrize("coloured", ["twelve-wallets", "refused"])
def test_text_stands_out_from_what_is_behind_it_by_day_and_by_night(
    coloured: str, browser: Browser, shown_plans: dict[str, Plan]
) -> None:
    seen = visit(browser, html(summarise(shown_plans[coloured])), f"report-{coloured}-dark", screen="desktop")
    assert seen.ask(_FAINTEST_TEXT) >= 4.5
    seen.page.emulate_media(color_scheme="dark")
    seen.picture()
    assert seen.ask(_FAINTEST_TEXT) >= 4.5
    seen.close()
