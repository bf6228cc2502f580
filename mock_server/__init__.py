"""Answers: how does a program get a mock server?"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mock_server.app import create_app
    from mock_server.settings import Settings
    from mock_server.simulation.clock import Clock

__all__ = ["Clock", "Settings", "create_app"]

_HOMES = {
    "Clock": "mock_server.simulation.clock",
    "Settings": "mock_server.settings",
    "create_app": "mock_server.app",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: pytest loads the plugin of this package, and so the package, at every start.
    if name not in _HOMES:
        raise AttributeError(f"module 'mock_server' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
