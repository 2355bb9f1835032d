"""An import writes what is there, proves that nothing would move, and touches nothing that a person wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from in_process import InProcess
from memory_over_http import TOKEN, World, over_http
from organizations import DAY, JUNE, Made, add_team, fund, made_up
from thorough import drawn

from reconciler.app.importing.map_file import read_map
from reconciler.app.importing.reading import existing
from reconciler.app.importing.run import ImportRequest, import_through
from reconciler.app.importing.texts import write_new
from reconciler.findings import ExitCode, FindingsError, UnauthorizedError, UsageError
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.reader import Reader
from reconciler.model.period import Period
from reconciler.plan.importing.wallets import Asked
from reconciler.report.import_text import ImportPage
from reconciler.report.renderers import render
from reconciler.sandbox.globex import ORGANIZATION, TOPPED_UP, TWICE, WITHOUT_SLUG, seed_globex, team_id
from reconciler.sandbox.store import Store
from reconciler.sandbox.wire import MICRO
from reconciler.settings import Settings
from reconciler.source.load import load


@contextmanager
def organization(seed: int) -> Iterator[tuple[Made, Reader]]:
    made = made_up(seed)
    with made.store, InProcess(made.store) as served:
        connection = Connection(base_url=served.url, token=served.read_token, ledger_months_before=1)
        with Reader(connection, transport=served) as reader:
            yield made, reader
        assert made.store.received == []


def settings(folder: Path) -> Settings:
    budgets = folder / "budgets"
    return Settings(budgets, "", DAY, JUNE, journal=f"file:{folder / 'journal'}", root=folder)


def imported(reader: Reader, folder: Path, wanted: ImportRequest | None = None) -> ImportPage:
    given = settings(folder)
    return import_through(reader, given, existing(given.budgets), wanted or ImportRequest())


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in (folder / "budgets").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("seed", range(drawn(500, sample=20)))
def test_the_plan_of_what_was_imported_is_empty_and_a_second_import_leaves_every_byte(
    seed: int, tmp_path: Path
) -> None:
    with organization(seed) as (made, reader):
        first = imported(reader, tmp_path)
        assert first.proof.differences == ()
        for file in (tmp_path / "budgets").rglob("*.yaml"):
            file.write_text(
                f"# ours\n{file.read_text().replace('monthly:', 'monthly:  ')}\n# the end", encoding="utf-8"
            )
        written = contents(tmp_path)
        assert [flaw for flaw in load(tmp_path / "budgets").findings if flaw.is_error] == []
        again = imported(reader, tmp_path)
        assert again.proof.empty
        assert contents(tmp_path) == written
        assert {file.state for file in again.files} == {"unchanged"}
        assert _named(first, made) == set(made.teams)


def _named(found: ImportPage, made: Made) -> set[str]:
    """Return the teams that are written or told as left out: none is passed over in silence."""
    document = found.document()
    return {wallet.wallet.id for wallet in document.wallets} | {
        left.key for left in document.left_out if left.key in made.teams
    }


GLOBEX_MAP = "teams:\n  {}: hr/dev\n  {}: {{team: risk, environment: dev}}\n"


@contextmanager
def globex() -> Iterator[Reader]:
    with Store(as_of=DAY, organization=ORGANIZATION) as store, InProcess(store) as served:
        seed_globex(store)
        connection = Connection(base_url=served.url, token=served.read_token, ledger_months_before=1)
        with Reader(connection, transport=served) as reader:
            yield reader
        assert store.received == []


def map_file(folder: Path, text: str = "") -> ImportRequest:
    file = folder / "teams.yaml"
    file.write_text(text or GLOBEX_MAP.format(*map(team_id, WITHOUT_SLUG)))
    return ImportRequest(map_file=file)


def test_all_of_an_organization_that_ran_by_hand_is_written_or_named(tmp_path: Path) -> None:
    with globex() as reader:
        found = imported(reader, tmp_path, map_file(tmp_path)).document()
    assert found.plan.empty
    assert len({wallet.team for wallet in found.wallets}) == 12
    assert len(found.wallets) == 30
    assert len(found.objects["billing_budget"]) == 8
    assert {wallet.overrides[JUNE] - wallet.monthly for wallet in found.wallets if wallet.overrides} == {
        *map(Decimal, TOPPED_UP.values()),
        Decimal(2500),
        Decimal(-6100),
    }
    assert [bool(wallet.twice) for wallet in found.wallets if f"{wallet.team}-{wallet.environment}" == TWICE] == [True]
    (question,) = found.questions
    assert (question.team, question.environment, str(question.months[1])) == ("legal", "prod", "2026-06")
    assert question.answers[1] == f"--month {question.transaction}=2026-06"
    assert sorted(left.name for left in found.left_out) == [
        "early warning",
        "everything",
        "per quarter",
        "support-monthly",
    ]
    assert all(left.reason and left.amount for left in found.left_out)


def test_comments_order_and_edits_by_hand_stay_and_what_is_missing_is_added(tmp_path: Path) -> None:
    with globex() as reader:
        imported(reader, tmp_path, map_file(tmp_path))
        whole = contents(tmp_path)
        support = tmp_path / "budgets" / "teams" / "support.yaml"
        text = support.read_text()
        wallets, alerts = text.index("  staging:"), text.index("billing_budgets:")
        edited = f"# ours\n{text[:wallets]}owners: ['@globex/support']  # who knows\n".replace(
            "name: Support", "name: Care"
        )
        support.write_text(edited)
        (tmp_path / "budgets" / "teams" / "hr.yaml").unlink()
        org = tmp_path / "budgets" / "org.yaml"
        org.write_text(org.read_text().replace("unused: keep", "unused: keep  # for now").replace("  - staging\n", ""))
        for file in (tmp_path / "budgets" / "teams").iterdir():
            if "  staging:" in file.read_text():
                file.write_text(file.read_text().partition("  staging:")[0])
        again = imported(reader, tmp_path, map_file(tmp_path))
        assert again.proof.empty
        after = support.read_text()
        assert all(line in after.splitlines() for line in edited.splitlines())
        assert after.index("# ours") == 0
        assert text[alerts:] in after
        assert "unused: keep  # for now\n" in org.read_text()
        assert "  - staging\n" in org.read_text()
        assert contents(tmp_path)["budgets/teams/hr.yaml"] == whole["budgets/teams/hr.yaml"]
        settled = contents(tmp_path)
        imported(reader, tmp_path, map_file(tmp_path))
        assert contents(tmp_path) == settled


def test_whoever_is_there_is_asked_which_month_money_was_for(tmp_path: Path) -> None:
    asked = []

    def ask(question: str, months: Sequence[Period]) -> Period:
        asked.append(question)
        return months[1]

    with globex() as reader:
        found = imported(reader, tmp_path, ImportRequest(ask=ask)).document()
    assert len(asked) == 1
    assert asked[0].endswith("for 2026-05 or 2026-06?")
    assert found.questions == ()
    assert "given for it before it began" in (tmp_path / "budgets" / "teams" / "legal.yaml").read_text()


def test_a_wallet_is_left_out_until_its_deciding_question_is_answered(tmp_path: Path) -> None:
    with organization(3) as (made, reader):
        team = add_team(made.store, "team_new", "New", "newcomers")
        fund(made.store, team, 1000 * MICRO, DAY.replace(day=1), "June 2026")
        entry = fund(made.store, team, 400 * MICRO, DAY.replace(day=12), "July 2026")
        first = imported(reader, tmp_path).document()
        assert "team_new" in {left.key for left in first.left_out}
        assert not (tmp_path / "budgets" / "teams" / "newcomers.yaml").exists()
        answered = imported(reader, tmp_path, ImportRequest(months={entry: JUNE.plus(1)}))
        assert answered.proof.empty
        assert (
            "2026-07: {amount: 1000.00, demand: usual}"
            in (tmp_path / "budgets" / "teams" / "newcomers.yaml").read_text()
        )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("team_9: support/prod", "the map names team_9, which Keeptrusts does not list"),
        ("months: {txn_9: 2026-06}", "no ledger of the past twelve months has an entry txn_9"),
    ],
)
def test_a_map_of_what_is_not_there_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    with globex() as reader, pytest.raises(UsageError, match=sentence):
        imported(reader, tmp_path, map_file(tmp_path, text))
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: support/prod\nb: support/prod\n", "2:4: support/prod is `a` already"),
        ("teams:\n  a: 'x y/z'\n", "2:6: `x y/z` is no team and environment"),
        ("teams: {a: {environment: dev}}\n", "1:12: .* is no team and environment"),
        ("months: {t: June}\n", "1:13: `June` is not a month"),
        ("- a\n", "1:1: this is no map of teams"),
        ("a: [\n", "this is not YAML"),
    ],
)
def test_a_map_that_cannot_be_understood_is_told_with_its_place(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(FindingsError) as raised:
        read_map(map_file(tmp_path, text).map_file)
    (finding,) = raised.value.findings
    assert re.search(f"teams.yaml:.*{sentence}", f"{finding.position}: {finding.message}")


def test_a_team_that_is_to_be_gone_gets_nothing_and_loses_nothing_new(tmp_path: Path) -> None:
    with globex() as reader:
        imported(reader, tmp_path, map_file(tmp_path))
        file = tmp_path / "budgets" / "teams" / "hr.yaml"
        text = file.read_text().partition("  dev:")[0].replace("version: 1", "version: 1\nstate: absent")
        file.write_text(text)
        again = imported(reader, tmp_path, map_file(tmp_path))
        assert file.read_text() == text
        assert any("wants the team hr to be gone" in left.reason for left in again.draft.left_out)
        assert [line for line in again.proof.differences if "taken back from hr/prod" in line]


def test_a_file_that_changes_while_keeptrusts_is_read_is_left_alone(tmp_path: Path) -> None:
    budgets = tmp_path / "budgets"
    budgets.mkdir()
    (budgets / "org.yaml").write_text("somebody's\n")
    with pytest.raises(UsageError, match="was changed while Keeptrusts was read"):
        write_new(budgets, {}, {"org.yaml": b"ours\n"})
    assert (budgets / "org.yaml").read_text() == "somebody's\n"


def test_a_folder_around_the_budgets_is_not_taken_for_them(tmp_path: Path) -> None:
    with globex() as reader:
        imported(reader, tmp_path)
        with pytest.raises(UsageError, match=r"holds no org\.yaml, and .*budgets does"):
            existing(tmp_path)


def test_teams_without_an_org_yaml_keep_their_files(tmp_path: Path) -> None:
    with globex() as reader:
        imported(reader, tmp_path, map_file(tmp_path))
        before = contents(tmp_path)
        (tmp_path / "budgets" / "org.yaml").unlink()
        assert imported(reader, tmp_path, map_file(tmp_path)).proof.empty
        assert {path for path, data in contents(tmp_path).items() if before[path] != data} <= {"budgets/org.yaml"}


def test_an_alert_of_the_organization_is_owned_by_a_team_as_the_hint_says(tmp_path: Path) -> None:
    with globex() as reader:
        (left,) = (one for one in imported(reader, tmp_path).draft.left_out if one.name == "everything")
        scope = left.hint.partition("`scope: ")[2].rstrip("`")
        file = tmp_path / "budgets" / "teams" / "support.yaml"
        alert = f"  - {{name: everything, amount: 110000.00, scope: {scope}}}\n"
        file.write_text(file.read_text() + alert)
        again = imported(reader, tmp_path)
        assert again.proof.differences == ()
        assert "everything" not in {one.name for one in again.draft.left_out}


def test_what_people_say_of_wallets_that_are_written_already_is_told_to_change_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with globex() as reader:
        (question,) = imported(reader, tmp_path, map_file(tmp_path)).document().questions
        before = contents(tmp_path)
        wanted = map_file(tmp_path, f"{team_id('hr-prod')}: payroll/prod\n{team_id('legal-dev')}: skip\n")
        imported(reader, tmp_path, replace(wanted, months={question.transaction: JUNE}))
        assert contents(tmp_path) == before
    said = caplog.text
    assert f"the map says payroll/prod of {team_id('hr-prod')}, and the YAML hr/prod: the YAML stays" in said
    assert f"the map says skip of {team_id('legal-dev')}, and the YAML legal/dev" in said
    assert f"{question.transaction}: the wallet is in the YAML already" in said


@pytest.mark.parametrize(("by", "july"), [("words", "0.00"), ("dates", None)])
def test_an_organization_that_funds_a_month_before_it_begins_answers_once(
    by: Any, july: str | None, tmp_path: Path
) -> None:
    with organization(3) as (made, reader):
        for number in range(4):
            team = add_team(made.store, f"team_new{number}", "", f"new{'x' * number}")
            for age in range(-5, 2):
                month = JUNE.plus(age)
                day = month.first - timedelta(days=2) if age < 1 else DAY
                fund(made.store, team, 1000 * MICRO, day, f"{month.name} budget")
        left = imported(reader, tmp_path).document()
        assert len([one for one in left.left_out if one.key.startswith("team_new")]) == 4
        found = imported(reader, tmp_path, ImportRequest(months_by=by))
        assert found.proof.empty
        written = {one.wallet: one for one in found.document().wallets if one.wallet.startswith("team_new")}
        assert len(written) == 4
        wanted = None if july is None else Decimal(july)
        assert {one.overrides.get(JUNE.plus(1)) for one in written.values()} == {wanted}
        assert "--month words" in render(
            "import", "text", replace(found, draft=replace(found.draft, asked=_asked(reader)))
        )


def _asked(reader: Reader) -> tuple[Asked, ...]:
    with TemporaryDirectory() as folder:
        return imported(reader, Path(folder)).draft.asked


def test_a_file_in_the_place_of_the_folder_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "budgets").write_text("a file")
    with pytest.raises(FindingsError) as raised:
        existing(tmp_path / "budgets")
    assert [finding.code for finding in raised.value.findings] == ["missing-folder"]


def test_what_a_file_has_no_room_for_is_told_with_its_place_and_what_to_add(tmp_path: Path) -> None:
    with globex() as reader:
        imported(reader, tmp_path)
        budgets = tmp_path / "budgets"
        support = budgets / "teams" / "support.yaml"
        org = budgets / "org.yaml"
        text = support.read_text()
        wallet = f"{{team_id: {team_id('support-prod')}, monthly: 10000.00}}"
        support.write_text(f"# ours\n{{version: 1, team: support, wallets: {{prod: {wallet}}}}}\n")
        org.write_text(org.read_text().partition("export_schedules:")[0])
        before = contents(tmp_path)
        with pytest.raises(FindingsError) as raised:
            imported(reader, tmp_path)
        assert contents(tmp_path) == before
        assert {finding.position.line for finding in raised.value.findings} == {2}
        hints = [finding.hint for finding in raised.value.findings]
        assert any(
            "add what is in `{dev: {team_id: " in hint and hint.endswith("by hand, then import again") for hint in hints
        )
        support.write_text(text.partition("billing_budgets:")[0])
        again = imported(reader, tmp_path)
        assert again.proof.empty
        assert contents(tmp_path)["budgets/teams/support.yaml"].decode() == text
        assert "export_schedules:\n  - name: weekly-events\n" in org.read_text()


@pytest.mark.parametrize(
    ("file", "old", "new", "difference"),
    [
        (
            "teams/search.yaml",
            "amount: 12500.00",
            "amount: 13000.00",
            "the billing budget team/.*/search-monthly would be updated",
        ),
        ("teams/search.yaml", "monthly: 2000.00", "monthly: 1999.00", "USD 1.00 would be taken back from search/dev"),
        ("org.yaml", "currency: USD", "currency: EUR", "the YAML is in EUR, and the organization's money is in USD"),
    ],
)
def test_what_yaml_says_otherwise_is_told_whatever_it_is(
    file: str, old: str, new: str, difference: str, tmp_path: Path
) -> None:
    with globex() as reader:
        imported(reader, tmp_path)
        edited = tmp_path / "budgets" / file
        edited.write_text(edited.read_text().replace(old, new))
        found = imported(reader, tmp_path)
        assert found.exit_code == ExitCode.PENDING
        assert [line for line in found.proof.differences if re.search(difference, line)]
        assert "is NOT empty for 2026-06" in found.rendered("text")


def test_without_any_wallet_there_is_nothing_to_import(tmp_path: Path) -> None:
    with Store(as_of=DAY) as store, InProcess(store) as served:
        connection = Connection(base_url=served.url, token=served.read_token)
        with (
            Reader(connection, transport=served) as reader,
            pytest.raises(UsageError, match="shows this token no wallet"),
        ):
            imported(reader, tmp_path)


def test_a_token_of_another_organization_reads_nothing(tmp_path: Path) -> None:
    with globex() as reader:
        imported(reader, tmp_path)
        org = tmp_path / "budgets" / "org.yaml"
        org.write_text(org.read_text().replace("org_globex", "org_other"))
        with pytest.raises(UnauthorizedError, match="the YAML is for `org_other`; nothing else was"):
            imported(reader, tmp_path)


@pytest.mark.parametrize(("names", "is_said"), [(("Costs 1", "Costs 2"), True), (("Costs 1",), False)])
def test_where_no_name_tells_of_an_environment_the_file_that_does_is_named(
    tmp_path: Path, names: tuple[str, ...], is_said: bool
) -> None:
    world = World(teams={f"tm_{number}": name for number, name in enumerate(names)})
    for team in world.teams or ():
        world.enter(team, "allocate", Decimal(100), "June 2026", at="2026-06-01T06:00:00Z")
    with over_http(world) as url, Reader(Connection(base_url=url, token=TOKEN, ledger_months_before=1)) as reader:
        said = render("import", "text", imported(reader, tmp_path))
    assert ("tell them in a file for `--map`" in " ".join(said.split())) is is_said
