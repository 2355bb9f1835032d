"""Plans whose figures agree with each other, for the tests of reports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import NormalDist
from typing import Any

from worlds import object_change

from reconciler.model.assumption import Assumption, TeamAssumptions
from reconciler.model.change import (
    Allocate,
    Change,
    Reclaim,
)
from reconciler.model.drift import DriftItem
from reconciler.model.forecast import (
    AlertForecast,
    AlertOutlook,
    DayPoint,
    Exhaustion,
    LeverContribution,
    MonthEnd,
    MonthForecast,
    WalletForecast,
    WalletOutlook,
    YearForecast,
)
from reconciler.model.money import Funds
from reconciler.model.operation import operation_id
from reconciler.model.period import Period
from reconciler.model.plan import GuardResult, Plan, Source, Tool, sealed
from reconciler.model.plan import Unmanaged as UnmanagedThing
from reconciler.model.plan_finding import PlanFinding
from reconciler.model.usage_summary import UsageSummary
from reconciler.model.wallet_ref import WalletRef

JUNE = Period(2026, 6)
AS_OF = date(2026, 6, 18)


def money(amount: float | str | Decimal) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))


@dataclass(frozen=True)
class Wallet:
    """One wallet of a made-up June: funded, targeted, spent by 17 June, and P10, P50, P90 of its month end."""

    team: str = "support"
    environment: str = "prod"
    funded: str = "10500"
    target: str = "12500"
    spent: str = "6412.18"
    month: tuple[int, int, int] = (10_710, 11_240, 11_980)
    lasts: tuple[float, float] = (0.06, 0.97)
    ends: tuple[tuple[int | None, ...], tuple[int | None, ...]] = ((27, 28, 30), (None, None, None))
    alert: tuple[tuple[float, int | None, int | None], tuple[float, int | None, int | None]] | None = (
        (0.99, 22, 6),
        (0.93, 26, None),
    )
    carried: str = "0"
    history: int = 382
    confidence: str = "normal"

    @property
    def key(self) -> str:
        return f"team_{self.team}" + ("" if self.environment == "prod" else f"_{self.environment}")

    def change(self, **other: Any) -> Change:
        delta = money(self.target) - money(self.funded)
        kind = "allocate" if delta > 0 else "reclaim"
        facts: dict[str, Any] = {
            "team": self.team,
            "environment": self.environment,
            "wallet": self.key,
            "amount": abs(delta),
            "currency": "USD",
            "target": money(self.target),
            "funded_before": money(self.funded),
            "funded_after": money(self.target),
            "op": operation_id(
                organization="org_acme",
                wallet=WalletRef.team(self.key),
                period=JUNE,
                kind="allocate" if delta > 0 else "reclaim",
                amount=abs(delta),
                funded_before=money(self.funded),
                sequence=0,
            ),
            "position": f"budgets/teams/{self.team}.yaml:14:14",
            **other,
        }
        return Allocate(**facts) if kind == "allocate" else Reclaim(**{"unreclaimable": Decimal(0), **facts})

    def outlook(self, side: int) -> WalletOutlook:
        target = money(self.funded if side == 0 else self.target)
        ceiling = target + money(self.carried)
        return WalletOutlook(
            target=target,
            ceiling=ceiling,
            money_left=max(ceiling - money(self.spent), Decimal(0)),
            exhaustion=Exhaustion(
                probability=1 - self.lasts[side],
                date=dict(zip(("0.1", "0.5", "0.9"), map(june, self.ends[side]), strict=True)),
            ),
            unserved={"0.5": money(0), "0.9": money(0)},
        )

    def alerts(self) -> tuple[AlertForecast, ...]:
        if self.alert is None:
            return ()
        first = tuple(
            AlertOutlook(
                probability=chance,
                date={"0.1": june(day), "0.5": june(day) if chance >= 0.5 else None, "0.9": None},
                reaction_days={"0.1": None, "0.5": reaction, "0.9": None},
                no_warning_probability=0.0,
            )
            for chance, day, reaction in self.alert
        )
        full = tuple(
            AlertOutlook(
                probability=min(1 - lasts, first[side].probability),
                date={
                    level: end and max(end, first[side].date[level] or end)
                    for level, end in self.outlook(side).exhaustion.date.items()
                },
                reaction_days={"0.1": 0, "0.5": 0, "0.9": 0},
                no_warning_probability=0.0,
            )
            for side, lasts in enumerate(self.lasts)
        )
        name, amount = f"{self.team}-monthly", money(self.target)
        return (
            AlertForecast(name=name, amount=amount, percentage=80, live=first[0], desired=first[1]),
            AlertForecast(name=name, amount=amount, percentage=100, live=full[0], desired=full[1]),
        )

    def forecast(self) -> WalletForecast:
        low, middle, high = (money(value) for value in self.month)
        spent = money(self.spent)
        return WalletForecast(
            team=self.team,
            environment=self.environment,
            wallet=self.key,
            currency="USD",
            period=JUNE,
            as_of=AS_OF,
            data_as_of=datetime(2026, 6, 18, 6, tzinfo=UTC),
            history_days=self.history,
            confidence=self.confidence,
            spend_to_date=spent,
            month_end=MonthEnd(quantiles={"0.025": low, "0.1": low, "0.5": middle, "0.9": high, "0.975": high}),
            live=self.outlook(0),
            desired=self.outlook(1),
            alerts=self.alerts(),
            months=tuple(
                MonthForecast(
                    period=JUNE.plus(ahead),
                    target=money(self.target),
                    quantiles={"0.1": low, "0.5": middle, "0.9": high},
                )
                for ahead in (1, 2)
            ),
            levers=(
                LeverContribution(name="growth", contribution=money("214.50")),
                LeverContribution(name="cache_hit_rate", contribution=money("-22.40")),
                LeverContribution(name="provider_mix", contribution=money("-61.10")),
                LeverContribution(name="resilience_margin", contribution=money("305.80")),
            ),
            daily=tuple(daily(spent, low, middle, high)),
        )


def june(day: int | None) -> date | None:
    return None if day is None else date(2026, 6, day)


def daily(spent: Decimal, low: Decimal, middle: Decimal, high: Decimal) -> list[DayPoint]:
    """Return the month day by day: exact until 17 June, then spread out to the quantiles."""
    points = []
    for number in range(30):
        day = JUNE.first + timedelta(days=number)
        if day < AS_OF:
            so_far = money(spent * (number + 1) / 17 * (Decimal("1.04") if number % 7 > 4 and number < 16 else 1))
            points.append(DayPoint(day=day, spent=so_far, p10=so_far, p50=so_far, p90=so_far))
        else:
            part = Decimal(number - 16) / 13
            quantiles = [money(spent + (end - spent) * part) for end in (low, middle, high)]
            points.append(DayPoint(day=day, spent=None, p10=quantiles[0], p50=quantiles[1], p90=quantiles[2]))
    return points


DEV = Wallet(
    environment="dev",
    funded="2000",
    target="2000",
    spent="803.40",
    month=(1290, 1430, 1610),
    lasts=(0.99, 0.99),
    ends=((None, None, None), (None, None, None)),
    alert=((0.31, 28, None), (0.31, 28, None)),
)


def budget(name: str = "support-monthly", amount: str = "12500.00", **other: Any) -> dict[str, Any]:
    return {
        "scope_type": "team",
        "scope_id": "team_support",
        "name": name,
        "amount": amount,
        "currency": "USD",
        "period": "monthly",
        "alert_percentages": [80, 100],
        "hard_limit": False,
        **other,
    }


def budget_update(**other: Any) -> Change:
    return object_change(
        "update_billing_budget",
        team="support",
        environment="prod",
        key="team/team_support/support-monthly",
        before=budget(amount="10500.00"),
        after=budget(**other),
    )


ASSUMPTIONS = TeamAssumptions(
    team="support",
    assumptions=(
        Assumption(name="baseline", plan="USD 12,000 a month", observed="USD 11,870", verdict="holds", sentence=""),
        Assumption(name="growth", plan="+18% from June", observed="+16.4% on last June", verdict="holds", sentence=""),
        Assumption(
            name="cache_hit_rate",
            plan="14% → 28% by December; 16.0% by now",
            observed="13.6%, flat",
            verdict="behind",
            sentence="behind: costs about USD 340 a month",
        ),
        Assumption(
            name="provider_mix",
            plan="30% of openai/gpt-4o to openai/gpt-4o-mini by September",
            observed="9.2%",
            verdict="ahead",
            sentence="7.5% was due by now",
        ),
        Assumption(
            name="wallets", plan="USD 14,500", observed="P50 12,670, P90 13,410", verdict="fits", sentence="fits"
        ),
        Assumption(
            name="alert", plan="USD 12,500", observed="80% fires 26 June", verdict="unknown", sentence="leaves time"
        ),
    ),
)

USAGE = UsageSummary(
    digest="sha256:aa",
    first_day=date(2025, 6, 1),
    last_day=date(2026, 6, 17),
    rows=1_912_345,
    unpriced_share=0.003,
    duplicates=0,
)
YEAR = YearForecast(
    name="FY2027",
    annual_target=money(700_000),
    spent=money(26_110),
    within_probability=0.71,
    quantiles={"0.1": money(561_000), "0.5": money(588_400), "0.9": money(712_000)},
)
SOFT_CAP = PlanFinding(
    path="budgets/org.yaml",
    line=0,
    column=0,
    severity="warning",
    code="soft-cap",
    message="the organization wallet holds USD 84,200.00 of free money after this plan, so an empty team wallet"
    " does not stop traffic",
    hint="allocate it or move it out if team wallets are meant to be hard limits",
)
BY_HAND = DriftItem(
    **{"class": "changed"},
    team="engineering",
    wallet="team_engineering_dev",
    amount=money(1500),
    evidence=("txn_81f3",),
    sentence="engineering / dev was given USD 1,500.00 by hand (txn_81f3, 2026-06-16 14:02 UTC)."
    " Git says USD 8,000.00, the ledger USD 9,500.00.",
)


def plan(*changes: Change, available: str | None = "86200", **other: Any) -> Plan:
    """Return a plan of `changes`; what it moves is counted from them. Its digest is made up: see `sealed_plan`."""
    out = sum((change.amount for change in changes if isinstance(change, Allocate)), Decimal(0))
    back = sum((change.amount for change in changes if isinstance(change, Reclaim)), Decimal(0))
    pool = None if available is None else money(available)
    facts: dict[str, Any] = {
        "tool": Tool(version="0.1.0"),
        "organization": "org_acme",
        "currency": "USD",
        "period": JUNE,
        "as_of": AS_OF,
        "source": Source(commit="9c1e7b2d4f60718293a4b5c6d7e8f90112233445", dirty=False, tree_digest="sha256:bb"),
        "usage": USAGE,
        "changes": changes,
        "fingerprints": {},
        "funds": Funds(
            available=pool, after=None if pool is None else pool + back - out, allocated=out, reclaimed=back
        ),
        **other,
    }
    return Plan(**facts, digest="sha256:" + "7d0c41e9" * 8)


def sealed_plan() -> Plan:
    """The everyday plan with the digest of its content, as it is saved."""
    return sealed(one_wallet())


def one_wallet(**other: Any) -> Plan:
    """One wallet gets more, its alert follows: the everyday pull request."""
    support = Wallet()
    facts: dict[str, Any] = {
        "impact": (support.forecast(), DEV.forecast()),
        "year": YEAR,
        "assumptions": (ASSUMPTIONS,),
        "findings": (SOFT_CAP,),
        **other,
    }
    return plan(support.change(), budget_update(), **facts)


def two_changes() -> Plan:
    """One wallet gets more and another gives back what it was given by hand: the terminal's example."""
    engineering = Wallet(
        team="engineering",
        environment="dev",
        funded="9500",
        target="8000",
        spent="4388.10",
        month=(6410, 7020, 7900),
        lasts=(0.98, 0.9),
        ends=((None,) * 3, (None,) * 3),
        alert=((0.7, 26, 4), (0.7, 26, 4)),
    )
    support = Wallet()
    return plan(
        engineering.change(),
        support.change(),
        budget_update(),
        impact=(support.forecast(), engineering.forecast()),
        year=YEAR,
        findings=(SOFT_CAP,),
        drift=(BY_HAND,),
    )


