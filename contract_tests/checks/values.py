"""What do the checks of statuses and timestamps ask about a value?"""

from typing import Any

from contract_tests.observations.lifecycle import lifecycles
from contract_tests.observations.timestamps import parse_timestamp
from contract_tests.observations.traces import Trace


def has_status(trace: Trace) -> bool:
    """Whether the resource has a status."""
    return trace.kind in lifecycles()


def empty(value: Any) -> bool:
    """Whether a field has no value, however a service writes that."""
    return value in (None, "", [], {})


def same_time(old: Any, new: Any) -> bool:
    """Whether two timestamps mean the same time."""
    one, other = parse_timestamp(old), parse_timestamp(new)
    return one is not None and other is not None and not one.differs(other)
