"""Change requests: what was merged is applied, each landing as it was reviewed."""
