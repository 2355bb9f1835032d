"""The year: the planning table of all teams, and next year's budgets."""
