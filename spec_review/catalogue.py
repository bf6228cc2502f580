"""Which rules exist, and which level and direction does each have? The only table of rule ids."""

from dataclasses import dataclass

from spec_review.change import Direction, Level


@dataclass(frozen=True)
class Rule:
    """One kind of change; `meaning` is a sentence without its full stop, in lower case."""

    id: str
    level: Level
    direction: Direction
    meaning: str


@dataclass(frozen=True)
class Kind:
    """The names and the description of a change to one schema keyword.

    `narrowed` names it where fewer values are accepted, `widened` where more are. `values` describes what one
    change rejects or adds and has placeholders; `any_values` describes it for all changes of this kind.
    """

    narrowed: str
    widened: str
    values: str
    any_values: str


KEYWORDS: dict[str, Kind] = {
    "type": Kind("type-narrowed", "type-widened", "a value of type {types}", "a value of some type"),
    "nullable": Kind("became-not-nullable", "became-nullable", "`null`", "`null`"),
    "enum": Kind("enum-value-removed", "enum-value-added", "{values}", "an enum value"),
    "const": Kind(
        "const-set", "const-dropped", "a value other than {bound}", "a value other than the constant"
    ),
    "minimum": Kind(
        "minimum-raised", "minimum-lowered", "a value below {bound}", "a value below the minimum"
    ),
    "maximum": Kind(
        "maximum-lowered", "maximum-raised", "a value above {bound}", "a value above the maximum"
    ),
    "multipleOf": Kind(
        "multiple-of-tightened",
        "multiple-of-loosened",
        "a value that is not a multiple of {bound}",
        "a value that is not a multiple of `multipleOf`",
    ),
    "minLength": Kind(
        "min-length-raised",
        "min-length-lowered",
        "a string shorter than {bound} characters",
        "a string shorter than the minimum length",
    ),
    "maxLength": Kind(
        "max-length-lowered",
        "max-length-raised",
        "a string longer than {bound} characters",
        "a string longer than the maximum length",
    ),
    "pattern": Kind(
        "pattern-tightened",
        "pattern-loosened",
        "a string that does not match {bound}",
        "a string that does not match the pattern",
    ),
    "format": Kind(
        "format-tightened",
        "format-loosened",
        "a string that is not in {bound} format",
        "a string that is not in the format",
    ),
    "minItems": Kind(
        "min-items-raised",
        "min-items-lowered",
        "an array with fewer than {bound} items",
        "an array with fewer items than the minimum",
    ),
    "maxItems": Kind(
        "max-items-lowered",
        "max-items-raised",
        "an array with more than {bound} items",
        "an array with more items than the maximum",
    ),
    "uniqueItems": Kind(
        "unique-items-set", "unique-items-dropped", "an array with equal items", "an array with equal items"
    ),
    "minProperties": Kind(
        "min-properties-raised",
        "min-properties-lowered",
        "an object with fewer than {bound} properties",
        "an object with fewer properties than the minimum",
    ),
    "maxProperties": Kind(
        "max-properties-lowered",
        "max-properties-raised",
        "an object with more than {bound} properties",
        "an object with more properties than the maximum",
    ),
    "required": Kind(
        "property-became-required",
        "property-became-optional",
        "an object without `{name}`",
        "an object without the property",
    ),
    "additionalProperties": Kind(
        "object-closed", "object-opened", "undeclared properties", "an undeclared property"
    ),
    "field": Kind("property-refused", "property-admitted", "the property `{name}`", "the property"),
    "alternatives": Kind(
        "alternative-removed",
        "alternative-added",
        "{alternative}",
        "a value of one alternative",
    ),
    "oneOf": Kind(
        "alternatives-overlap",
        "alternatives-parted",
        "a value that matches more than one alternative",
        "a value that matches more than one alternative",
    ),
    "not": Kind(
        "exclusion-added",
        "exclusion-removed",
        "a value that its `not` excludes",
        "a value that a `not` excludes",
    ),
    "": Kind(
        "constraint-tightened",
        "constraint-loosened",
        "a value such as {value}",
        "a value that another keyword excludes",
    ),
}

LOCATIONS: dict[str, Direction] = {
    "request-body": "request",
    "request-property": "request",
    "request-parameter": "request",
    "response-body": "response",
    "response-property": "response",
    "response-header": "response",
}
"""Where a schema can be, as the first part of a rule id, and its direction."""

