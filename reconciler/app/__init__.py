"""Use cases: what the product does, callable without a command line."""
