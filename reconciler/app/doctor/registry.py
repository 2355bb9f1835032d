"""Every check, in the order in which they are shown: what another one would be added to."""

from __future__ import annotations

from reconciler.app.doctor import access, api, budgets, forge, journal, usage
from reconciler.app.doctor.check import Check

_READ = ("token", "organization", "budgets")

CHECKS: tuple[Check, ...] = (
    Check("budgets", "budgets", "what the YAML says is what every other command goes by", budgets.look_at_yaml),
    Check(
        "fiscal-year",
        "budgets",
        "the year's plan, its totals and its forecast are about the fiscal year of org.yaml",
        budgets.look_at_fiscal_year,
        ("budgets",),
    ),
    Check(
        "control-manifest",
        "budgets",
        "two tools that manage the same alerts undo each other's changes",
        budgets.look_for_second_owner,
    ),
    Check(
        "versions",
        "budgets",
        "another version here than in CI may plan otherwise, and editors go by the schemas",
        budgets.look_at_versions,
    ),
    Check("token", "Keeptrusts", "without a token that is good, nothing can be read", access.look_at_token),
    Check(
        "organization",
        "Keeptrusts",
        "a token of another organization would plan for the wrong wallets; every command refuses it",
        access.look_at_organization,
        ("token", "budgets"),
    ),
    Check(
        "permissions",
        "Keeptrusts",
        "plan needs to read, apply needs the permission org:billing",
        access.look_at_permissions,
        ("token",),
    ),
    Check(
        "token-split",
        "Keeptrusts",
        "whoever can change what plan runs could move money with its token, without any approval",
        access.look_at_split,
        ("token",),
    ),
    Check(
        "clock",
        "Keeptrusts",
        "a lock that a run holds is judged by the clock: on a wrong one, two runs may work at a time",
        access.look_at_clock,
    ),
    Check(
        "wallets", "Keeptrusts", "every plan begins with the wallets that there are", api.look_at_wallets, ("token",)
    ),
    Check(
        "answers",
        "Keeptrusts",
        "a list that is read in part would be taken for all that there is",
        api.look_at_answers,
        ("wallets",),
    ),
    Check(
        "objects",
        "Keeptrusts",
        "alerts and export schedules are compared with the YAML",
        api.look_at_objects,
        ("token",),
    ),
    Check(
        "ledgers",
        "Keeptrusts",
        "what a wallet was given is read from its ledger; one that cannot be read is left alone",
        api.look_at_ledgers,
        (*_READ, "wallets", "objects"),
    ),
    Check(
        "amounts",
        "Keeptrusts",
        "an amount in cents that is taken for one in the currency itself moves a hundred times the money",
        api.look_at_amounts,
        ("ledgers",),
    ),
    Check(
        "descriptions",
        "Keeptrusts",
        "money is marked in the text of its entry; a mark that is lost is a write that cannot be proved",
        api.look_at_descriptions,
        ("ledgers",),
    ),
    Check(
        "time-zone",
        "Keeptrusts",
        "months begin at midnight UTC; an entry near midnight counts in the month of its instant",
        access.look_at_time_zone,
        ("token",),
    ),
    Check("export", "usage", "forecasts are made from an export of past events", usage.look_at_export, _READ),
    Check("unpriced", "usage", "spend without a price makes forecasts too low", usage.look_at_unpriced, ("export",)),
    Check(
        "unattributed",
        "usage",
        "spend that names no model or workload is in no assumption and explains no difference",
        usage.look_at_unattributed,
        ("export",),
    ),
    Check(
        "coverage",
        "usage",
        "what is spent from wallets that no YAML names, nobody plans and nobody limits",
        usage.look_at_coverage,
        ("export",),
    ),
    Check("journal", "journal", "the journal keeps money from moving twice", journal.look_at_journal),
    Check(
        "journal-push",
        "journal",
        "each step of apply is recorded before it is taken: where that fails, nothing is applied",
        journal.look_at_push,
        ("journal",),
    ),
    Check(
        "other-funders",
        "journal",
        "a second person or program that funds the same wallets makes every reviewed plan stale",
        journal.look_for_other_funders,
        ("ledgers", "journal"),
    ),
    Check("forge", "forge", "pull requests are planned, approved and merged there", forge.look_at_forge),
    Check(
        "protection",
        "forge",
        "a branch that asks for no check lets money move that nobody approved",
        forge.look_at_protection,
        ("forge",),
    ),
    Check(
        "approvers",
        "forge",
        "a change whose owners are not there or too few waits for ever",
        forge.look_at_approvers,
        ("forge", "budgets"),
    ),
)