WARNED: dict[str, Level] = {
    # Generated code may no longer compile.
    "request-alternative-added": "warning",
    # Clients ignore fields that they do not know; few parsers are strict.
    "response-property-admitted": "warning",
    "response-object-opened": "warning",
}
"""Changes of keywords whose level does not follow from the values alone, each with the reason."""

FACTS: dict[str, tuple[Level, Level, str]] = {
    "property-renamed": ("error", "error", "a property was renamed"),
    "property-removed": ("warning", "warning", "an optional property is no longer documented"),
    "property-added": ("info", "info", "a property was added"),
    "default-changed": ("error", "warning", "the default changed"),
    "default-removed": ("error", "info", "the default was removed"),
    "default-added": ("warning", "info", "a default was added"),
    "deprecated": ("info", "info", "a schema or property was deprecated"),
    "pattern-changed": (
        "warning",
        "warning",
        "the pattern changed; no string was found that only one accepts",
    ),
    "format-changed": ("warning", "warning", "the format changed; no string was found that only one accepts"),
    # No client sends another type where a schema has properties or items.
    "type-stated": ("warning", "info", "a schema now states the type that its keywords are for"),
    "type-dropped": ("info", "warning", "a schema no longer states the type that its keywords are for"),
    "search-unfinished": ("warning", "warning", "the schemas are too large to search completely"),
}
"""For each declared fact: the level in a request, the level in a response, and the meaning."""

STRUCTURE: tuple[tuple[str, Level, Direction, str], ...] = (
    ("document-removed", "error", "request", "a document of a directory was removed"),
    ("document-added", "info", "request", "a document was added to a directory"),
    ("operation-removed", "error", "request", "an operation was removed"),
    ("operation-added", "info", "request", "an operation was added"),
    ("operation-deprecated", "info", "none", "an operation was deprecated"),
    ("operation-id-changed", "warning", "none", "an operationId changed; so does the name in generated code"),
    ("operation-id-removed", "warning", "none", "an operationId was removed; code generators choose a name"),
    ("operation-id-added", "info", "none", "an operationId was added"),
    ("operation-tag-removed", "warning", "none", "an operation lost a tag; generated code moves it"),
    ("operation-tag-added", "info", "none", "an operation was given a tag"),
    ("server-removed", "error", "request", "a base URL was removed"),
    ("server-added", "info", "request", "a base URL was added"),
    ("request-parameter-required-added", "error", "request", "a required parameter was added"),
    ("request-parameter-added", "info", "request", "an optional parameter was added"),
    # A server ignores a parameter it does not know: a client that still sends it is not refused.
    ("request-parameter-required-removed", "warning", "request", "a required parameter was removed"),
    ("request-parameter-removed", "warning", "request", "an optional parameter is no longer documented"),
    ("request-parameter-renamed", "error", "request", "a parameter was renamed"),
    ("request-parameter-moved", "error", "request", "a parameter moved, for example from query to header"),
    ("request-parameter-became-required", "error", "request", "a parameter became required"),
    ("request-parameter-became-optional", "info", "request", "a parameter became optional"),
    ("request-parameter-style-changed", "error", "request", "the serialization of a parameter changed"),
    ("request-required-property-added", "error", "request", "a required property was added"),
    ("response-required-property-removed", "error", "response", "a required property was removed"),
    ("request-body-removed", "error", "request", "a request body was removed"),
    ("request-body-added", "info", "request", "an optional request body was added"),
    ("request-body-required-added", "error", "request", "a required request body was added"),
    ("request-body-became-required", "error", "request", "a request body became required"),
    ("request-body-became-optional", "info", "request", "a request body became optional"),
    ("request-media-type-removed", "error", "request", "a media type is no longer accepted"),
    ("request-media-type-added", "info", "request", "a media type is now accepted"),
    ("request-encoding-changed", "error", "request", "the encoding of a form field changed"),
    ("response-success-status-removed", "error", "response", "a success status was removed"),
    ("response-success-status-added", "warning", "response", "a second success status was added"),
    ("response-status-removed", "info", "response", "an error status is no longer documented"),
    ("response-status-added", "info", "response", "an error status was added"),
    ("response-media-type-removed", "error", "response", "a media type is no longer returned"),
    ("response-media-type-added", "info", "response", "a media type may now be returned"),
    ("response-encoding-changed", "error", "response", "the encoding of a form field changed"),
    ("response-header-removed", "warning", "response", "an optional header is no longer documented"),
    ("response-required-header-removed", "error", "response", "a required header was removed"),
    ("response-header-added", "info", "response", "a header was added"),
    ("response-header-became-optional", "error", "response", "a required header may now be missing"),
    ("response-header-became-required", "info", "response", "a header is now always present"),
    ("response-header-style-changed", "error", "response", "the serialization of a header changed"),
    ("response-link-removed", "warning", "none", "a link was removed"),
    ("response-link-changed", "info", "none", "a link changed its target or parameters"),
    ("response-link-added", "info", "none", "a link was added"),
    ("callback-removed", "warning", "response", "a callback is no longer documented"),
    ("callback-added", "info", "response", "a callback was added"),
    ("webhook-removed", "warning", "response", "a webhook is no longer documented"),
    ("webhook-added", "info", "response", "a webhook was added"),
    ("security-tightened", "error", "request", "credentials that were sufficient are rejected"),
    ("security-loosened", "info", "request", "more kinds of credentials are accepted"),
    ("security-scheme-url-changed", "warning", "request", "the URL that issues tokens changed"),
    ("lifecycle-status-removed", "error", "response", "a status of the lifecycle was removed"),
    ("lifecycle-status-added", "warning", "response", "a status was added to the lifecycle"),
    ("lifecycle-transition-removed", "error", "response", "a transition of the lifecycle was removed"),
    ("lifecycle-transition-added", "warning", "response", "a transition was added to the lifecycle"),
    ("lifecycle-terminal-changed", "error", "response", "a status became terminal or is no longer terminal"),
    ("lifecycle-initial-changed", "error", "response", "the initial status changed"),
    ("lifecycle-timestamp-changed", "error", "response", "a status sets another timestamp"),
    ("lifecycle-deadline-changed", "error", "response", "another field holds the time of expiry"),
    ("lifecycle-removed", "warning", "response", "the lifecycle is no longer described"),
    ("lifecycle-added", "info", "response", "the lifecycle is now described"),
    ("fact-demoted", "warning", "none", "a documented fact is now only observed or assumed"),
    ("fact-regraded", "info", "none", "the grade of a fact changed"),
    ("component-renamed", "off", "none", "a component was renamed; so is its type in generated code"),
    ("tag-removed", "warning", "none", "a tag was removed"),
    ("tag-added", "info", "none", "a tag was added"),
    ("example-no-longer-fits", "warning", "none", "an example no longer matches its schema"),
    ("version-not-moved", "warning", "none", "info.version is too low for the changes"),
    ("texts-changed", "info", "none", "descriptions, summaries, titles or examples changed"),
    ("scenario-plays-differently", "warning", "response", "a scenario follows the lifecycle differently"),
    ("lint-finding-new", "warning", "none", "Redocly reports a new problem"),
)  # fmt: skip
"""The rules that compare structure: id, level, direction and meaning."""

