"""The pull request on GitHub: comment, check run, approvals, suggestions, and the issue about drift."""
