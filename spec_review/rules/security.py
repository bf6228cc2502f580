"""Which credentials are sufficient? Security schemes are compared by content, not by name."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, make_change
from spec_review.loading import Cursor
from spec_review.operations import Operation, Pair


@dataclass(frozen=True)
class Credential:
    """One credential that a client sends: the content of its scheme, and its scopes."""

    scheme: tuple[str, ...]
    scopes: frozenset[str]
    label: str = field(default="", compare=False)

    def covers(self, other: "Credential") -> bool:
        """Whether this credential is sufficient where the other is required."""
        return self.scheme == other.scheme and other.scopes <= self.scopes

    def __str__(self) -> str:
        text = self.label or " ".join(part for part in self.scheme if part)
        return f"{text} ({', '.join(sorted(self.scopes))})" if self.scopes else text


CredentialSet = frozenset[Credential]
"""Credentials that are required together; an empty set requires none."""


def credentials(comparison: Comparison) -> Iterator[Change]:
    """Changes to the credentials that an operation requires: one of several sets."""
    for pair in comparison.changed_with("security", "components"):
        base, revision = sufficient_sets(pair.base), sufficient_sets(pair.revision)
        rejected = [one for one in base if not any(_satisfies(one, other) for other in revision)]
        accepted = [other for other in revision if not any(_satisfies(other, one) for one in base)]
        use = Use(pair.name, "", pair)
        at = _place(pair.base), _place(pair.revision), use
        shared = all("security" not in one.cursor.value for one in (pair.base, pair.revision))
        subject = "security" if shared else f"{pair.key} security"
        old, new = _any_of(base), _any_of(revision)
        if rejected:
            message = f"Requests with {_shown(rejected[0])} are now rejected; the operation requires {new}."
            change = make_change("security-tightened", message, *at, subject=subject, old=old, new=new)
            yield replace(change, level="warning") if _only_listed(rejected, revision) else change
        elif accepted:
            message = f"Requests with {_shown(accepted[0])} are now accepted; the base requires {old}."
            yield make_change("security-loosened", message, *at, subject=subject, old=old, new=new)
        yield from _token_urls(pair, use)


def _only_listed(rejected: list[CredentialSet], revision: list[CredentialSet]) -> bool:
    """Whether only scopes were listed where the base lists none: most servers required them before."""
    unlisted = all(not credential.scopes for one in rejected for credential in one)
    bare = [frozenset(replace(credential, scopes=frozenset()) for credential in other) for other in revision]
    return unlisted and all(any(_satisfies(one, other) for other in bare) for one in rejected)


def sufficient_sets(operation: Operation) -> list[CredentialSet]:
    """The sets of credentials, each of which is sufficient; one empty set if there is no `security`."""
    owner = operation.cursor if "security" in operation.cursor.value else operation.document.root
    listed = owner.value.get("security")
    if not isinstance(listed, list) or not listed:
        return [frozenset()]
    return [_credential_set(operation, item) for item in listed if isinstance(item, dict)] or [frozenset()]


def _credential_set(operation: Operation, item: dict[str, object]) -> CredentialSet:
    return frozenset(
        Credential(_scheme(operation, name), _scopes(scopes), _label(operation, name))
        for name, scopes in item.items()
    )


def _scopes(scopes: object) -> frozenset[str]:
    return frozenset(map(str, scopes)) if isinstance(scopes, list) else frozenset()


def _label(operation: Operation, name: str) -> str:
    """The name of an API key as the document writes it; empty for other schemes."""
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
    return {"oauth2": "OAuth 2", "openidconnect": "OpenID Connect"}.get(kind, kind), ""


def _definition(operation: Operation, name: str) -> Cursor | None:
    return operation.document.root.get("components", "securitySchemes", name)


def _satisfies(sent: CredentialSet, required: CredentialSet) -> bool:
    return all(any(one.covers(other) for one in sent) for other in required)


NO_CREDENTIALS = "no credential at all"
"""The empty set in fingerprints; changing it would make accepted changes stale."""


def _words(one: CredentialSet) -> str:
    return " and ".join(sorted(map(str, one))) or NO_CREDENTIALS


def _shown(one: CredentialSet) -> str:
    return _words(one) if one else "no credentials"


def _any_of(sets: list[CredentialSet]) -> str:
    return " or ".join(sorted(map(_words, sets)))


def _place(operation: Operation) -> Cursor:
    own = operation.cursor.get("security")
    return own or operation.document.root.get("security") or operation.cursor


def _token_urls(pair: Pair, use: Use) -> Iterator[Change]:
    """OAuth flows that were removed, and URLs of flows that changed."""
    old, new = _flows(pair.base), _flows(pair.revision)
    for (scheme, flow), cursor in old.items():
        same_kind = {other: at for (other, at_flow), at in new.items() if at_flow == flow}
        if not same_kind:
            if new:
                message = f"Clients can no longer get tokens with the {flow} flow."
                yield make_change(
                    "security-tightened", message, cursor, _place(pair.revision), use, subject=flow, old=flow
                )
            continue
        other = same_kind.get(scheme) or next(iter(same_kind.values()))
        for key in ("authorizationUrl", "tokenUrl", "refreshUrl", "openIdConnectUrl"):
            if cursor.text(key) != other.text(key):
                urls = cursor.text(key), other.text(key)
                message = f"The {key} of the {flow} flow changed from `{urls[0]}` to `{urls[1]}`."
                yield make_change(
                    "security-scheme-url-changed", message, cursor, other, use,
                    subject=f"{flow} {key}", old=urls[0], new=urls[1],
                )  # fmt: skip


def _flows(operation: Operation) -> dict[tuple[str, str], Cursor]:
    owner = operation.cursor if "security" in operation.cursor.value else operation.document.root
    listed = owner.value.get("security")
    names = (
        [name for item in listed if isinstance(item, dict) for name in item]
        if isinstance(listed, list)
        else []
    )
    result: dict[tuple[str, str], Cursor] = {}
    for name in dict.fromkeys(names):
        scheme = _definition(operation, name)
        if scheme is not None and scheme.text("type").lower() == "openidconnect":
            result[(name, "OpenID Connect")] = scheme
        elif scheme is not None:
            result.update({(name, flow): cursor for flow, cursor in scheme.entries("flows")})
    return result
