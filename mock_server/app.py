"""How do the document and the parts of the mock become one ASGI application?

connexion loads the document, resolves its references, and builds each middleware from its operations. Some of
its middlewares are replaced: our own ones are faster, and all their errors have the same format.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.types import ASGIApp

import openapi
from mock_server.api.handlers import dispatch, handler
from mock_server.api.scenario_selection import Choice, named
from mock_server.control.app import WithControl
from mock_server.errors import Refusal
from mock_server.http.connexion_api import ConnexionMiddleware, Resolver
from mock_server.http.cors import Cors
from mock_server.http.docs import OPTIONS, DocsMiddleware
from mock_server.http.gateway import Gateway
from mock_server.http.routing import RoutingMiddleware
from mock_server.http.security import SecurityMiddleware
from mock_server.http.validation import ValidationMiddleware
from mock_server.sandboxes.counters import Counters
from mock_server.sandboxes.journal import Journal, JournalBudget
from mock_server.sandboxes.registry import Sandboxes
from mock_server.sandboxes.sandbox import Sandbox
from mock_server.scenarios.library import Library
from mock_server.settings import Settings
from mock_server.simulation.clock import Clock
from mock_server.simulation.ids import Ids
from mock_server.simulation.snapshot import snapshot
from mock_server.storage.memory import MemoryStore
from mock_server.storage.protocol import RetentionPolicy, Store


def create_sandboxes(
    settings: Settings,
    clock: Clock | None = None,
    store: Store | None = None,
    document: Mapping[str, Any] | None = None,
) -> Sandboxes:
    """The sandboxes of one server. Raises `ValueError` with a one-line message if a setting is wrong.

    The given clock and store are those of the shared sandbox. The sandbox of a test has its own.
    """
    library = Library(document or openapi.load(), settings.scenarios)
    default = _default(settings.scenario, library)
    seed = settings.seed or secrets.token_hex(4)
    return Sandboxes(_SandboxFactory(settings, clock, store, library, seed, bool(default.conditions)))


@dataclass(frozen=True)
class _SandboxFactory:
    """Makes the sandbox of a test; without a name, the shared sandbox."""

    settings: Settings
    clock: Clock | None
    store: Store | None
    library: Library
    seed: str
    conditioned: bool
    budget: JournalBudget = field(default_factory=JournalBudget)

    def __call__(self, test: str) -> Sandbox:
        settings, seed = self.settings, f"{self.seed} {test}" if test else self.seed
        policy = RetentionPolicy(
            max_runs=settings.max_runs,
            has_ended=lambda run: snapshot(run, sandbox.now_of(run)).is_terminal,
            on_evict=lambda run_id: sandbox.run_clocks.pop(run_id, None),
        )
        store = self.store if self.store and not test else _new_store(settings, policy, test)
        kept = store.time()
        # Processes that are forked now have to open the store themselves.
        store.close()
        sandbox = Sandbox(
            settings=settings,
            seed=seed,
            clock=self.clock if self.clock and not test else _new_clock(settings, self.clock, kept),
            store=store,
            # The file may contain ids of this seed, and other workers make ids too.
            ids=Ids(f"{seed} {secrets.token_hex(8)}" if settings.store else seed),
            library=self.library,
            scenario=settings.scenario,
            test=test,
            # Another worker may have created a run with conditions.
            conditioned=self.conditioned or settings.workers > 1,
            counters=Counters(seed),
            journal=Journal(self.budget if test else None),
        )
        return sandbox


def _new_clock(settings: Settings, given: Clock | None, kept: int) -> Clock:
    """A clock that goes on from the time that the store keeps, if that is later than its own."""
    if given:
        return Clock(given.speed, max(given.now(), kept))
    speed = 0.0 if settings.clock == "manual" else settings.speed or 1.0
    return Clock(speed, max(Clock(speed).now(), kept))


def _new_store(settings: Settings, policy: RetentionPolicy, test: str) -> Store:
    if settings.store is None:
        return MemoryStore(policy)
    # Imported here: most servers keep everything in memory.
    from mock_server.storage.lmdb.store import LmdbStore

    found = LmdbStore(settings.store, policy, test)
    if not test:
        found.check()
    return found


def _default(scenario: str, library: Library) -> Choice:
    try:
        return named(library, scenario, "--scenario")
    except Refusal as refusal:
        raise ValueError(refusal.message) from None


def build(document: Mapping[str, Any], clock: Clock | None, settings: Settings) -> tuple[ASGIApp, Sandboxes]:
    """The application of one process, and its sandboxes. Raises `ValueError` as `create_sandboxes` does."""
    sandboxes = create_sandboxes(settings, clock, document=document)
    return application(sandboxes, document), sandboxes


def create_app(
    settings: Settings | None = None,
    clock: Clock | None = None,
    store: Store | None = None,
    document: Mapping[str, Any] | None = None,
) -> ASGIApp:
    """The mock as an ASGI application. By default it serves the `assumed` view of the document."""
    served = document or openapi.load()
    return application(create_sandboxes(settings or Settings(), clock, store, served), served)


def application(sandboxes: Sandboxes, document: Mapping[str, Any]) -> ASGIApp:
    """The ASGI application of a server: the API and the control calls."""
    settings = sandboxes.shared.settings
    connexion = ConnexionMiddleware(
        dispatch,
        import_name=__name__,
        middlewares=[
            partial(Gateway, sandboxes=sandboxes, cors=Cors(settings.cors_origins)),
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
    app = WithControl(connexion, sandboxes)
    return _self_checked(app, sandboxes, document) if settings.self_check else app


def _self_checked(app: ASGIApp, sandboxes: Sandboxes, document: Mapping[str, Any]) -> ASGIApp:
    # Imported here: the import is slow, and few servers need it.
    from mock_server.response_check import SelfCheck

    def is_exempt(choice: str) -> bool:
        name, *conditions = choice.partition(";")[0].split("+")
        scenario = sandboxes.shared.library.scenarios().get(name)
        return bool(conditions or (scenario and scenario.breaks))

    return SelfCheck(app, document, is_exempt)
