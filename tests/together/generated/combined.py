"""What does a deployment look like that makes all its free choices by its options?"""

from dataclasses import dataclass
from typing import Any

from tests.together.deployment import Deployment
from tests.together.generated.choices.answers import Answers
from tests.together.generated.choices.refusals import Refusals
from tests.together.generated.choices.requests import Requests
from tests.together.generated.choices.runs import Runs
from tests.together.generated.choices.stores import Stores
from tests.together.generated.choices.streams import Streams
from tests.together.generated.choices.transport import Transport
from tests.together.generated.options import Options


class Conforming(Streams, Transport, Answers, Refusals, Requests, Stores, Runs, Deployment):
    """A deployment that conforms, whichever options it is given."""

    def __init__(self, options: Options) -> None:
        self.options = options
        super().__init__()


@dataclass(frozen=True)
class Wire:
    """What the HTTP server below the application decides."""

    framing: str = "length"
    header_case: str = "lower"
    keep_alive: bool = True
    date: str = "true"
    skew_seconds: float = 0.0

    @classmethod
    def of(cls, options: Any) -> "Wire":
        """The wire of a conforming deployment."""
        return cls(
            options.framing, options.header_case, options.keep_alive, options.date, options.skew_seconds
        )