def nothing() -> Plan:
    """Keeptrusts already matches git."""
    settled = Wallet(funded="12500", lasts=(0.97, 0.97), ends=((None,) * 3, (None,) * 3), alert=((0.93, 26, None),) * 2)
    return plan(impact=(settled.forecast(), DEV.forecast()), year=YEAR)


def refused() -> Plan:
    """A guard and an error in the YAML stand against it, and a waiver lets something else pass."""
    return one_wallet(
        guards=(
            GuardResult(
                guard="largest-change",
                status="refused",
                team="support",
                value="2000.00",
                limit="1000.00",
                message="support / prod changes by USD 2,000.00, more than the USD 1,000.00 that one change may be",
                hint="split the change, or waive `largest-change` for support until a date in budgets/org.yaml",
                position="budgets/teams/support.yaml:14:14",
            ),
            GuardResult(
                guard="total-moved",
                status="waived",
                value="2000.00",
                limit="1500.00",
                message="USD 2,000.00 move, more than USD 1,500.00: waived until 30 June by acme/finance (launch)",
            ),
        ),
        findings=(
            PlanFinding(
                path="budgets/teams/support.yaml",
                line=14,
                column=14,
                severity="error",
                code="target-below-spend",
                message="support/dev has already spent USD 2,803.40 this month, above its new target of USD 2,000.00",
                hint="raise the target to USD 2,900.00 or more",
            ),
            SOFT_CAP,
        ),
    )


