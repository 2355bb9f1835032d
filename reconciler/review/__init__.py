"""Plan against actual: which assumption failed, in money."""
