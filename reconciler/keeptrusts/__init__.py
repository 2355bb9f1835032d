"""The Keeptrusts REST API: a Reader that can only GET, a Writer for the few writes, export jobs.

Everything that the vendor does not document is assumed here and nowhere else, and parsed tolerantly.
"""
