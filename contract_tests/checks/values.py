"""What do the checks of lives and timestamps ask of a single value?"""

from typing import Any

from contract_tests.observations.lifecycle import lifecycles
from contract_tests.observations.timestamps import moment
from contract_tests.observations.traces import Trace


def lives(trace: Trace) -> bool:
    """Whether a trace is of something that has a status."""
    return trace.kind in lifecycles()


def empty(value: Any) -> bool:
    """Whether a field has no value, in any of the ways services write that."""
    return value in (None, "", [], {})


def same(old: Any, new: Any) -> bool:
    """Whether two texts name one moment."""
    one, other = moment(old), moment(new)
    return one is not None and other is not None and not one.differs(other)
