"""How is a deployment served on its own port?"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.serving import in_thread


@contextmanager
def serving(app: Any, **options: Any) -> Iterator[str]:
    """Serve an ASGI application without a lifespan for the duration of the block. Yields its base URL."""
    with in_thread(app, lifespan="off", **options) as origin:
        yield f"{origin}/v1"
