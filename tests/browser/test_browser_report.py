"""The full report, looked at in a browser, on a desktop and on a phone, light and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser.chromium import ARTEFACTS, PICTURES, SCREENS, Screen, Visit, visit
from playwright.sync_api import Browser
from report.report_plans import Wallet, plan
from review.review_question import reviewed
from review.review_worlds import world
from thorough import THOROUGH

from reconciler.model.plan import Plan
from reconciler.report.site.html import html
from reconciler.report.summary import summarise

pytestmark = pytest.mark.slow

AXE = """async ({of, ...options}) =>
  (await axe.run(of ?? document, {resultTypes: ["violations"], ...options})).violations
  .map(found => [found.id, found.nodes.length, found.nodes[0].html])"""
OF_COLOURS = ["color-contrast", "link-in-text-block"]
SHOWN = """() => [...document.querySelectorAll("main > section")].filter(page => page.checkVisibility())
  .map(page => page.id)"""
LINKED = """() => [...document.querySelectorAll("nav a")].map(link => link.hash.slice(1))"""
STORIES = ["acme", "refused", "twelve-wallets", "nothing", "hostile"]
LOOKS: list[tuple[str, Screen]] = [
    *((story, "phone") for story in STORIES if THOROUGH),
    *(("acme", screen) for screen in SCREENS if screen in ("phone", "wide") or THOROUGH),
    *(("refused", "page"), ("twelve-wallets", "desktop"), ("nothing", "page"), ("hostile", "phone")),
]

_FRESH = """judged => {
  const behind = element => {
    const colour = getComputedStyle(element).backgroundColor;
    return colour !== "rgba(0, 0, 0, 0)" || !element.parentElement ? colour : behind(element.parentElement);
  };
  const known = new Set(judged);
  document.querySelectorAll("[data-fresh]").forEach(element => delete element.dataset.fresh);
  [...document.querySelectorAll("body *")]
    .filter(element => element.checkVisibility()
      && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .forEach(element => {
      const of = getComputedStyle(element);
      const look = [element.localName, of.color, of.fill, behind(element), of.fontSize, of.fontWeight,
        of.textDecorationLine].join();
      if (!known.has(look)) {
        known.add(look);
        element.dataset.fresh = "";
      }
    });
  return [...known];
}"""
_VERDICT_ENDS = "() => document.querySelector('h1 + p').getBoundingClientRect().bottom"
_BEYOND_THE_PAPER = """() => [...document.querySelectorAll("main *")]
  .filter(element => element.getBoundingClientRect().right > innerWidth).map(element => element.outerHTML)"""
_PUSHED = """() => [...document.querySelectorAll(".wide")]
  .map(box => [box.scrollWidth > box.clientWidth, box.tabIndex === 0, box.closest("details") !== null])"""
_KEYS_OF_OTHER_COLOURS = """() => [...document.querySelectorAll("figure")].flatMap(figure =>
  [...figure.querySelectorAll(".legend i")].filter(key => {
    const mark = getComputedStyle(figure.querySelector(`.${key.className.replace("k-", "c-")}`));
    return getComputedStyle(key).borderTopColor !== (mark.stroke === "none" ? mark.fill : mark.stroke);
  }).map(key => key.outerHTML))"""
_UNLABELLED = """() => [...document.querySelectorAll(".stack td:not(:first-child):not(:empty)")].filter(cell =>
  getComputedStyle(cell, "::before").content !== JSON.stringify(cell.dataset.heading))
  .map(cell => cell.textContent)"""
_COLLIDING_LABELS = """() => [...document.querySelectorAll("figure svg[role]")].flatMap(picture => {
  const edge = picture.getBoundingClientRect();
  const labels = [...picture.querySelectorAll("text")].map(label => [label.textContent, label.getBoundingClientRect()]);
  const apart = (one, other) => one.right < other.left || other.right < one.left
    || one.bottom < other.top || other.bottom < one.top;
  return labels.filter(([, box], index) => box.left < edge.left - 1 || box.right > edge.right + 1
    || labels.slice(index + 1).some(([, other]) => !apart(box, other))).map(([text]) => text);
})"""
_SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll("body *")]
  .filter(element => element.checkVisibility()
    && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  .map(element => {
    const picture = element.closest("svg");
    const scale = picture ? picture.getBoundingClientRect().width / picture.viewBox.baseVal.width : 1;
    return parseFloat(getComputedStyle(element).fontSize) * scale;
  }))"""


@pytest.fixture(scope="module", params=dict.fromkeys(LOOKS), ids="-".join)
def look(request: pytest.FixtureRequest) -> tuple[str, Screen]:
    """Return the name of a plan and the screen to look at it."""
    chosen: tuple[str, Screen] = request.param
    return chosen


@pytest.fixture(scope="module")
def page(look: tuple[str, Screen], shown_plans: dict[str, Plan], browser: Browser) -> Iterator[Visit]:
    """Return the report on a plan, open in the browser."""
    seen = opened(browser, shown_plans[look[0]], look[0], look[1])
    yield seen
    seen.close()


def opened(browser: Browser, plan: Plan, name: str, screen: Screen) -> Visit:
    """Open the report of a plan; that of `acme` has a review."""
    reviews = [reviewed(world(3, "cache", size=0.12, days=130), "2026-Q3")] if name == "acme" else []
    return visit(browser, html(plan, summarise(plan), reviews), f"report-{name}", screen=screen)


def test_the_verdict_is_read_without_scrolling(page: Visit) -> None:
    assert page.ask(_VERDICT_ENDS) < page.height


def test_one_page_is_shown_at_a_time_and_each_is_in_the_contents(page: Visit) -> None:
    linked = page.ask(LINKED)
    assert {"organization", "changes", "data", "all"} <= set(linked)
    for key in linked[:-1]:
        page.turn_to(key)
        assert page.ask(SHOWN) == [key]
    page.turn_to("all")
    assert page.ask(SHOWN) == linked[:-1]


def test_all_pages_fit_the_screen_and_only_endless_names_need_a_push(page: Visit) -> None:
    page.turn_to("all")
    page.unfold()
    assert page.too_wide() == 0
    assert page.sideways() <= (set() if page.name != "report-hostile" else {"div.wide", "div"})
    page.fold()


def test_a_phone_shows_each_figure_beside_its_heading(page: Visit) -> None:
    page.turn_to("all")
    assert page.screen != "phone" or page.ask(_UNLABELLED) == []


def test_the_labels_of_a_chart_stand_apart_and_inside_it(page: Visit) -> None:
    page.turn_to("all")
    assert page.ask(_COLLIDING_LABELS) == []


def test_what_a_line_is_stands_beside_its_own_colour(page: Visit) -> None:
    page.turn_to("all")
    for scheme in ("light", "dark"):
        page.page.emulate_media(color_scheme=scheme)
        assert page.ask(_KEYS_OF_OTHER_COLOURS) == []


def test_text_is_large_enough_to_read(page: Visit) -> None:
    page.turn_to("all")
    assert page.ask(_SMALLEST_TEXT) >= 9


def test_the_page_is_whole_by_itself(page: Visit) -> None:
    page.turn_to("all")
    assert (page.requests, page.complaints, page.dialogs) == ([], [], [])


def test_axe_finds_nothing_on_any_page_by_day_and_by_night(
    browser: Browser, shown_plans: dict[str, Plan], axe: str
) -> None:
    """Each page is judged by day; colours on the page that shows all, and where none that look so were judged before.

    The gate looks at one page of a kind: those of teams say the same of other figures.
    """
    judged: list[str] = []
    for story in ("acme", "refused", "hostile"):
        seen = opened(browser, shown_plans[story], story, "page")
        seen.ask(axe)
        linked = {key if THOROUGH else key.partition("-")[0]: key for key in seen.ask(LINKED)}
        for key in linked.values() if story == "acme" else ["all"]:
            seen.turn_to(key)
            seen.unfold()
            assert [key, *seen.ask(AXE, {"rules": {rule: {"enabled": False} for rule in OF_COLOURS}})] == [key]
            seen.fold()
        seen.unfold()
        for scheme in ("light", "dark"):
            seen.page.emulate_media(color_scheme=scheme)
            known, judged = judged, seen.ask(_FRESH, judged)
            fresh = {} if THOROUGH else {"of": {"include": [["[data-fresh]"]]}}
            assert known == judged or seen.ask(AXE, {"runOnly": OF_COLOURS, **fresh}) == []
        seen.close()


def test_a_browser_without_scripts_shows_all_pages(browser: Browser, shown_plans: dict[str, Plan]) -> None:
    seen = opened(browser, shown_plans["acme"], "acme", "page")
    context = browser.new_context(java_script_enabled=False, offline=True)
    bare = context.new_page()
    bare.goto(seen.page.url)
    for key in seen.ask(LINKED)[:-1]:
        assert bare.locator(f"#{key} h1").is_visible()
    assert bare.locator("#team-support figure svg[role]").count() == 4
    assert not bare.locator(".tools").first.is_visible()
    context.close()
    seen.close()


def test_wallets_are_found_sorted_and_filtered_with_the_keyboard_alone(
    browser: Browser, shown_plans: dict[str, Plan]
) -> None:
    seen = opened(browser, shown_plans["acme"], "acme", "page")
    names = seen.page.locator("#wallets tbody tr:visible td:first-child")
    seen.page.get_by_label("Find a wallet").press_sequentially("SUPPORT")
    assert names.all_inner_texts() == ["support / prod", "support / dev"]
    seen.page.get_by_label("Find a wallet").fill("")
    seen.page.get_by_label("Show").select_option("out")
    assert set(names.all_inner_texts()) == {"finance / prod", "engineering / dev", "legal_ops / prod"}
    seen.page.get_by_label("Show").select_option("")
    seen.page.get_by_role("button", name="Runs out").press("Enter")
    seen.page.get_by_role("button", name="Runs out").press("Enter")
    assert names.all_inner_texts()[:2] == ["legal_ops / prod", "finance / prod"]
    seen.page.get_by_role("button", name="Spent by 17 Jun").press("Enter")
    seen.page.get_by_role("button", name="Spent by 17 Jun").press("Enter")
    assert names.all_inner_texts()[:2] == ["engineering / prod", "support / prod"]
    assert seen.page.locator("#wallets th[aria-sort=descending]").inner_text() == "Spent by 17 Jun"
    seen.page.get_by_text("Teams", exact=True).press("Enter")
    seen.page.keyboard.type("fin")
    seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("Enter")
    seen.page.locator("#team-finance h1").wait_for()
    assert seen.ask("() => document.activeElement.textContent") == "finance"
    assert seen.ask(SHOWN) == ["team-finance"]
    assert seen.page.title() == "finance, Budget plan for June 2026"
    seen.close()


def test_the_keyboard_reaches_what_is_pushed_sideways_and_nothing_else_also_where_it_was_folded(
    browser: Browser, shown_plans: dict[str, Plan]
) -> None:
    seen = opened(browser, shown_plans["refused"], "refused", "page")
    seen.page.set_viewport_size({"width": 200, "height": 800})
    seen.turn_to("all")
    seen.unfold()
    boxes = {(wider, reached, folded) for wider, reached, folded in seen.ask(_PUSHED)}
    assert boxes == {(wider, wider, folded) for wider in (True, False) for folded in (True, False)}
    seen.close()


def test_of_very_many_wallets_some_are_drawn_and_each_is_found(browser: Browser) -> None:
    wallets = [Wallet(team=f"team-{number:03}", environment=of) for number in range(60) for of in ("prod", "dev")]
    large = plan(*(one.change() for one in wallets), impact=tuple(one.forecast() for one in wallets))
    seen = opened(browser, large, "many", "page")
    rows, pictures = seen.page.locator("#wallets tbody tr"), seen.page.locator(".many li")
    shown = seen.page.locator("[data-of=wallets] output")
    assert (rows.count(), pictures.count(), shown.inner_text()) == (100, 24, "100 of 120 shown")
    assert seen.ask("() => document.querySelectorAll('*').length") < 3200
    seen.page.get_by_label("Find a wallet").fill("team-059")
    assert (rows.count(), shown.inner_text()) == (120, "2 of 120 shown")
    seen.page.get_by_text("96 wallets more").click()
    assert pictures.count() == 120
    seen.close()
    again = opened(browser, large, "many", "phone")
    again.page.get_by_role("button", name="Show all 120 wallets").click()
    assert again.page.locator("#wallets tbody tr").count() == 120
    assert again.ask(_UNLABELLED) == []
    again.turn_to("all")
    assert again.page.locator("main > section figure").count() == 240
    again.close()


def test_all_pages_are_printed_without_their_menu_and_within_the_paper(
    browser: Browser, shown_plans: dict[str, Plan]
) -> None:
    seen = opened(browser, shown_plans["acme"], "acme", "page")
    seen.page.emulate_media(color_scheme="dark")
    seen.turn_to("all")
    printed = seen.page.pdf(path=ARTEFACTS / "report-acme.pdf", prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    seen.page.emulate_media(media="print")
    assert not seen.page.locator("nav").is_visible()
    seen.page.set_viewport_size({"width": 700, "height": 900})
    assert seen.ask(_BEYOND_THE_PAPER) == []
    assert seen.ask("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    seen.close()


@pytest.mark.parametrize("screen", ["phone", "page", "wide"] if THOROUGH or PICTURES else ["phone"])
def test_each_page_is_shown_by_day_and_by_night(screen: Screen, browser: Browser, shown_plans: dict[str, Plan]) -> None:
    seen = opened(browser, shown_plans["acme"], "acme", screen)
    for scheme in ("light", "dark"):
        seen.page.emulate_media(color_scheme=scheme)
        for key in ("organization", "team-support", "changes", "review", "data"):
            seen.turn_to(key)
            assert seen.ask(SHOWN) == [key]
            seen.keep(f"report-acme-{key}-{seen.width}-{scheme}")
    seen.close()