_VERBS: dict[tuple[Direction, bool], str] = {
    ("request", True): "is no longer accepted",
    ("request", False): "is now accepted",
    ("response", True): "is no longer returned",
    ("response", False): "may now be returned",
}


def _table() -> dict[str, Rule]:
    rules = {id_: Rule(id_, level, direction, meaning) for id_, level, direction, meaning in STRUCTURE}
    for location, direction in LOCATIONS.items():
        for kind in KEYWORDS.values():
            for narrowed in (True, False):
                rule = _keyword_rule(location, direction, kind, narrowed)
                rules.setdefault(rule.id, rule)
        for fact, (request, response, meaning) in FACTS.items():
            id_ = rule_id(location, fact)
            level = request if direction == "request" else response
            rules.setdefault(id_, Rule(id_, level, direction, meaning))
    return rules


def _keyword_rule(location: str, direction: Direction, kind: Kind, narrowed: bool) -> Rule:
    """A narrowed request and a widened response break clients."""
    verb = kind.narrowed if narrowed else kind.widened
    level: Level = "error" if (direction == "request") == narrowed else "info"
    level = WARNED.get(f"{direction}-{verb}", level)
    meaning = f"{kind.any_values} {_VERBS[direction, narrowed]}"
    return Rule(rule_id(location, verb), level, direction, meaning)


def rule_id(location: str, kind: str) -> str:
    """The id of a schema rule: `response-property-removed`, not `response-property-property-removed`."""
    if kind.startswith("property-"):
        location = "request-property" if location.startswith("request") else "response-property"
        return f"{location}-{kind.removeprefix('property-')}"
    return f"{location}-{kind}"


RULES: dict[str, Rule] = _table()
