"""`kt-budgets policy`: an organization's own rules, tried, tested and explained; and rules to copy."""
