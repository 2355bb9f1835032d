"""Runs that write: a reviewed plan, a month that is opened, a run that was interrupted."""

from __future__ import annotations

from reconciler.app.execution.interrupted import WayOut, resume
from reconciler.app.execution.month import MonthOpened, open_month
from reconciler.app.execution.run import Ran, Terms, apply
from reconciler.app.planning.saved import load_plan

__all__ = ["MonthOpened", "Ran", "Terms", "WayOut", "apply", "load_plan", "open_month", "resume"]
