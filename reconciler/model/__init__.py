"""The nouns of the field, as frozen values. No I/O."""
