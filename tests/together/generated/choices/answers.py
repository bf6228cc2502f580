"""How may the fields of an answer be written?"""

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any

from starlette.responses import Response

from openapi import Grade
from tests.together.deployment import Deployment
from tests.together.generated.choices.choosing import choice
from tests.together.generated.document import ITEM, schema_places
from tests.together.service import Json, Run

ROOTS = {
    "run": "Run",
    "thread": "Thread",
    "thread.message": "Message",
    "thread.run.step": "RunStep",
    "list": "RunList",
}
CLIENTS_OWN = frozenset({"metadata", "parameters"})
_MORE = {"traceId": "4f1c2f6e", "likes": 0, "hidden": False, "about": {"list": [1, {"a": None}], "text": ""}}
_EMPTY = {"string": "", "object": {}, "array": []}
_ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@cache
def types() -> Mapping[str, str]:
    """The type of each field of each resource; `date-time` for a timestamp."""
    found = {}
    for root, schema in ROOTS.items():
        for place in schema_places(schema):
            names = ".".join(name for name in place.names if name != ITEM)
            found[f"{root}.{names}"] = place.format or "".join(place.types[:1])
    return {name: kind for name, kind in found.items() if not name.startswith("list.data.")}


@dataclass(frozen=True)
class AnswerOptions:
    """Free choices of how answers are written."""

    nothing: str = choice(
        "as is",
        "null",
        "absent",
        "empty",
        why="no field of an answer is marked required; absent means empty and null may stand for absent",
    )
    zeros: str = choice(
        "as is", "absent", "null", why="protobuf's JSON leaves out 0 and false; absent means 0 or false"
    )
    exceptions: tuple[tuple[str, str], ...] = choice(
        (), why="what holds for all empty fields holds for each of them, at every depth"
    )
    more_fields: str = choice(
        "none", "in resources", "everywhere", why="the pages do not say that an object has no further fields"
    )
    key_order: str = choice(
        "as is", "sorted", "reversed", "shuffled", why="the names in a JSON object have no order (RFC 8259 4)"
    )
    text_form: str = choice(
        "object", "string", "bare object", why="a part's text is documented as a string, observed as {value}"
    )
    instructions: str = choice(
        "as asked", "joined", "default", why='"The instructions for the run" may be what the model is given'
    )
    tools_completed: bool = choice(
        False, True, why='"The tools used in the run" may carry what the service adds to each'
    )
    assistant: str = choice(
        "none", "default", why="assistantId of a run is a string; an organization may have a default"
    )
    expires_at: str = choice(
        "given", "null", "absent", why='"The time the run expires": a run without a deadline has none'
    )
    usage: str = choice(
        "given",
        "null",
        "absent",
        "other names",
        why="usage is an object without description",
        breaks={"other names": Grade.ASSUMED},
    )
    last_error: str = choice(
        "as assumed",
        "message only",
        "other code",
        "absent",
        why="lastError is an object without description; no sentence says when it is set",
        breaks={"message only": Grade.ASSUMED, "other code": Grade.ASSUMED},
    )
    step_details: str = choice(
        "as assumed", "type only", "null", "absent", why="stepDetails is an object without description"
    )
    thread_metadata: str = choice(
        "as is", "null", "absent", why="a thread's metadata may be null or absent (observed)"
    )
    id_form: str = choice(
        "prefixed uuid",
        "uuid",
        "ulid",
        "number",
        "odd letters",
        "percent",
        "capitals",
        "long",
        "beyond ASCII",
        why="an id is a string; no page gives its form",
    )
    digits: int = choice(3, 0, 1, 2, 6, 9, why="RFC 3339 5.6: any number of digits behind the seconds")
    zone: str = choice(
        "Z", "+00:00", "-00:00", "+05:30", "-08:00", "z", why="RFC 3339 5.6: Z in any case, or an offset"
    )


