"""How is an option declared?"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from openapi import Grade


def choice(*values: Any, why: str, breaks: Mapping[Any, Grade] | None = None) -> Any:
    """A field of an options class: its values, the default first, and why they all conform.

    `breaks` names the values that conform and yet differ from what is observed or assumed.
    """
    return field(default=values[0], metadata={"values": values, "why": why, "breaks": breaks or {}})
