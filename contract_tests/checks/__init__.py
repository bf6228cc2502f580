"""Which checks are there, and in which order are they reported?

Importing this package registers all checks. The order of the imports is the order in reports: what prevents
a client from working comes first.
"""

# ruff: noqa: I001 - the order is meant
from contract_tests.checks import service
from contract_tests.checks import auth
from contract_tests.checks import lifecycle
from contract_tests.checks import timestamps
from contract_tests.checks import stream
from contract_tests.checks import stream_contents
from contract_tests.checks import echoes
from contract_tests.checks import references
from contract_tests.checks import workflows
from contract_tests.checks import modifications
from contract_tests.checks import requests
from contract_tests.checks import http
from contract_tests.checks import shapes
from contract_tests.checks import pages
from contract_tests.checks import errors
from contract_tests.findings import REGISTRY, Check

__all__ = [
    "REGISTRY",
    "Check",
    "auth",
    "echoes",
    "errors",
    "http",
    "lifecycle",
    "modifications",
    "pages",
    "references",
    "requests",
    "service",
    "shapes",
    "stream",
    "stream_contents",
    "timestamps",
    "workflows",
]
