"""How is a library imported without the libraries that it imports and the mock does not use?

connexion imports Starlette's test client and two HTTP clients, which takes two fifths of its import time.
During the block, placeholder modules are imported instead. A placeholder that is used imports the real
module.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


@contextmanager
def placeholders(modules: Sequence[str], classes: Sequence[str] = ()) -> Iterator[None]:
    """Replace modules, and classes written as `module.Class`, by placeholders, unless they are loaded."""
    replaced = {name: _module(name) for name in modules if name not in sys.modules}
    for full_name in classes:
        name, _, class_name = full_name.rpartition(".")
        if name not in sys.modules:
            replaced[name] = _module(name)
            setattr(replaced[name], class_name, _class(name, class_name))
    sys.modules.update(replaced)
    try:
        yield
    finally:
        for name, module in replaced.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _module(name: str) -> ModuleType:
    module = ModuleType(name)

    def real(attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        if sys.modules.get(name) is module:
            del sys.modules[name]
        return getattr(import_module(name), attribute)

    module.__getattr__ = real  # type: ignore[method-assign]
    return module


def _class(module: str, name: str) -> type:
    """A class that creates instances of the real one."""

    def make(_: type, *args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(module), name)(*args, **kwargs)

    return type(name, (), {"__new__": make})
