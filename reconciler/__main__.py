"""`python -m reconciler` is `kt-budgets`."""

from reconciler.cli.main import main

main()
