"""Use cases: what the product does, callable without a command line. `reconciler.app.api` names the public ones."""
