"""Make a plan: what it is about, what it compares, what it says, and plans that were saved."""
