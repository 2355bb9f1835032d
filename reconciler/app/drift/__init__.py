"""Drift: what was changed by hand, and what was left behind."""
