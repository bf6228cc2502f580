"""Which deployments prove the checker, and what should it report about each?"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

from tests.together.deployment import Deployment

App = TypeVar("App", bound=type[Deployment])
SEVERITIES = ("failure", "warning", "note", "clean")


@dataclass(frozen=True)
class Case:
    """A deployment, and the most severe finding that the checker should have.

    `fact` is what a fault breaks, or how a variant differs. `options` are the arguments of tune-check that
    a user would give for this deployment. `serving` are options of the HTTP server.
    """

    name: str
    group: str
    fact: str
    severity: str
    app: Callable[[], Deployment]
    options: tuple[str, ...] = ()
    serving: tuple[tuple[str, object], ...] = ()

    @property
    def conforming(self) -> bool:
        """Whether the deployment conforms, so that the checker must not fail it."""
        return self.severity != "failure"


CASES: dict[str, Case] = {}


def _register(
    app: type[Deployment], group: str, severity: str, options: Iterable[str], serving: dict[str, object]
) -> None:
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", app.__name__).lower()
    assert name not in CASES, f"two cases are named {name}"
    assert severity in SEVERITIES, f"{name}: {severity}"
    fact = " ".join((app.__doc__ or "").split())
    CASES[name] = Case(name, group, fact, severity, app, tuple(options), tuple(serving.items()))


def fault(severity: str = "failure", *options: str, **serving: object) -> Callable[[App], App]:
    """Register a deployment that breaks the fact in its docstring. Its module is the group."""

    def register(app: App) -> App:
        _register(app, app.__module__.rpartition(".")[2], severity, options, serving)
        return app

    return register


def variant(*options: str, **serving: object) -> Callable[[App], App]:
    """Register a conforming deployment that differs in the way its docstring says."""

    def register(app: App) -> App:
        _register(app, "variants", "clean", options, serving)
        return app

    return register


def cases(*wanted: str) -> list[Case]:
    """The cases with these groups or names, all if none is given."""
    from tests.together import faults

    for module in iter_modules(faults.__path__):
        import_module(f"{faults.__name__}.{module.name}")
    import_module("tests.together.variants")
    unknown = {*wanted} - {*CASES} - {case.group for case in CASES.values()}
    if unknown:
        raise SystemExit(f"no such case or group: {', '.join(sorted(unknown))}")
    return [case for case in CASES.values() if not wanted or case.name in wanted or case.group in wanted]
