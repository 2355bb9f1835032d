"""The few words of the trade that stay in messages and reports, each explained with an example figure."""

from __future__ import annotations

from reconciler.report.columns import wrapped

GLOSSARY: tuple[tuple[str, str], ...] = (
    (
        "wallet",
        "What a team spends from in Keeptrusts, one for each environment. support / prod is given USD 12,500 a month"
        " and"
        " has spent 6,412 of it.",
    ),
    (
        "organization wallet",
        "The pool that team wallets are filled from, and that unused money goes back to. It holds USD 84,200; a plan"
        " that"
        " gives 90,000 is refused.",
    ),
    (
        "target",
        "What the YAML says a wallet is to get in a month: `monthly: 12500.00`, or its `overrides` for that month.",
    ),
    (
        "funded",
        "What the ledger says a wallet was given for the month. Target 12,500, funded 10,500: the plan gives 2,000"
        " more.",
    ),
    (
        "reclaim",
        "To take money back from a wallet. Target 8,000, funded 9,500: the plan takes back 1,500, but never what is"
        " spent.",
    ),
    (
        "ceiling",
        "All that a wallet can spend in a month: funded 12,500 and 1,250 left from before are a ceiling of 13,750.",
    ),
    (
        "settled, reserved",
        "Spend is settled when a request is answered and paid; until then its money is reserved. Settled 6,412,"
        " reserved"
        " 30: 6,058 of 12,500 are free.",
    ),
    (
        "plan",
        "What `kt-budgets plan` found to change, saved in plan.json: give support / prod USD 2,000. The annual plan is"
        " `plan:` in a team's YAML: what it expects of the year, such as 12,000 a month.",
    ),
    (
        "assumption",
        "One thing that an annual plan counts on, such as growth of 18% or a cache that answers 28% of the requests."
        " JSON"
        " calls it a lever.",
    ),
    ("run rate", "What is spent if days go on as they are: 377 a day for the 13 days that are left are 4,901."),
    (
        "forecast range",
        "From where to where a month probably ends, 11,240 (10,710 to 11,980): 8 in 10 months end in it, 1 in 10"
        " below, and"
        " 1 in 10 above.",
    ),
    (
        "percentile (P10, P50, P90)",
        "The figure that so many of 100 months stay below. P50 is the middle, 11,240: half of the months end below"
        " it. 1"
        " in 10 months ends below P10, 10,710, and 1 in 10 above P90, 11,980.",
    ),
    (
        "lasts 97%",
        "In 97 of 100 months the wallet's money is enough; in the other 3 it runs out before the month is over.",
    ),
    (
        "94% (28 Jun)",
        "In 94 of 100 months it happens at all, and in half of all months by 28 June. A smaller chance has no day.",
    ),
    ("alert", "A billing budget of 12,500 with an alert at 80% tells its people when 10,000 is spent."),
    (
        "soft and hard limit",
        "A soft limit alerts: traffic goes on at 12,500. With `hard_limit: true` Keeptrusts stops traffic there. An"
        " empty"
        " wallet stops it only where the organization wallet is empty too.",
    ),
    (
        "guard, waiver",
        "A guard is a limit on what one run may do, such as moving 20,000. A waiver in org.yaml lets one case pass:"
        " up to"
        " 25,000 until 31 July, with a reason.",
    ),
    (
        "drift",
        "Keeptrusts is not as it was applied: somebody gave engineering / dev USD 1,500 by hand. `kt-budgets drift`"
        " lists it.",
    ),
    (
        "stale",
        "Made from something that is not so any more. A plan is stale when the ledger moved since, funded 10,500 ->"
        " 12,000:"
        " nothing is applied for that team until it is planned again. A stale reading lacks what is known to be there.",
    ),
    (
        "journal",
        "The record of every run, written before each step, so that USD 2,000 never moves twice. It is in git or in"
        " a file.",
    ),
    (
        "operation, mark",
        "One movement of money. Its name is written into the ledger as a mark, [kt-budgets op=2026-06-4a65...], by"
        " which it"
        " is found again.",
    ),
    (
        "unknown, in doubt",
        "A write whose answer was lost: nobody knows whether the 2,000 arrived, and nothing more is sent to that wallet"
        " until `kt-budgets resume` has found out. A wallet is in doubt while its ledger and the journal disagree.",
    ),
)
"""Each word, and a sentence or two for it."""


def glossary_text(*, width: int = 100) -> str:
    """Return the glossary as lines of at most `width` columns."""
    entries = ("\n".join([word, *wrapped(meaning, width, indent=4)]) for word, meaning in GLOSSARY)
    return "\n".join(entries) + "\n"
