"""The public Python API: what the commands call, for notebooks, servers and programs of your own.

Use cases take `Settings` and values and return values, whose `rendered` gives them in the formats of the command.
They raise the errors at the top of `reconciler/findings.py`, each with its `hint`, and say what they find on the way
to the listener of `heard_by`. Money is Decimal in the organization's currency, days are UTC, probabilities 0 to 1.
"""

from __future__ import annotations

from reconciler.app.audit import audit
from reconciler.app.calendar import calendar
from reconciler.app.doctor.doctor import doctor
from reconciler.app.drift.drift import DriftRequest, drift
from reconciler.app.evidence.packet import packet
from reconciler.app.evidence.pull import pull
from reconciler.app.evidence.verify import verify
from reconciler.app.execution import Terms, WayOut, apply, open_month, resume
from reconciler.app.fmt import fmt
from reconciler.app.importing.run import ImportRequest, import_live
from reconciler.app.listening import Listener, heard_by
from reconciler.app.management.adopt import adopt
from reconciler.app.management.release import release
from reconciler.app.outlook.backtest import backtest
from reconciler.app.outlook.calibration import calibrated
from reconciler.app.outlook.forecast import look_ahead
from reconciler.app.outlook.whatif import Supposed, suppose
from reconciler.app.planning.plan import plan
from reconciler.app.planning.saved import load_plan
from reconciler.app.recommend.recommend import RecommendRequest, recommend
from reconciler.app.review import review_period
from reconciler.app.session import settings
from reconciler.app.spend import spend
from reconciler.app.starting.init import InitRequest, init
from reconciler.app.validate import validate
from reconciler.app.year.year import YearRequest, plan_year
from reconciler.report.plan_formats import review

__all__ = [
    "DriftRequest",
    "ImportRequest",
    "InitRequest",
    "Listener",
    "RecommendRequest",
    "Supposed",
    "Terms",
    "WayOut",
    "YearRequest",
    "adopt",
    "apply",
    "audit",
    "backtest",
    "calendar",
    "calibrated",
    "doctor",
    "drift",
    "fmt",
    "heard_by",
    "import_live",
    "init",
    "load_plan",
    "look_ahead",
    "open_month",
    "packet",
    "plan",
    "plan_year",
    "pull",
    "recommend",
    "release",
    "resume",
    "review",
    "review_period",
    "settings",
    "spend",
    "suppose",
    "validate",
    "verify",
]
