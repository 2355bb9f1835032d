"""An embedded Keeptrusts: the API of keeptrusts.md over SQLite on loopback, with an example organization and faults.

`server.running()` serves one over HTTP; `store.Store` is its state, which
tests look at and branch.
"""
