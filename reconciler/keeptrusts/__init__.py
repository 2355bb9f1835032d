"""The Keeptrusts REST API: a Reader that can only GET, a Writer for the few writes, export jobs.

Everything that the vendor does not document is assumed here and nowhere else, and parsed tolerantly.
"""

import reconciler.http  # noqa: F401 - it says what of HTTPX is not imported