class Answers(Deployment):
    """The part of a deployment that decides how answers are written."""

    options: Any
    numbered = 0

    def json(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """A JSON response; what it tells is written as the options say."""
        return super().json(self.shape(value) if status == 200 else value, status, headers)

    def shape(self, value: Any, path: str = "") -> Any:
        """A value as the options write it, at every depth."""
        if isinstance(value, list):
            return [self.shape(item, path) for item in value]
        if not isinstance(value, dict):
            return value
        kind = value.get("object")
        path = kind if kind in ROOTS else path
        pairs = [(name, self._member(f"{path}.{name}", name, item)) for name, item in value.items()]
        pairs = [(name, item) for name, item in pairs if item is not _ABSENT]
        deep = self.options.more_fields == "everywhere" and path.rpartition(".")[2] not in CLIENTS_OWN
        if deep or (kind in ROOTS and self.options.more_fields == "in resources"):
            pairs += list(_MORE.items())
        return dict(self._ordered(pairs))

    def _member(self, path: str, name: str, value: Any) -> Any:
        if name == "text" and isinstance(value, dict):
            value = self._text(value)
        inner = value if name in CLIENTS_OWN else self.shape(value, path)
        return self._form(path, inner)

    def _text(self, value: Json) -> Any:
        words = value.get("value")
        if self.options.text_form == "object" or not isinstance(words, str):
            return value
        return words if self.options.text_form == "string" else {"value": words}

    def _form(self, path: str, value: Any) -> Any:
        """The value itself, or the way in which a value that says nothing is written."""
        zero = value is False or (value == 0 and isinstance(value, int | float))
        if not zero and value not in (None, "", [], {}):
            return value
        usual = self.options.zeros if zero else self.options.nothing
        form = dict(self.options.exceptions).get(path, usual)
        if form == "absent":
            return _ABSENT
        if form == "null":
            return None
        return _EMPTY.get(types().get(path, ""), value) if form == "empty" and value is None else value

    def _ordered(self, pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        match self.options.key_order:
            case "sorted":
                return sorted(pairs, key=lambda pair: pair[0])
            case "reversed":
                return pairs[::-1]
            case "shuffled":
                return random.Random(len(pairs)).sample(pairs, len(pairs))
        return pairs

    def stamp(self, moment: datetime) -> str:
        """A moment in the chosen precision and zone."""
        digits, zone = self.options.digits, self.options.zone
        hours = {"+05:30": 5.5, "-08:00": -8.0}.get(zone, 0.0)
        local = moment.astimezone(timezone(timedelta(hours=hours)) if hours else UTC)
        fraction = f"{local.microsecond:06}417"[:digits]
        return f"{local:%Y-%m-%dT%H:%M:%S}{'.' if digits else ''}{fraction}{zone}"

    def new_id(self, kind: str) -> str:
        """A fresh id of the chosen form."""
        fresh = uuid.uuid4()
        self.numbered += 1
        match self.options.id_form:
            case "uuid":
                return str(fresh)
            case "ulid":
                return "".join(_ULID[fresh.int >> shift & 31] for shift in range(125, -1, -5))
            case "number":
                return str(17_000_000_000 + self.numbered)
            case "odd letters":
                return f"{kind}:{fresh}~=+!$@,;"
            case "percent":
                return f"{kind}%2F%{fresh}"
            case "capitals":
                return f"{kind}_{fresh}".upper()
            case "long":
                return f"{kind}_{fresh.hex * 6}"
            case "beyond ASCII":
                return f"{kind}_ñ漢_{fresh}"
        return f"{kind}_{fresh}"

    def instructions(self, asked: Json) -> str:
        """The instructions of a run as they are shown."""
        given = super().instructions(asked)
        if self.options.instructions == "joined":
            return "\n".join(filter(None, [given, asked.get("additionaInstructions", "")]))
        return given or ("You are a helpful assistant." if self.options.instructions == "default" else "")

    def show_run(self, run: Run) -> Json:
        """A run with the fields that may differ."""
        row = super().show_run(run)
        if self.options.tools_completed:
            row["tools"] = [{"id": f"tool_{at}", **tool} for at, tool in enumerate(row["tools"])]
        if self.options.assistant == "default":
            row["assistantId"] = row["assistantId"] or "asst_default"
        return self._optional(row, expiresAt=self.options.expires_at, usage=self.options.usage)

    def show_step(self, step: Json) -> Json:
        """A step with the fields that may differ."""
        row = super().show_step(step)
        if self.options.step_details == "type only":
            row["stepDetails"] = {"type": row["type"]}
        return self._optional(row, stepDetails=self.options.step_details, expiresAt=self.options.expires_at)

    def show_thread(self, thread: Any) -> Json:
        """A thread with the fields that may differ."""
        row = super().show_thread(thread)
        form = self.options.thread_metadata
        return row if row["metadata"] else self._optional(row, metadata=form)

    def _optional(self, row: Json, **forms: str) -> Json:
        row = {name: value for name, value in row.items() if forms.get(name) != "absent"}
        row |= {name: None for name, form in forms.items() if form == "null"}
        if forms.get("usage") == "other names" and row.get("usage"):
            row["usage"] = {"tokens": row["usage"]["totalTokens"], "cost": 0.25}
        return row

    def fail(self, run: Run, code: str = "server_error") -> None:
        """End a run that went wrong, with the chosen error."""
        super().fail(run, code)
        if self.options.last_error != "as assumed":
            other = {"message only": {"message": "the model failed"}, "other code": {"code": "E_MODEL_17"}}
            run.row["lastError"] = other.get(self.options.last_error)
            run.log[-1] = (run.log[-1][0], self.show_run(run))


_ABSENT = object()