def first_plan() -> Plan:
    """Everything is new and nobody has spent anything yet."""
    table = (
        ("support", "prod", 12500),
        ("support", "dev", 2000),
        ("finance", "prod", 5200),
        ("legal-ops", "prod", 7400),
    )
    wallets = [Wallet(team=team, environment=env, funded="0", target=str(target)) for team, env, target in table]
    schedule = object_change(
        "create_export_schedule",
        key="weekly-spend-forecast",
        after={
            "name": "weekly-spend-forecast",
            "cron": "0 6 * * MON",
            "window": "7d",
            "type": "events",
            "format": "json",
            "s3": {"bucket": "finops-artifacts", "prefix": "ai-spend/weekly/"},
            "enabled": True,
        },
    )
    alert = object_change(
        "create_billing_budget",
        team="support",
        environment="prod",
        key="team/team_support/support-monthly",
        after=budget(hard_limit=True),
    )
    return plan(
        *(wallet.change() for wallet in wallets),
        alert,
        schedule,
        usage=None,
        available=None,
        source=Source(commit=None, dirty=None, tree_digest="sha256:bb"),
    )


def likely(wallet: Wallet) -> Wallet:
    """Return `wallet` with the probabilities and days that its money and its month end give, taken as normal."""
    low, middle, high = wallet.month
    shape = NormalDist(middle, (high - low) / 2.563)
    ceilings = [float(wallet.outlook(side).ceiling) for side in (0, 1)]

    def day(level: float, end: int) -> int | None:
        spent = float(wallet.spent)
        return None if end <= level else min(30, max(1, 18 + int(13 * (level - spent) / (end - spent))))

    lasts = tuple(round(shape.cdf(ceiling), 3) for ceiling in ceilings)
    ends = tuple((day(ceiling, high), day(ceiling, middle), day(ceiling, low)) for ceiling in ceilings)
    levels = [0.8 * float(amount) for amount in (wallet.target, wallet.target)]
    warned = [(round(1 - shape.cdf(level), 3), day(level, middle) or day(level, high)) for level in levels]
    alert = tuple(
        (chance, first, None if first is None or end is None else max(0, end - first))
        for (chance, first), end in zip(warned, (ends[0][1], ends[1][1]), strict=True)
    )
    found: dict[str, Any] = {"lasts": lasts, "ends": ends, "alert": alert}
    return replace(wallet, **found)


