"""Git, as this program runs it: one way to call it, its failures told apart, and where repositories begin."""
