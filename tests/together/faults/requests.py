"""Which deployments take what they should refuse, or refuse what they should take?"""

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
    """Creating a run takes a model."""

    required = MappingProxyType({**Deployment.required, "run": ()})

    def add_run(self, thread: Thread, asked: Json) -> Any:
        return super().add_run(thread, {"model": "tune/default", **asked})


@fault()
class ModelMayBeANumber(Deployment):
    """The model of a run is a string; another type is refused."""

    rules = ruling("run", model=ANYTHING)

    def add_run(self, thread: Thread, asked: Json) -> Any:
        return super().add_run(thread, {**asked, "model": str(asked["model"])})


@fault()
class TemperatureMayBeText(Deployment):
    """Temperature is a number; a text is refused."""

    rules = ruling("run", temperature=either(number(0, 2), TEXT))


@fault()
class TopPMayBeAnything(Deployment):
    """TopP is a number; another type is refused."""

    rules = ruling("run", topP=ANYTHING)


@fault()
class StreamMayBeAWord(Deployment):
    """Stream is true or false; a word is refused."""

    rules = ruling("run", stream=either(FLAG, TEXT))


@fault()
class TokensMayBeFractions(Deployment):
    """MaxCompletionTokens is an integer; a fraction is refused."""

    rules = ruling("run", maxCompletionTokens=number(1, 1e12))

    def words(self, run: Any) -> list[str]:
        run.asked["maxCompletionTokens"] = int(run.asked.get("maxCompletionTokens", 0)) or None
        return super().words(run)


@fault()
class PromptTokensMayBeText(Deployment):
    """MaxPromptTokens is an integer; a text is refused."""

    rules = ruling("run", maxPromptTokens=either(COUNT, TEXT))


@fault()
class MetadataMayBeText(Deployment):
    """Metadata is an object; a text is refused."""

    rules = ruling("run", metadata=either(OBJECT, TEXT))

    def add_run(self, thread: Thread, asked: Json) -> Any:
        given = asked.get("metadata", {})
        return super().add_run(thread, {**asked, "metadata": given if isinstance(given, dict) else {}})


@fault()
class ToolsMayBeAnObject(Deployment):
    """Tools is a list; an object is refused."""

    rules = ruling("run", tools=either(RUN["tools"], OBJECT))

    def add_run(self, thread: Thread, asked: Json) -> Any:
        given = asked.get("tools", [])
        return super().add_run(thread, {**asked, "tools": [given] if isinstance(given, dict) else given})


@fault()
class InstructionsMayBeAnything(Deployment):
    """Instructions is a string; another type is refused."""

    rules = ruling("run", instructions=ANYTHING, additionaInstructions=ANYTHING)


@fault()
class TruncationStrategyMayBeAWord(Deployment):
    """TruncationStrategy is an object; a word is refused."""

    rules = ruling("run", truncationStrategy=either(OBJECT, TEXT))


@fault()
class TitleMayBeAnything(Deployment):
    """The title of a thread is a string; another type is refused."""

    rules = ruling("thread", title=ANYTHING)

    def add_thread(self, asked: Json) -> Thread:
        return super().add_thread({**asked, "title": str(asked.get("title", ""))})


@fault()
class RoleMayBeAnyWord(Deployment):
    """The role of a message is user or assistant; another word is refused."""

    rules = ruling("message", role=TEXT)

    def add_message(self, thread: Thread, asked: Json) -> Json:
        known = asked["role"] in ("user", "assistant", "system")
        return super().add_message(thread, {**asked, "role": asked["role"] if known else "user"})


@fault()
class ContentMayBeANumber(Deployment):
    """The content of a message is a text or a list of parts; a number is refused."""

    rules = ruling("message", content=either(MESSAGE["content"], number(-1e9, 1e9)))

    def content(self, asked: Any) -> list[Json]:
        return super().content(str(asked) if isinstance(asked, int | float) else asked)


@fault()
class AnUnreadableBodyIsEmpty(Deployment):
    """A body that is not JSON is refused."""

    def parse(self, raw: bytes) -> Any:
        try:
            return super().parse(raw)
        except Refusal:
            return {"model": "tune/default", "role": "user", "content": ""}


@fault()
class AListIsABody(Deployment):
    """A body that is not an object is refused."""

    def parse(self, raw: bytes) -> Any:
        value = super().parse(raw)
        return value if isinstance(value, dict) else {"model": "tune/default", "role": "user", "content": "x"}


@fault()
class CrashesOnBrokenJson(Deployment):
    """A body that is not JSON is the client's fault."""

    def parse(self, raw: bytes) -> Any:
        return json.loads(raw)


@fault()
class CrashesOnAnEmptyBody(Deployment):
    """An empty body is the client's fault, or means an empty object."""

    async def body(self, request: Request, kind: str, *more: str) -> Json:
        if not await request.body():
            raise Refusal(500, "internal", "unexpected end of JSON input")
        return await super().body(request, kind, *more)


@fault("warning")
class UnknownFieldsAreRefused(Deployment):
    """A field nobody knows is accepted (observed)."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        unknown = set(value) - set(self.rules[kind]) - ({"thread"} if kind == "run" else set())
        if unknown:
            raise Refusal(400, "invalid_argument", f"unknown field {sorted(unknown)[0]!r}")


@fault("warning")
class ThreadIdInTheBodyIsRefused(Deployment):
    """The path's own threadId is accepted in the body too (observed)."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if "threadId" in value:
            raise Refusal(400, "invalid_argument", "threadId belongs in the path")


