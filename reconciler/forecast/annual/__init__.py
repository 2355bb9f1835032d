"""The annual plan: what twelve months show, and the way from the baseline to the wallets."""
