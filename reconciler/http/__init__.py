"""HTTP, as this program speaks it: one stack below every API, whatever it is an API of."""
