"""The forge that is GitHub: pull requests, check runs, teams, and what GitHub Actions says of a run."""
