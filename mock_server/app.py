"""How are the document and the parts of the mock wired into one ASGI application?

connexion loads the document, resolves its references, and builds each middleware from its operations; the
middlewares in the list are its own seams, filled with compiled ones where speed or the error shape asks for it.
"""

import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.types import ASGIApp

import openapi
from mock_server.clock import Clock, RealClock
from mock_server.docs import OPTIONS, DocsMiddleware
from mock_server.front import Front
from mock_server.handlers import dispatch, handler
from mock_server.ids import Ids
from mock_server.library import Library
from mock_server.routing import RoutingMiddleware
from mock_server.seams import ConnexionMiddleware, Resolver
from mock_server.security import SecurityMiddleware
from mock_server.settings import Settings
from mock_server.store import MemoryStore, Store
from mock_server.validation import ValidationMiddleware
from mock_server.world import World


def create_world(
    settings: Settings,
    clock: Clock | None = None,
    store: Store | None = None,
    document: Mapping[str, Any] | None = None,
) -> World:
    """The parts of one server; raises `ValueError`, one line, for what cannot be served."""
    library = Library(document or openapi.load(), settings.scenarios)
    if settings.scenario not in library.scenarios():
        known = ", ".join(sorted(library.scenarios()))
        raise ValueError(f"--scenario: no scenario {settings.scenario!r}; there are: {known}")
    seed = settings.seed or secrets.token_hex(4)
    return World(
        settings=settings,
        seed=seed,
        clock=clock or RealClock(settings.speed or 1.0),
        store=store or MemoryStore(),
        ids=Ids(seed),
        library=library,
    )


def create_app(
    settings: Settings | None = None,
    clock: Clock | None = None,
    store: Store | None = None,
    document: Mapping[str, Any] | None = None,
) -> ASGIApp:
    """The mock as an ASGI application: the given document, or the fullest view of ours."""
    served = document or openapi.load()
    return application(create_world(settings or Settings(), clock, store, served), served)


def application(world: World, document: Mapping[str, Any]) -> ASGIApp:
    """The ASGI application of a world."""
    connexion = ConnexionMiddleware(
        dispatch,
        import_name=__name__,
        middlewares=[
            partial(Front, world=world),
            DocsMiddleware,
            RoutingMiddleware,
            SecurityMiddleware,
            ValidationMiddleware,
        ],
        resolver=Resolver(handler),
        swagger_ui_options=OPTIONS,
    )
    keys = frozenset(key.encode() for key in world.settings.keys)
    connexion.add_api(dict(document), world=world, keys=keys)
    return connexion
