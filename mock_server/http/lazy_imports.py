"""How is a library imported without others that it names and the mock never uses?

connexion imports Starlette's test client and two HTTP clients whenever it is imported: two fifths of the
time that takes. While the block lasts, modules that stand in for them are found; one that is used after all
imports what it stands for.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


@contextmanager
def stand_ins(modules: Sequence[str], classes: Sequence[str] = ()) -> Iterator[None]:
    """Let modules, and classes given as `module.Class`, be imported by name only; what is loaded stays."""
    standing = {name: _module(name) for name in modules if name not in sys.modules}
    for full_name in classes:
        name, _, class_name = full_name.rpartition(".")
        if name not in sys.modules:
            standing[name] = _module(name)
            setattr(standing[name], class_name, _class(name, class_name))
    sys.modules.update(standing)
    try:
        yield
    finally:
        for name, module in standing.items():
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
    """A class that makes instances of the one it stands for."""

    def make(_: type, *args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(module), name)(*args, **kwargs)

    return type(name, (), {"__new__": make})
