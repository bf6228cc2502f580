"""Which deployments accept invalid requests, or reject valid ones?"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starlette.requests import Request

from tests.together.cases import fault
from tests.together.deployment import (
    COUNT,
    FLAG,
    MESSAGE,
    OBJECT,
    RUN,
    TEXT,
    Deployment,
    Rule,
    listing,
    number,
)
from tests.together.service import Json, Refusal, Thread

ANYTHING: Rule = ("anything", lambda value: True)


def either(*rules: Rule) -> Rule:
    """A rule that takes what one of the rules takes."""
    return (" or ".join(what for what, _ in rules), lambda value: any(fits(value) for _, fits in rules))


def ruling(kind: str, **rules: Rule) -> Mapping[str, Mapping[str, Rule]]:
    """The good deployment's rules with a few of one kind of body changed."""
    return {**Deployment.rules, kind: {**Deployment.rules[kind], **rules}}


def texts(value: Any) -> Any:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


@fault()
class ModelMayBeMissing(Deployment):
    """Creating a run requires a model."""

    required = MappingProxyType({**Deployment.required, "run": ()})

    def add_run(self, thread: Thread, fields: Json) -> Any:
        return super().add_run(thread, {"model": "tune/default", **fields})


@fault()
class ModelMayBeANumber(Deployment):
    """The model of a run is a string; other types are rejected."""

    rules = ruling("run", model=ANYTHING)

    def add_run(self, thread: Thread, fields: Json) -> Any:
        return super().add_run(thread, {**fields, "model": str(fields["model"])})


@fault()
class TemperatureMayBeText(Deployment):
    """temperature is a number; a string is rejected."""

    rules = ruling("run", temperature=either(number(0, 2), TEXT))


@fault()
class TopPMayBeAnything(Deployment):
    """topP is a number; other types are rejected."""

    rules = ruling("run", topP=ANYTHING)


@fault()
class StreamMayBeAWord(Deployment):
    """stream is a boolean; a string is rejected."""

    rules = ruling("run", stream=either(FLAG, TEXT))


@fault()
class TokensMayBeFractions(Deployment):
    """maxCompletionTokens is an integer; a fraction is rejected."""

    rules = ruling("run", maxCompletionTokens=number(1, 1e12))

    def words(self, run: Any) -> list[str]:
        run.request["maxCompletionTokens"] = int(run.request.get("maxCompletionTokens", 0)) or None
        return super().words(run)


@fault()
class PromptTokensMayBeText(Deployment):
    """maxPromptTokens is an integer; a string is rejected."""

    rules = ruling("run", maxPromptTokens=either(COUNT, TEXT))


@fault()
class MetadataMayBeText(Deployment):
    """metadata is an object; a string is rejected."""

    rules = ruling("run", metadata=either(OBJECT, TEXT))

    def add_run(self, thread: Thread, fields: Json) -> Any:
        given = fields.get("metadata", {})
        return super().add_run(thread, {**fields, "metadata": given if isinstance(given, dict) else {}})


@fault()
class ToolsMayBeAnObject(Deployment):
    """tools is a list; an object is rejected."""

    rules = ruling("run", tools=either(RUN["tools"], OBJECT))

    def add_run(self, thread: Thread, fields: Json) -> Any:
        given = fields.get("tools", [])
        return super().add_run(thread, {**fields, "tools": [given] if isinstance(given, dict) else given})


@fault()
class InstructionsMayBeAnything(Deployment):
    """instructions is a string; other types are rejected."""

    rules = ruling("run", instructions=ANYTHING, additionaInstructions=ANYTHING)


@fault()
class TruncationStrategyMayBeAWord(Deployment):
    """truncationStrategy is an object; a string is rejected."""

    rules = ruling("run", truncationStrategy=either(OBJECT, TEXT))


@fault()
class TitleMayBeAnything(Deployment):
    """The title of a thread is a string; other types are rejected."""

    rules = ruling("thread", title=ANYTHING)

    def add_thread(self, fields: Json) -> Thread:
        return super().add_thread({**fields, "title": str(fields.get("title", ""))})


