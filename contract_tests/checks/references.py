"""Do references to files and stores come back, and do they come back unchanged?"""

from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.checks.values import contains, is_blank
from contract_tests.findings import Deviation, check
from contract_tests.observations.assembly import History
from contract_tests.observations.exchange import Exchange, Intent
from openapi import Grade

_FIELDS = ("attachments", "toolResources")
# A service may make a store of it, and name the store instead.
_CONSUMED = "vectorStores"


@check("references-kept", History)
def references_are_kept(history: History) -> Iterator[Deviation]:
    """Attachments, images and resources of tools in a request appear in its response.

    Source: the reference pages: request and response have these fields in common; none says what becomes of a
    file that does not exist
    Grade: documented
    Allows: any refusal; a service that keeps no attachment and no resource that names an unknown file
    Advice: reject a reference that cannot be resolved; a dropped one is missed much later
    """
    sent = [one for one in history.exchanges if _may_refer(one)]
    kept = any(_is_kept(one, name) for one in sent for name in _FIELDS)
    for exchange in sent:
        request, response = exchange.request_json, exchange.json
        for name in _FIELDS:
            if not is_blank(request.get(name)) and not _is_kept(exchange, name):
                seen, place = f"{name}: {str(response.get(name))[:80]!r}", f"{exchange.label}: {name}"
                grade = None if kept and not _is_kept(exchange, name, _CONSUMED) else Grade.OBSERVED
                yield Deviation(seen, str(request[name])[:80], exchange, place, grade)
        asked, shown = _images(request.get("content")), _images(response.get("content"))
        if len(shown) < len(asked):
            place, wanted = f"{exchange.label}: content", f"{len(asked)}"
            yield Deviation(f"{len(shown)} images", wanted, exchange, place, Grade.OBSERVED)


def _may_refer(exchange: Exchange) -> bool:
    """Whether an exchange has a JSON object that the service took, and one that it returned."""
    objects = isinstance(exchange.request_json, dict) and isinstance(exchange.json, dict)
    return exchange.ok and objects and Intent.GENERATED not in exchange.intents


def _is_kept(exchange: Exchange, name: str, consumed: str = "") -> bool:
    """Whether a response has what its request says in a field, apart from a member that is `consumed`."""
    sent, shown = _without(exchange.request_json.get(name), consumed), exchange.json.get(name)
    return not is_blank(sent) and contains(shown, sent)


def _without(value: Any, member: str) -> Any:
    """A JSON value without a member of its objects."""
    if isinstance(value, dict):
        return {name: _without(item, member) for name, item in value.items() if name != member}
    return value


def _images(content: Any) -> list[Any]:
    """The parts of a message that show an image."""
    return [part for part in _parts(content) if not is_blank([part.get("imageFile"), part.get("imageUrl")])]


def _parts(content: Any) -> list[dict[str, Any]]:
    """The parts of a message."""
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def changed_references(
    exchange: Exchange, request: Mapping[str, Any], response: Mapping[str, Any]
) -> Iterator[Deviation]:
    """Where a response has a reference of its request, but not all of it."""
    yield from _kept_attachments(exchange, request.get("attachments"), response.get("attachments"))
    yield from _kept_images(exchange, request.get("content"), response.get("content"))
    yield from _kept_resources(exchange, request.get("toolResources"), response.get("toolResources"))


def images_of(content: Any) -> list[Any]:
    """The files of the images of a message. The URL of an image may be signed anew for each response."""
    return [part["imageFile"] for part in _parts(content) if part.get("imageFile")]


def other_types(earlier: Any, later: Any) -> bool:
    """Whether a part of a message has another type than before."""
    pairs = zip(earlier, later, strict=False) if isinstance(earlier, list) and isinstance(later, list) else ()
    types = [[part.get("type") if isinstance(part, dict) else None for part in pair] for pair in pairs]
    return any(one and other and one != other for one, other in types)


def lost_addresses(earlier: Any, later: Any) -> bool:
    """Whether the images of a message lost their URLs."""
    return _addresses(later) < _addresses(earlier)


def _addresses(content: Any) -> int:
    """How many images of a message have a URL."""
    images = [part.get("imageUrl") for part in _parts(content)]
    return sum(isinstance(one, dict) and bool(one.get("url")) for one in images)


def _kept_attachments(exchange: Exchange, sent: Any, received: Any) -> Iterator[Deviation]:
    """Attachments that lost a part. A service may drop an attachment whose file it does not know."""
    asked = {one.get("fileId"): one for one in sent or [] if isinstance(one, dict)}
    for one in received if isinstance(received, list) else ():
        part = asked.get(one.get("fileId")) if isinstance(one, dict) else None
        if part is not None and not contains(one, part):
            seen = f"attachments: {str(one)[:80]!r} for {str(part)[:80]!r}"
            yield Deviation(seen, "the value of the request", exchange, f"{exchange.label}: attachments")


def _kept_images(exchange: Exchange, sent: Any, received: Any) -> Iterator[Deviation]:
    """Images of a message that lost a part. A service may drop an image, or move one to another URL."""
    pairs = zip(sent, received, strict=False) if isinstance(sent, list) and isinstance(received, list) else ()
    for asked, shown in pairs:
        part, kept = (one.get("imageFile") if isinstance(one, dict) else None for one in (asked, shown))
        if not is_blank(kept) and not contains(kept, part):
            seen, place = f"{str(kept)[:80]!r} for {str(part)[:80]!r}", f"{exchange.label}: content.imageFile"
            yield Deviation(seen, "the value of the request", exchange, place)


def _kept_resources(exchange: Exchange, sent: Any, received: Any, path: str = "") -> Iterator[Deviation]:
    """Resources of tools that were changed. A service may drop what it cannot find."""
    if isinstance(sent, Mapping) and isinstance(received, Mapping):
        for name, part in sent.items():
            yield from _kept_resources(exchange, part, received.get(name), f"{path}.{name}")
    elif not is_blank(received) and not contains(received, sent):
        seen, place = (
            f"{str(received)[:80]!r} for {str(sent)[:80]!r}",
            f"{exchange.label}: toolResources{path}",
        )
        yield Deviation(seen, "the value of the request", exchange, place)
