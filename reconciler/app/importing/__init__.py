"""`kt-budgets import`: an organization that runs already, written as YAML, and the proof that nothing would move."""
