"""Which requests that no page rules on may be taken, and which refused?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from openapi import Grade
from tests.together.deployment import ROUTES, Deployment
from tests.together.generated.choices.choosing import choice
from tests.together.generated.document import request_validator
from tests.together.service import Json, Refusal

_OPERATIONS = {
    "thread": "createThread",
    "run": "createRun",
    "message": "createMessage",
    "outputs": "submitToolOutputs",
}
_KNOWN_MODELS = ("tune/blob", "tune/bob", "meta/llama-3.1-8b-instruct")
_NUL = "\x00"


@dataclass(frozen=True)
class RequestOptions:
    """Free choices of which requests are taken."""

    unknown_fields: str = choice(
        "taken",
        "taken",
        "refused",
        why="that unknown fields are taken is observed, not documented",
        breaks={"refused": Grade.OBSERVED},
    )
    nulls: str = choice("refused", "absent", why="no page says what null means in a request")
    odd_numbers: str = choice(
        "refused",
        "read",
        why='protobuf\'s JSON reads "12" and 12.0 as an integer; the pages name types alone',
    )
    bounds: str = choice(
        "as assumed",
        "none",
        why="no page bounds temperature, topP or the token limits",
        breaks={"none": Grade.ASSUMED},
    )
    empty_content: str = choice("taken", "refused", why="no page says that a message may be empty")
    metadata: str = choice(
        "any", "16 texts of 512", why="no page says how much metadata is kept, or of which types"
    )
    largest_body: int = choice(
        1 << 20, 65536, 8192, why="no page says how large a body may be (RFC 9110 15.5.14)"
    )
    nul: str = choice("kept", "refused", why="a store may have no NUL in its texts; no page speaks of it")
    function_names: str = choice("any", "required", why="no page describes the members of a run's tools")
    roles: str = choice(
        "all",
        "all",
        "documented",
        why="the documented roles are user and assistant; others are observed",
        breaks={"documented": Grade.OBSERVED},
    )
    models: str = choice("any", "known", why='"The ID of the Model": a service knows which models it has')
    organizations: str = choice(
        "unknown is 403",
        "any",
        "unknown is 404",
        why="no page says what an unknown organization gets",
        breaks={"any": Grade.ASSUMED},
    )
    large_limit: str = choice(
        "refused", "clamped", "obeyed", why="limit is documented from 1 to 100; not what happens beyond"
    )
    thread_limit: str = choice(
        "clamped",
        "obeyed",
        "obeyed",
        "refused",
        why="clients ask for 1000 threads (observed); no page allows it",
        breaks={"refused": Grade.OBSERVED},
    )
    small_limit: str = choice(
        "refused", "default", why="protobuf's JSON cannot tell limit=0 from a limit that was left out"
    )
    unknown_cursor: str = choice(
        "empty page", "400", "404", "ignored", why="no page says what a cursor that names no entry gives"
    )
    before: str = choice(
        "page in front",
        "page from the start",
        why="no page says which entries of many a page with before has",
    )
    media_type: str = choice(
        "JSON",
        "any",
        why="the pages say that clients send JSON; not that JSON under another name is refused",
        breaks={"any": Grade.ASSUMED},
    )
    assistants: str = choice(
        "checked", "unread", why="assistantId is not supported yet, so a service may not look at it"
    )
    no_body: str = choice("as empty", "400", why="no page says that a request may come without its body")


class Requests(Deployment):
    """The part of a deployment that decides which requests are taken."""

    options: Any

    def __init__(self) -> None:
        super().__init__()
        self.largest_body = self.options.largest_body

    @property
    def routes(self) -> Mapping[str, str]:
        """The routes that are offered."""
        missing = {
            "cancel_run": self.options.cancelling in ("404", "405"),
            "submit_tool_outputs": self.options.outputs in ("404", "405"),
        }
        return {route: handler for route, handler in ROUTES.items() if not missing.get(handler)}

    async def body(self, request: Request, kind: str, *more: str) -> Json:
        """The request's body, checked."""
        if self.options.no_body == "400" and not await request.body():
            raise Refusal(400, "invalid_argument", "the body is missing")
        value = self._read(await super().body(request, kind, *more))
        kept = self.options.assistants == "checked" or isinstance(value.get("assistantId", ""), str)
        return value if kept else {**value, "assistantId": ""}

    def check_media_type(self, request: Request) -> None:
        """Accept JSON, under its own name or any."""
        if self.options.media_type == "JSON":
            super().check_media_type(request)

    def _read(self, value: Any) -> Any:
        """A body without the nulls that are read as absent."""
        if self.options.nulls == "absent" and isinstance(value, dict):
            return {name: self._read(item) for name, item in value.items() if item is not None}
        return value

    def check(self, value: Any, kind: str) -> None:
        """Refuse a body with a field that is missing or wrong."""
        value = self._read(value)
        if self.options.assistants == "unread" and isinstance(value, dict):
            value = {name: item for name, item in value.items() if name != "assistantId"}
        if not isinstance(value, dict):
            raise Refusal(400, "invalid_argument", f"{kind}: must be an object")
        for name in self.required[kind]:
            if name not in value or (name == "model" and not value[name]):
                raise Refusal(400, "invalid_argument", f"{name}: is required")
        self._check_schema(value, kind)
        self._check_fields(value, kind)

    def _check_schema(self, value: Json, kind: str) -> None:
        grade = Grade.DOCUMENTED if self.options.bounds == "none" and kind == "run" else Grade.ASSUMED
        # The fields of a nested thread are checked as the thread's own.
        whole = {"model": "a/b", **value} if kind == "run" else value
        for error in request_validator(_OPERATIONS[kind], grade).iter_errors(whole):
            if self.options.odd_numbers == "refused" or not _odd_number(error):
                place = ".".join(map(str, error.instance_path))
                raise Refusal(400, "invalid_argument", f"{place}: {error.message[:200]}")

    def _check_fields(self, value: Json, kind: str) -> None:
        options = self.options
        known = {*self.rules[kind], "thread"} if kind == "run" else {*self.rules[kind]}
        known |= {"messages", "title", "datasetId", "toolResources"} if kind == "thread" else set()
        wrong = {
            f"{', '.join(sorted({*value} - known))}: unknown": options.unknown_fields == "refused"
            and bool({*value} - known),
            "content: must not be empty": options.empty_content == "refused"
            and kind == "message"
            and value.get("content") in ("", []),
            "metadata: at most 16 texts of 512": options.metadata != "any"
            and _is_much(value.get("metadata")),
            "a text must not hold NUL": options.nul == "refused" and _holds_nul(value),
            "tools: a function needs a name": options.function_names == "required" and _is_nameless(value),
            "role: must be user or assistant": options.roles == "documented" and _other_roles(value),
            "model: there is no such model": kind == "run"
            and options.models == "known"
            and value["model"] not in _KNOWN_MODELS,
        }
        for message, holds in wrong.items():
            if holds:
                raise Refusal(400, "invalid_argument", message)

    def authenticate_organization(self, name: str) -> None:
        """Let in who names an organization that is known."""
        unknown = {"unknown is 403": 403, "unknown is 404": 404}.get(self.options.organizations)
        if unknown:
            raise Refusal(unknown, "permission_denied", "the organization is not yours")

    def limit(self, request: Request, lenient: bool) -> int:
        """How many entries a page may have."""
        text = request.query_params.get("limit", "20")
        limit = int(text) if re.fullmatch("-?[0-9]{1,9}", text, re.ASCII) else None
        large = self.options.thread_limit if lenient else self.options.large_limit
        if limit == 0 and self.options.small_limit == "default":
            return 20
        if limit is None or limit < 1 or (limit > 100 and large == "refused"):
            raise Refusal(400, "invalid_argument", "limit: must be an integer from 1 to 100")
        return limit if large == "obeyed" else min(limit, 100)

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        """The entries of one page, and whether more follow."""
        ids = [item["id"] for item in items]
        asked = request.query_params
        lost = [asked[name] for name in ("after", "before") if asked.get(name) and asked[name] not in ids]
        form = self.options.unknown_cursor
        if lost and form in ("400", "404"):
            raise Refusal(int(form), "invalid_argument", f"no entry has the id {lost[0]}")
        if lost and form == "ignored":
            return items[:limit], len(items) > limit
        if self.options.before != "page in front" and asked.get("before") in ids and not asked.get("after"):
            page = items[: ids.index(asked["before"])]
            return page[:limit], len(page) > limit
        return super().select(items, request, limit)


def _odd_number(error: Any) -> bool:
    """Whether a number is written in a way that protobuf's JSON reads."""
    value, wanted = error.instance, error.message
    if '"integer"' not in wanted and '"number"' not in wanted:
        return False
    if isinstance(value, str):
        return bool(re.fullmatch(r"-?\d+" if '"integer"' in wanted else r"-?\d+(\.\d+)?", value, re.ASCII))
    return isinstance(value, float) and value.is_integer()


def _is_much(metadata: Any) -> bool:
    pairs = list(metadata.items()) if isinstance(metadata, dict) else []
    return len(pairs) > 16 or any(
        len(name) > 64 or not isinstance(text, str) or len(text) > 512 for name, text in pairs
    )


def _holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_NUL in name or _holds_nul(item) for name, item in value.items())
    return (
        any(map(_holds_nul, value)) if isinstance(value, list) else isinstance(value, str) and _NUL in value
    )


def _is_nameless(value: Json) -> bool:
    tools = value.get("tools") or []
    return any(tool.get("type") == "function" and not tool.get("function", {}).get("name") for tool in tools)


def _other_roles(value: Json) -> bool:
    messages = value.get("messages") or []
    return any(one.get("role") not in ("user", "assistant") for one in messages)
