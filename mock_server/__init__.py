"""How does a Python program create a mock server?"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mock_server.app import create_app
    from mock_server.settings import Settings
    from mock_server.simulation.clock import Clock

__all__ = ["Clock", "Settings", "create_app"]

_MODULES = {
    "Clock": "mock_server.simulation.clock",
    "Settings": "mock_server.settings",
    "create_app": "mock_server.app",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: pytest imports this package at every start, because it contains a plugin.
    if name not in _MODULES:
        raise AttributeError(f"module 'mock_server' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)
