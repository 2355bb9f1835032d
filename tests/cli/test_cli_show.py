"""`kt-budgets show`: a saved plan as a report with reviews, and its charts as files of their own."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli.conftest import Run
from click.testing import CliRunner
from report.report_plans import Wallet, one_wallet
from review.review_question import reviewed
from review.review_worlds import world

from reconciler.app.planning.show import show
from reconciler.cli.main import cli
from reconciler.model.forecast import WorkloadShare, YearForecast, YearMonth
from reconciler.model.period import Period
from reconciler.model.plan import Plan, sealed_bytes
from reconciler.model.review import ReviewDocument
from reconciler.report.charts.catalogue import drawings
from reconciler.report.wording import exact


def money(amount: int) -> dict[str, int]:
    return {"0.1": amount - 100, "0.5": amount, "0.9": amount + 100}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shares = tuple(WorkloadShare(workload=f"w{number}", spent=number, share=0.1) for number in range(1, 15))
    forecast = Wallet().forecast().model_copy(update={"workloads": shares})
    months = [YearMonth(period=Period(2026, month), spent=None, quantiles=money(month * 9_000)) for month in (6, 7, 8)]
    year = YearForecast(
        name="FY2027",
        annual_target=700_000,
        spent=30_000,
        quantiles=money(72_000),
        within_probability=0.7,
        wallets=1,
        months=tuple(months),
    )
    plan = Plan.model_validate_json(one_wallet(impact=(forecast,), year=year).text())
    (tmp_path / "plan.json").write_bytes(sealed_bytes(plan)[1])
    return tmp_path


@pytest.fixture(scope="module")
def review() -> ReviewDocument:
    """Return a review of the made-up plan's organization."""
    return reviewed(world(3, "cache", size=0.12, days=130), "2026-Q3").model_copy(update={"organization": "org_acme"})


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", ["year", "money", "support/prod", "support/prod/layers"])
def test_a_chart_is_a_file_that_needs_nothing_else(name: str, kt: Run) -> None:
    done = kt("show", "plan.json", "--format", "svg", "--chart", name)
    assert (done.code, done.err) == (0, "")
    picture = ElementTree.fromstring(done.out)  # noqa: S314 - our own
    kinds = {element.tag.rpartition("}")[2] for element in picture.iter()}
    assert {"title", "desc", "style", "text"} <= kinds
    assert not kinds & {"image", "script", "foreignObject", "a"}
    assert "url(" not in done.out
    classes = set(re.findall(r'class="c-([a-z]+)"', done.out))
    assert classes <= set(re.findall(r"\.c-([a-z]+)", done.out))


def test_every_chart_of_a_plan_has_a_name(here: Path) -> None:
    named = drawings(show(here / "plan.json").plan)
    assert list(named) == ["year", "money", "support/prod", "support/prod/layers"]
    assert all(draw() for draw in named.values())


@pytest.mark.usefixtures("here")
def test_workloads_without_a_bar_of_their_own_are_summed() -> None:
    drawing = drawings(show(Path("plan.json")).plan)["money"]()
    assert drawing
    assert [cell.new for cell in drawing.table.rows[-1].cells] == ["2 more workloads", "3.00"]
    assert drawing.svg.count("<rect") == 13


def test_a_chart_of_pixels_goes_to_a_file_or_a_pipe(here: Path) -> None:
    wanted = ["show", "plan.json", "--format", "png", "--chart", "year"]
    piped = CliRunner().invoke(cli, wanted)
    assert CliRunner().invoke(cli, [*wanted, "--output", "year.png"]).exit_code == piped.exit_code == 0
    assert (
        piped.stdout_bytes == (here / "year.png").read_bytes() == show(here / "plan.json", chart="year").rendered("png")
    )
    assert piped.stdout_bytes.startswith(b"\x89PNG\r\n")


@pytest.mark.usefixtures("here")
def test_pixels_without_their_library_say_what_to_install(kt: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    done = kt("show", "plan.json", "--format", "png", "--chart", "year")
    assert done.code == 2
    assert "a PNG is made by resvg, which is not installed" in done.err
    assert "pip install '.[png]'" in done.err


@pytest.mark.usefixtures("here")
def test_pixels_without_a_font_are_refused(kt: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resvg_py.svg_to_bytes", lambda **_: b"nothing but white")
    done = kt("show", "plan.json", "--format", "png", "--chart", "year")
    assert done.code == 2
    assert "no font is installed here" in done.err


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--format", "svg"),
            "none is named\n  hint: name it with `--chart`; there are `year`, `money`",
        ),
        (("--format", "svg", "--chart", "suport/prod"), "no chart `suport/prod`\n  hint: did you mean `support/prod`?"),
        (("--format", "svg", "--chart", "?"), "no chart `?`\n  hint: there are `year`"),
        (("--chart", "year"), "`--chart` is not for `--format text`\n  hint: use `--format svg`"),
        (("--review", "plan.json"), "plan.json is no review of this version: format: "),
        (("--review", "none.json", "--format", "html"), "none.json cannot be read: No such file"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_what_can(arguments: tuple[str, ...], said: str, kt: Run) -> None:
    done = kt("show", "plan.json", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_nothing_is_drawn_of_what_is_not_known(tmp_path: Path, kt: Run) -> None:
    bare = Wallet().forecast().model_copy(update={"daily": (), "levers": ()})
    (tmp_path / "plan.json").write_bytes(sealed_bytes(one_wallet(impact=(bare,), year=None))[1])
    for name in ("year", "money", "support/prod", "support/prod/layers"):
        done = kt("show", tmp_path / "plan.json", "--format", "svg", "--chart", name)
        assert (done.code, f"nothing is known to draw for `{name}`" in done.err) == (2, True)


def test_a_review_is_a_page_whose_steps_add_up_to_what_came(here: Path, review: ReviewDocument, kt: Run) -> None:
    (here / "review.json").write_text(review.text(), encoding="utf-8")
    done = kt("show", "plan.json", "--format", "html", "--review", "review.json")
    assert done.code == 0
    page = re.search(r'<section id="review".*?</section>', done.out, re.DOTALL)
    assert page
    for team in review.teams:
        assert team.plan + sum(effect.amount for effect in team.effects) == team.actual
        for amount in (team.plan, team.actual, team.difference, *(effect.amount for effect in team.effects)):
            assert exact(amount) in page[0]
        assert team.sentence.partition(":")[0] in page[0]
    assert '<a href="#review">Review</a>' in done.out
    assert 'id="review"' not in kt("show", "plan.json", "--format", "html").out


def test_a_review_of_another_organization_is_refused(here: Path, review: ReviewDocument, kt: Run) -> None:
    other = review.model_copy(update={"organization": "org_other"})
    (here / "review.json").write_text(other.text(), encoding="utf-8")
    done = kt("show", "plan.json", "--format", "html", "--review", "review.json")
    assert "review.json is a review of org_other in USD, and the plan is of org_acme in USD" in done.err
    assert "`--review` is not for `--format markdown`" in show_markdown(here, review, kt)


def show_markdown(here: Path, review: ReviewDocument, kt: Run) -> str:
    (here / "review.json").write_text(review.text(), encoding="utf-8")
    return kt("show", "plan.json", "--format", "markdown", "--review", "review.json").err
