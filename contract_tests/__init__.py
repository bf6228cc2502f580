"""Does a deployment keep the contract of the run API?"""

import time

__all__: list[str] = []

STARTED = time.time()
"""When the command began, in seconds since 1970."""
