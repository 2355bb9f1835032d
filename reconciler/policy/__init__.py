"""Rules over Desired and Plan: guards on money. Pure."""