def twelve() -> Plan:
    """Twelve wallets of six teams, of which some will not last, some carry money over, some are young."""
    wallets = []
    for index, team in enumerate(("support", "engineering", "finance", "legal-ops", "research", "sales")):
        for environment, scale in (("prod", 1000), ("dev", 100)):
            size = (index + 3) * scale
            wallet = Wallet(
                team=team,
                environment=environment,
                funded=str(size * 2 if index else size * 4),
                target=str(size * 3 - index * scale if index else size * 3),
                spent=str(size * Decimal("1.37")),
                month=(size * 2, size * 23 // 10, size * 27 // 10),
                carried="0" if index != 2 else str(size // 4),
                history=9 if index == 5 else 382,
                confidence="low" if index == 5 else "normal",
            )
            wallets.append(likely(wallet))
    stuck = wallets[0].change(unreclaimable=money(700), funded_after=money(9700), amount=money(2300))
    deleted = object_change(
        "delete_billing_budget",
        team="sales",
        environment=None,
        key="team/team_sales/sales-old",
        before=budget("sales-old", scope_id="team_sales"),
    )
    renamed = object_change(
        "create_billing_budget",
        team="sales",
        environment=None,
        key="team/team_sales/sales-new",
        after=budget("sales-new", scope_id="team_sales"),
    )
    return plan(
        stuck,
        *(wallet.change() for wallet in wallets[1:]),
        deleted,
        budget_update(hard_limit=True),
        renamed,
        impact=tuple(wallet.forecast() for wallet in wallets),
        year=YEAR,
        findings=(SOFT_CAP,),
        unmanaged=(
            UnmanagedThing(kind="wallet", key="team_lab", name="Lab", amount=money("1204.5"), currency="USD"),
            UnmanagedThing(
                kind="billing_budget", key="team/team_lab/lab", name="lab", amount=money(900), currency="USD"
            ),
        ),
    )


def pool_insufficient() -> Plan:
    """The organization wallet cannot pay for what the YAML asks."""
    return one_wallet(
        available="500",
        guards=(
            GuardResult(
                guard="pool-exhaustion",
                status="refused",
                value="2000.00",
                limit="500.00",
                message="allocations of USD 2,000.00 need more than the USD 500.00 that the organization wallet will"
                " hold; USD 1,500.00 are missing",
                hint="credit the organization wallet with USD 1,500.00 or more, or lower the targets",
            ),
        ),
        findings=(),
    )


HOSTILE = (
    "@acme/finance",
    "a|b|c",
    "`rm -rf`",
    "<!-- kt-budgets:v1 -->",
    "<img src=x onerror=alert(1)>",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "https://evil.example www.evil.example",
    "#123 GH-7 acme/repo#5 deadbeefcafe",
    "# heading\n- item\n1. one\n```\nfence",
    "</details></table></script>",
    "\u202egnp.exe\u2066\u200b\x1b[31mred\x07",
    "mail@evil.example mailto:x@evil.example",
    "&lt;b&gt; &#64;team $x$ :shipit: ~~no~~ **bold** _it_",
    "n" * 10_000,
    "名前" * 40,
)


def hostile() -> Plan:
    """Every name and sentence from outside is an attack."""
    wallets = [Wallet(team=text, environment=text) for text in HOSTILE]
    budgets = [
        object_change(
            "update_billing_budget",
            team=text,
            environment=None,
            key=f"team/x/{text}",
            before=budget(text, period=text),
            after=budget(text),
        )
        for text in HOSTILE
    ]
    return plan(
        *(wallet.change() for wallet in wallets),
        *budgets,
        impact=tuple(wallet.forecast() for wallet in wallets),
        organization=HOSTILE[0],
        assumptions=tuple(
            TeamAssumptions(
                team=text,
                assumptions=(Assumption(name="baseline", plan=text, observed=text, verdict="behind", sentence=text),),
            )
            for text in HOSTILE
        ),
        findings=tuple(
            PlanFinding(path=text, line=1, column=1, severity=severity, code=text, message=text, hint=text)
            for text in HOSTILE
            for severity in ("error", "warning")
        ),
        guards=tuple(
            GuardResult(guard=text, status="refused", team=text, message=text, hint=text, position=text)
            for text in HOSTILE
        ),
        drift=tuple(DriftItem(**{"class": "changed"}, team=text, sentence=text) for text in HOSTILE),
        unmanaged=tuple(
            UnmanagedThing(kind="wallet", key=text, name=text, currency=text, amount=money(1)) for text in HOSTILE
        ),
    )


STORIES = {
    "one-wallet": one_wallet,
    "two-changes": two_changes,
    "nothing": nothing,
    "refused": refused,
    "first-plan": first_plan,
    "twelve-wallets": twelve,
    "pool-insufficient": pool_insufficient,
    "hostile": hostile,
}
