"""HTTP, as this program speaks it: one stack below every API, whatever it is an API of."""

import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
"""The command line of HTTPX, which imports half of Rich and Pygments: that takes as long as all else of HTTPX does."""