@fault()
class RoleMayBeAnyWord(Deployment):
    """The role of a message is user or assistant; other words are rejected."""

    rules = ruling("message", role=TEXT)

    def add_message(self, thread: Thread, fields: Json) -> Json:
        known = fields["role"] in ("user", "assistant", "system")
        return super().add_message(thread, {**fields, "role": fields["role"] if known else "user"})


@fault()
class ContentMayBeANumber(Deployment):
    """The content of a message is a string or a list of parts; a number is rejected."""

    rules = ruling("message", content=either(MESSAGE["content"], number(-1e9, 1e9)))

    def content(self, value: Any) -> list[Json]:
        return super().content(str(value) if isinstance(value, int | float) else value)


@fault()
class UnreadableBodyIsEmpty(Deployment):
    """A body that is not JSON is rejected."""

    def parse(self, raw: bytes) -> Any:
        try:
            return super().parse(raw)
        except Refusal:
            return {"model": "tune/default", "role": "user", "content": ""}


@fault()
class ListIsAccepted(Deployment):
    """A body that is not an object is rejected."""

    def parse(self, raw: bytes) -> Any:
        value = super().parse(raw)
        return value if isinstance(value, dict) else {"model": "tune/default", "role": "user", "content": "x"}


@fault()
class CrashesOnBrokenJson(Deployment):
    """A body that is not JSON is a client error."""

    def parse(self, raw: bytes) -> Any:
        return json.loads(raw)


@fault()
class CrashesOnAnEmptyBody(Deployment):
    """An empty body is a client error, or an empty object."""

    async def body(self, request: Request, kind: str, *more: str) -> Json:
        if not await request.body():
            raise Refusal(500, "internal", "unexpected end of JSON input")
        return await super().body(request, kind, *more)


@fault("warning")
class UnknownFieldsAreRefused(Deployment):
    """An unknown field is accepted (observed)."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        unknown = set(value) - set(self.rules[kind]) - ({"thread"} if kind == "run" else set())
        if unknown:
            raise Refusal(400, "invalid_argument", f"unknown field {sorted(unknown)[0]!r}")


@fault("warning")
class ThreadIdInTheBodyIsRefused(Deployment):
    """The threadId of the path is accepted in the body too (observed)."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if "threadId" in value:
            raise Refusal(400, "invalid_argument", "threadId belongs in the path")


@fault("warning")
class EmptyTextIsRefused(Deployment):
    """An empty string is accepted for a field that is not set (observed)."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if "" in (value.get("assistantId"), value.get("runId"), value.get("datasetId")):
            raise Refusal(400, "invalid_argument", "an id must not be empty")


@fault("warning")
class PlainContentIsRefused(Deployment):
    """The content of a message may be a string (observed)."""

    rules = ruling("message", content=listing("parts", lambda part: True))


@fault()
class ContentPartsAreRefused(Deployment):
    """The content of a message may be a list of parts."""

    rules = ruling("message", content=TEXT)


@fault()
class AdditionalInstructionsAreRefused(Deployment):
    """The field `additionaInstructions` is accepted as it is spelled."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if "additionaInstructions" in value:
            raise Refusal(
                400, "invalid_argument", "additionaInstructions: did you mean additionalInstructions?"
            )


@fault()
class WholeNumbersAreNotNumbers(Deployment):
    """1 is accepted as a temperature, like 1.0."""

    rules = ruling("run", temperature=("a float", lambda value: isinstance(value, float) and 0 <= value <= 2))


@fault()
class TopPAndTemperatureTogetherAreRefused(Deployment):
    """All documented fields are accepted together."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if "topP" in value and "temperature" in value:
            raise Refusal(400, "invalid_argument", "give temperature or topP, not both")


@fault()
class ToolsAreNotImplemented(Deployment):
    """tools is accepted."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if value.get("tools"):
            raise Refusal(501, "unimplemented", "tools are not implemented")


@fault()
class TruncationStrategyIsRefused(Deployment):
    """truncationStrategy is accepted."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if "truncationStrategy" in value:
            raise Refusal(400, "invalid_argument", "unknown field truncationStrategy")


@fault()
class MessagesOfANewThreadAreRefused(Deployment):
    """A thread may be created with messages."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if kind == "thread" and value.get("messages"):
            raise Refusal(400, "invalid_argument", "messages: add them one by one")


