"""Looks at everything that a first plan or apply would stumble over, and says what mends it."""
