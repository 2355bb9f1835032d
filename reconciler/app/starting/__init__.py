"""Starting a repository of budgets: org.yaml, schemas, workflows and what git is to ignore."""