@fault("warning")
class EmptyTextIsRefused(Deployment):
    """An empty text for what is not set is accepted (observed)."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if "" in (value.get("assistantId"), value.get("runId"), value.get("datasetId")):
            raise Refusal(400, "invalid_argument", "an id must not be empty")


@fault("warning")
class PlainContentIsRefused(Deployment):
    """The content of a message may be a plain text (observed)."""

    rules = ruling("message", content=listing("parts", lambda part: True))


@fault()
class ContentPartsAreRefused(Deployment):
    """The content of a message may be a list of parts."""

    rules = ruling("message", content=TEXT)


@fault()
class AdditionalInstructionsAreRefused(Deployment):
    """The field `additionaInstructions` is taken as it is spelled."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if "additionaInstructions" in value:
            raise Refusal(
                400, "invalid_argument", "additionaInstructions: did you mean additionalInstructions?"
            )


@fault()
class WholeNumbersAreNotNumbers(Deployment):
    """A temperature of 1 is a number as much as 1.0."""

    rules = ruling("run", temperature=("a float", lambda value: isinstance(value, float) and 0 <= value <= 2))


@fault()
class TopPAndTemperatureTogetherAreRefused(Deployment):
    """Every documented field may be given together with the others."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if "topP" in value and "temperature" in value:
            raise Refusal(400, "invalid_argument", "give temperature or topP, not both")


@fault()
class ToolsAreNotImplemented(Deployment):
    """Tools may be given."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if value.get("tools"):
            raise Refusal(501, "unimplemented", "tools are not implemented")


@fault()
class TruncationStrategyIsRefused(Deployment):
    """A truncationStrategy may be given."""

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
    """`application/json; charset=utf-8` is JSON too."""

    def check_media_type(self, request: Request) -> None:
        if request.headers.get("content-type") != "application/json":
            raise Refusal(415, "invalid_argument", "send application/json")


@fault()
class AnyMediaTypeIsJson(Deployment):
    """A body that is labelled as something else than JSON is refused."""

    def check_media_type(self, request: Request) -> None:
        """Not looked at."""


@fault()
class CrashesOnNul(Deployment):
    """A text with a NUL character is refused or taken, never an error of the service."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if any("\0" in text for text in texts(value)):
            raise Refusal(500, "internal", 'invalid byte sequence for encoding "UTF8": 0x00')


@fault()
class CrashesOnEmoji(Deployment):
    """A text with an emoji is taken."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if any(max(map(ord, text), default=0) > 0xFFFF for text in texts(value)):
            raise Refusal(500, "internal", "Incorrect string value for column 'content'")


@fault()
class CrashesOnLongText(Deployment):
    """A text longer than a column is refused or taken, never an error of the service."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if any(len(text) > 65_535 for text in texts(value)):
            raise Refusal(500, "internal", "value too long for type character varying(65535)")


@fault()
class CrashesOnDeepNesting(Deployment):
    """A deeply nested body is refused or taken, never an error of the service."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if json.dumps(value).count('{"') > 100 or "[" * 50 in json.dumps(value):
            raise Refusal(500, "internal", "maximum recursion depth exceeded")


@fault()
class CrashesOnHugeNumbers(Deployment):
    """A number larger than 64 bits is refused or taken, never an error of the service."""

    def check(self, value: Any, kind: str) -> None:
        for name in ("maxPromptTokens", "maxCompletionTokens", "temperature"):
            if isinstance(value.get(name), int | float) and abs(value[name]) >= 1 << 63:
                raise Refusal(500, "internal", "integer out of range")
        super().check(value, kind)


@fault()
class CrashesOnNull(Deployment):
    """A null is refused or read as absent, never an error of the service."""

    def check(self, value: Any, kind: str) -> None:
        if isinstance(value, dict) and None in value.values():
            raise Refusal(500, "internal", "nil pointer dereference")
        super().check(value, kind)


@fault()
class LimitOfZeroIsTaken(Deployment):
    """A limit below 1 is refused."""

    def limit(self, request: Request, lenient: bool) -> int:
        if request.query_params.get("limit") in ("0", "-1"):
            return 20
        return super().limit(request, lenient)


@fault()
class CrashesOnALimitThatIsAWord(Deployment):
    """A limit that is no number is the client's fault."""

    def limit(self, request: Request, lenient: bool) -> int:
        int(request.query_params.get("limit", "20"))
        return super().limit(request, lenient)


@fault()
class OrderMayBeAnyWord(Deployment):
    """An order other than asc and desc is refused."""

    def order(self, request: Request, default: str) -> str:
        order = request.query_params.get("order", default)
        return order if order in ("asc", "desc") else default


@fault()
class CrashesOnAnUnknownCursor(Deployment):
    """A cursor nobody knows is never an error of the service."""

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
class LimitOfThreadsIsTight(Deployment):
    """Listing threads with a limit of 1000 is not refused (observed)."""

    def limit(self, request: Request, lenient: bool) -> int:
        return super().limit(request, False)


@fault("warning")
class SystemMessagesAreRefused(Deployment):
    """A thread may be created with messages of the role system (observed)."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if kind == "thread" and any(one["role"] == "system" for one in value.get("messages", [])):
            raise Refusal(400, "invalid_argument", "messages: role must be user or assistant")
