"""How are the document and the parts of the mock wired into one ASGI application?

connexion loads the document, resolves its references, and builds each middleware from its operations; the
middlewares in the list are its own seams, filled with compiled ones where speed or the error shape asks for
it.
"""

import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.types import ASGIApp

import openapi
from mock_server.choice import Choice, named
from mock_server.clock import Clock
from mock_server.control import WithControl
from mock_server.cors import Cors
from mock_server.docs import OPTIONS, DocsMiddleware
from mock_server.errors import Refusal
from mock_server.front import Front
from mock_server.handlers import dispatch, handler
from mock_server.ids import Ids
from mock_server.library import Library
from mock_server.routing import RoutingMiddleware
from mock_server.seams import ConnexionMiddleware, Resolver
from mock_server.security import SecurityMiddleware
from mock_server.settings import Settings
from mock_server.store import MemoryStore, Store
from mock_server.tally import Tally
from mock_server.validation import ValidationMiddleware
from mock_server.world import World
from mock_server.worlds import Worlds


def create_worlds(
    settings: Settings,
    clock: Clock | None = None,
    store: Store | None = None,
    document: Mapping[str, Any] | None = None,
) -> Worlds:
    """The parts of one server; raises `ValueError`, one line, for what cannot be served.

    A clock or a store that is given is the shared mock's; tests that name themselves get their own.
    """
    library = Library(document or openapi.load(), settings.scenarios)
    default = _default(settings.scenario, library)
    seed = settings.seed or secrets.token_hex(4)

    def make(test: str) -> World:
        own_seed = f"{seed} {test}" if test else seed
        return World(
            settings=settings,
            seed=own_seed,
            clock=clock if clock and not test else _new_clock(settings, clock),
            store=store if store and not test else MemoryStore(),
            ids=Ids(own_seed),
            library=library,
            scenario=settings.scenario,
            test=test,
            conditioned=bool(default.wires),
            tally=Tally(own_seed),
        )

    return Worlds(make)


def _new_clock(settings: Settings, given: Clock | None) -> Clock:
    if given:
        return Clock(given.speed, given.now())
    return Clock(0) if settings.clock == "manual" else Clock(settings.speed or 1.0)


def _default(scenario: str, library: Library) -> Choice:
    try:
        return named(library.scenarios(), scenario, "--scenario")
    except Refusal as refusal:
        raise ValueError(refusal.message) from None


def create_app(
    settings: Settings | None = None,
    clock: Clock | None = None,
    store: Store | None = None,
    document: Mapping[str, Any] | None = None,
) -> ASGIApp:
    """The mock as an ASGI application: the given document, or the fullest view of ours."""
    served = document or openapi.load()
    return application(create_worlds(settings or Settings(), clock, store, served), served)


def application(worlds: Worlds, document: Mapping[str, Any]) -> ASGIApp:
    """The ASGI application of a server: the API, and the control calls beside it."""
    settings = worlds.shared.settings
    connexion = ConnexionMiddleware(
        dispatch,
        import_name=__name__,
        middlewares=[
            partial(Front, worlds=worlds, cors=Cors(settings.cors_origins)),
            DocsMiddleware,
            RoutingMiddleware,
            SecurityMiddleware,
            ValidationMiddleware,
        ],
        resolver=Resolver(handler),
        swagger_ui_options=OPTIONS,
    )
    keys = frozenset(key.encode() for key in settings.keys)
    connexion.add_api(dict(document), largest_body=settings.largest_body, keys=keys)
    return WithControl(connexion, worlds)
