"""The forge: change requests with their comments, checks and approvals, and issues. Each forge is a package here."""
