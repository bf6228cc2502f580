"""Which checks are there? Importing this package registers all of them, in the order they are reported."""

from contract_tests.checks import (
    auth,
    echoes,
    errors,
    http,
    lifecycle,
    pages,
    requests,
    service,
    shapes,
    stream,
    stream_contents,
    timestamps,
    workflows,
)
from contract_tests.findings import REGISTRY, Check, checks_of

__all__ = [
    "REGISTRY",
    "Check",
    "auth",
    "checks_of",
    "echoes",
    "errors",
    "http",
    "lifecycle",
    "pages",
    "requests",
    "service",
    "shapes",
    "stream",
    "stream_contents",
    "timestamps",
    "workflows",
]
