"""Desired × Live → what to change: pure, sorted, fingerprinted."""
