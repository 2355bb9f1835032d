"""Recommend targets and alerts, write them into the YAML, or suggest them."""
