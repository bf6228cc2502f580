"""Which parts of connexion does the mock stand on?

All of connexion that the mock uses comes from here: its import says things about libraries of its own that
would only puzzle whoever starts the mock.
"""

import warnings

with warnings.catch_warnings():
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
