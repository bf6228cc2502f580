"""Which classes of connexion does the mock use?

All imports from connexion are here. connexion imports libraries that the mock does not need, and warns about
them, which would confuse users of the mock.
"""

import warnings

from mock_server.http.lazy_imports import placeholders

with warnings.catch_warnings(), placeholders(["httpx", "requests"], ["starlette.testclient.TestClient"]):
    warnings.simplefilter("ignore")
    from connexion.middleware import ConnexionMiddleware
    from connexion.middleware.abstract import (
        ROUTING_CONTEXT,
        AbstractRoutingAPI,
        RoutedAPI,
        RoutedMiddleware,
        SpecMiddleware,
    )
    from connexion.middleware.swagger_ui import SwaggerUIMiddleware
    from connexion.operations import AbstractOperation
    from connexion.options import SwaggerUIOptions
    from connexion.resolver import Resolver
    from connexion.spec import Specification

__all__ = [
    "ROUTING_CONTEXT",
    "AbstractOperation",
    "AbstractRoutingAPI",
    "ConnexionMiddleware",
    "Resolver",
    "RoutedAPI",
    "RoutedMiddleware",
    "SpecMiddleware",
    "Specification",
    "SwaggerUIMiddleware",
    "SwaggerUIOptions",
]
