"""Which credentials are enough, by what the schemes say and not by what they are called?"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, found
from spec_review.loading import Cursor
from spec_review.operations import Operation, Pair


@dataclass(frozen=True)
class Credential:
    """One thing a client must have: a scheme by content, and scopes."""

    scheme: tuple[str, ...]
    scopes: frozenset[str]
    spelled: str = field(default="", compare=False)

    def serves(self, other: "Credential") -> bool:
        """Whether who has this credential has the other too."""
        return self.scheme == other.scheme and other.scopes <= self.scopes

    def __str__(self) -> str:
        text = self.spelled or " ".join(part for part in self.scheme if part)
        return f"{text} ({', '.join(sorted(self.scopes))})" if self.scopes else text


Alternative = frozenset[Credential]


def effective(comparison: Comparison) -> Iterator[Change]:
    """What an operation asks for: some alternative, all credentials of it."""
    for pair in comparison.matching.pairs:
        base, head = alternatives(pair.base), alternatives(pair.head)
        at = _place(pair.base), _place(pair.head)
        use = Use(pair.name, "", pair)
        refused = [one for one in base if not any(_enough(one, other) for other in head)]
        gained = [other for other in head if not any(_enough(other, one) for one in base)]
        shared = all("security" not in one.cursor.value for one in (pair.base, pair.head))
        subject = "security" if shared else f"{pair.key} security"
        if refused:
            message = _sentence(refused[0], f"no longer enough; asked for is {_all(head)}.")
            yield found(
                "security-tightened", message, *at, use, subject=subject, old=_all(base), new=_all(head)
            )
        elif gained:
            message = _sentence(gained[0], f"enough now; asked for was {_all(base)}.")
            yield found(
                "security-loosened", message, *at, use, subject=subject, old=_all(base), new=_all(head)
            )
        yield from _urls(pair, use)


def alternatives(operation: Operation) -> list[Alternative]:
    """The sets of credentials, each of which is enough; without security nothing is asked for."""
    owner = operation.cursor if "security" in operation.cursor.value else operation.document.root
    listed = owner.value.get("security")
    if not isinstance(listed, list) or not listed:
        return [frozenset()]
    return [_alternative(operation, item) for item in listed if isinstance(item, dict)] or [frozenset()]


def _alternative(operation: Operation, item: dict[str, object]) -> Alternative:
    return frozenset(
        Credential(_scheme(operation, name), _scopes(scopes), _spelled(operation, name))
        for name, scopes in item.items()
    )


def _scopes(scopes: object) -> frozenset[str]:
    return frozenset(map(str, scopes)) if isinstance(scopes, list) else frozenset()


def _spelled(operation: Operation, name: str) -> str:
    """A scheme as the document spells it."""
    cursor = _definition(operation, name)
    if cursor is not None and cursor.text("type") == "apiKey":
        return f"the API key in {cursor.text('in')} `{cursor.text('name')}`"
    return ""


def _scheme(operation: Operation, name: str) -> tuple[str, ...]:
    cursor = _definition(operation, name)
    if cursor is None:
        return ("undefined", name)
    kind = cursor.text("type").lower()
    if kind == "apikey":
        place, key = cursor.text("in"), cursor.text("name")
        return ("API key in", place, key.lower() if place == "header" else key)
    if kind == "http":
        return ("HTTP", cursor.text("scheme").lower())
    return (
        ("OAuth 2", "")
        if kind == "oauth2"
        else ("OpenID Connect", "")
        if kind == "openidconnect"
        else (kind, "")
    )


def _definition(operation: Operation, name: str) -> Cursor | None:
    return operation.document.root.get("components", "securitySchemes", name)


def _enough(have: Alternative, asked: Alternative) -> bool:
    return all(any(one.serves(other) for one in have) for other in asked)


def _words(one: Alternative) -> str:
    return " and ".join(sorted(map(str, one))) or "no credential at all"


def _sentence(one: Alternative, rest: str) -> str:
    said = f"{_words(one)} {'are' if len(one) > 1 else 'is'} {rest}"
    return said[:1].upper() + said[1:]


def _all(found_: list[Alternative]) -> str:
    return " or ".join(sorted(map(_words, found_)))


def _place(operation: Operation) -> Cursor:
    own = operation.cursor.get("security")
    return own or operation.document.root.get("security") or operation.cursor


def _urls(pair: Pair, use: Use) -> Iterator[Change]:
    """A flow that is gone shuts clients out; another URL sends them elsewhere."""
    old, new = _flows(pair.base), _flows(pair.head)
    for (scheme, flow), cursor in old.items():
        same_kind = {other: at for (other, at_flow), at in new.items() if at_flow == flow}
        if not same_kind:
            if new:
                message = f"Tokens can no longer be obtained by the {flow} flow."
                yield found(
                    "security-tightened", message, cursor, _place(pair.head), use, subject=flow, old=flow
                )
            continue
        other = same_kind.get(scheme) or next(iter(same_kind.values()))
        for key in ("authorizationUrl", "tokenUrl", "refreshUrl", "openIdConnectUrl"):
            if cursor.text(key) != other.text(key):
                message = (
                    f"The {key} of the {flow} flow was `{cursor.text(key)}` and is `{other.text(key)}` now."
                )
                yield found(
                    "security-scheme-url-changed", message, cursor, other, use,
                    subject=f"{flow} {key}", old=cursor.text(key), new=other.text(key),
                )  # fmt: skip


def _flows(operation: Operation) -> dict[tuple[str, str], Cursor]:
    owner = operation.cursor if "security" in operation.cursor.value else operation.document.root
    listed = owner.value.get("security")
    names = (
        [name for item in listed if isinstance(item, dict) for name in item]
        if isinstance(listed, list)
        else []
    )
    found_: dict[tuple[str, str], Cursor] = {}
    for name in dict.fromkeys(names):
        scheme = _definition(operation, name)
        if scheme is not None and scheme.text("type").lower() == "openidconnect":
            found_[(name, "OpenID Connect")] = scheme
        elif scheme is not None:
            found_.update({(name, flow): cursor for flow, cursor in scheme.entries("flows")})
    return found_