@fault()
class CharsetOfJsonIsRefused(Deployment):
    """`application/json; charset=utf-8` is accepted as JSON."""

    def check_media_type(self, request: Request) -> None:
        if request.headers.get("content-type") != "application/json":
            raise Refusal(415, "invalid_argument", "send application/json")


@fault("warning")
class AnyMediaTypeIsJson(Deployment):
    """A body with another media type than JSON is rejected."""

    def check_media_type(self, request: Request) -> None:
        """Accept every media type."""


@fault()
class CrashesOnNul(Deployment):
    """A string with a NUL character does not cause a server error."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if any("\0" in text for text in texts(value)):
            raise Refusal(500, "internal", 'invalid byte sequence for encoding "UTF8": 0x00')


@fault()
class CrashesOnEmoji(Deployment):
    """A string with an emoji is accepted."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if any(max(map(ord, text), default=0) > 0xFFFF for text in texts(value)):
            raise Refusal(500, "internal", "Incorrect string value for column 'content'")


@fault()
class CrashesOnLongText(Deployment):
    """A very long string does not cause a server error."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if any(len(text) > 65_535 for text in texts(value)):
            raise Refusal(500, "internal", "value too long for type character varying(65535)")


@fault()
class CrashesOnDeepNesting(Deployment):
    """A deeply nested body does not cause a server error."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if json.dumps(value).count('{"') > 100 or "[" * 50 in json.dumps(value):
            raise Refusal(500, "internal", "maximum recursion depth exceeded")


@fault()
class CrashesOnHugeNumbers(Deployment):
    """A number of more than 64 bits does not cause a server error."""

    def check(self, value: Any, kind: str) -> None:
        for name in ("maxPromptTokens", "maxCompletionTokens", "temperature"):
            if isinstance(value.get(name), int | float) and abs(value[name]) >= 1 << 63:
                raise Refusal(500, "internal", "integer out of range")
        super().check(value, kind)


@fault()
class CrashesOnNull(Deployment):
    """null does not cause a server error."""

    def check(self, value: Any, kind: str) -> None:
        if isinstance(value, dict) and None in value.values():
            raise Refusal(500, "internal", "nil pointer dereference")
        super().check(value, kind)


@fault("warning")
class NegativeLimitIsAccepted(Deployment):
    """A negative limit is rejected."""

    def limit(self, request: Request, lenient: bool) -> int:
        if request.query_params.get("limit") == "-1":
            return 20
        return super().limit(request, lenient)


@fault()
class CrashesOnALimitThatIsAWord(Deployment):
    """A limit that is not a number is a client error."""

    def limit(self, request: Request, lenient: bool) -> int:
        int(request.query_params.get("limit", "20"))
        return super().limit(request, lenient)


@fault()
class OrderMayBeAnyWord(Deployment):
    """An order other than asc and desc is rejected."""

    def order(self, request: Request, default: str) -> str:
        order = request.query_params.get("order", default)
        return order if order in ("asc", "desc") else default


@fault()
class CrashesOnAnUnknownCursor(Deployment):
    """An unknown cursor does not cause a server error."""

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        after = request.query_params.get("after")
        if after and after not in {item["id"] for item in items}:
            raise Refusal(500, "internal", "list index out of range")
        return super().select(items, request, limit)


@fault()
class CrashesOnTwoKeysOfMetadata(Deployment):
    """Metadata may have more than one key."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if kind == "run" and len(value.get("metadata") or {}) > 1:
            raise Refusal(500, "internal", "cannot insert multiple rows")


@fault("warning")
class LimitOfThreadsIs100(Deployment):
    """Listing threads with a limit of 1000 is accepted (observed)."""

    def limit(self, request: Request, lenient: bool) -> int:
        return super().limit(request, False)


@fault("warning")
class SystemMessagesAreRefused(Deployment):
    """A thread may be created with messages of the role system (observed)."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if kind == "thread" and any(one["role"] == "system" for one in value.get("messages", [])):
            raise Refusal(400, "invalid_argument", "messages: role must be user or assistant")
