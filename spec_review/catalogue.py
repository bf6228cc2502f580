"""Which findings are there, how bad is each, and in which direction? The one table of ids."""

from dataclasses import dataclass

from spec_review.change import Direction, Level


@dataclass(frozen=True)
class Rule:
    """One kind of finding."""

    id: str
    level: Level
    direction: Direction
    meaning: str


@dataclass(frozen=True)
class Kind:
    """What a schema keyword's change is called where fewer values are accepted, and where more are."""

    narrowed: str
    widened: str
    what: str


KEYWORDS: dict[str, Kind] = {
    "type": Kind("type-narrowed", "type-widened", "values of type {types}"),
    "nullable": Kind("became-not-nullable", "became-nullable", "null"),
    "enum": Kind("enum-value-removed", "enum-value-added", "{values}"),
    "const": Kind("const-set", "const-dropped", "anything but {bound}"),
    "minimum": Kind("minimum-raised", "minimum-lowered", "values below {bound}"),
    "maximum": Kind("maximum-lowered", "maximum-raised", "values above {bound}"),
    "multipleOf": Kind(
        "multiple-of-tightened", "multiple-of-loosened", "values that are no multiple of {bound}"
    ),
    "minLength": Kind("min-length-raised", "min-length-lowered", "texts of fewer than {bound} characters"),
    "maxLength": Kind("max-length-lowered", "max-length-raised", "texts of more than {bound} characters"),
    "pattern": Kind("pattern-tightened", "pattern-loosened", "texts that do not match {bound}"),
    "format": Kind("format-tightened", "format-loosened", "texts that are no {bound}"),
    "minItems": Kind("min-items-raised", "min-items-lowered", "lists of fewer than {bound} items"),
    "maxItems": Kind("max-items-lowered", "max-items-raised", "lists of more than {bound} items"),
    "uniqueItems": Kind("unique-items-set", "unique-items-dropped", "lists with equal items"),
    "minProperties": Kind(
        "min-properties-raised", "min-properties-lowered", "objects of fewer than {bound} fields"
    ),
    "maxProperties": Kind(
        "max-properties-lowered", "max-properties-raised", "objects of more than {bound} fields"
    ),
    "required": Kind("property-became-required", "property-became-optional", "objects without `{name}`"),
    "additionalProperties": Kind("object-closed", "object-opened", "fields it does not name"),
    "field": Kind("property-refused", "property-admitted", "the field `{name}`"),
    "alternatives": Kind("alternative-removed", "alternative-added", "values such as {value}"),
    "oneOf": Kind("alternatives-overlap", "alternatives-parted", "values that fit more than one alternative"),
    "not": Kind("exclusion-added", "exclusion-removed", "what its `not` rules out"),
    "": Kind("constraint-tightened", "constraint-loosened", "some values, such as {value}"),
}

PLACES = {
    "request-body": "request",
    "request-property": "request",
    "request-parameter": "request",
    "response-body": "response",
    "response-property": "response",
    "response-header": "response",
}

WARNED = {"request-alternative-added"}
"""More values accepted, yet worth knowing: generated code may not build."""

FACTS: dict[str, tuple[Level, Level, str]] = {
    "property-renamed": ("error", "error", "a property is gone and a near-identical one is new"),
    "property-removed": ("warning", "warning", "an optional property is no longer documented"),
    "property-added": ("info", "info", "a property is new"),
    "default-changed": ("error", "warning", "what an absent value stands for changed"),
    "default-removed": ("error", "info", "what an absent value stands for is no longer said"),
    "default-added": ("warning", "info", "what an absent value stands for is said now"),
    "deprecated": ("info", "info", "it is deprecated now"),
    "pattern-changed": ("warning", "warning", "the pattern changed and no text was found to tell them apart"),
    "format-changed": ("warning", "warning", "the format changed and no text was found to tell them apart"),
    "search-unfinished": ("warning", "warning", "the schemas are too large to be searched to the end"),
}

STRUCTURE: tuple[tuple[str, Level, Direction, str], ...] = (
    ("operation-removed", "error", "request", "an operation is gone"),
    ("operation-added", "info", "request", "an operation is new"),
    ("operation-deprecated", "info", "none", "an operation is deprecated now"),
    ("operation-id-changed", "warning", "none", "generated code calls the operation by another name"),
    ("operation-id-removed", "warning", "none", "generated code loses the operation's name"),
    ("operation-id-added", "info", "none", "the operation has a name now"),
    ("operation-tag-removed", "warning", "none", "generated code moves the operation to another group"),
    ("operation-tag-added", "info", "none", "the operation joins a group"),
    ("server-removed", "error", "request", "a base URL is gone"),
    ("server-added", "info", "request", "a base URL is new"),
    ("request-parameter-required-added", "error", "request", "a parameter that must be sent is new"),
    ("request-parameter-added", "info", "request", "an optional parameter is new"),
    ("request-parameter-required-removed", "error", "request", "a parameter that had to be sent is gone"),
    ("request-parameter-removed", "warning", "request", "an optional parameter is no longer documented"),
    ("request-parameter-renamed", "error", "request", "a parameter is gone and a near-identical one is new"),
    ("request-parameter-moved", "error", "request", "a parameter is sent in another place"),
    ("request-parameter-became-required", "error", "request", "a parameter must be sent now"),
    ("request-parameter-became-optional", "info", "request", "a parameter may be left out now"),
    ("request-parameter-style-changed", "error", "request", "a parameter is written in another way"),
    ("request-required-property-added", "error", "request", "a property that must be sent is new"),
    ("response-required-property-removed", "error", "response", "a property that was always there is gone"),
    ("request-body-removed", "error", "request", "a request body is gone"),
    ("request-body-added", "info", "request", "an optional request body is new"),
    ("request-body-required-added", "error", "request", "a request body that must be sent is new"),
    ("request-body-became-required", "error", "request", "a request body must be sent now"),
    ("request-body-became-optional", "info", "request", "a request body may be left out now"),
    ("request-media-type-removed", "error", "request", "a media type is no longer accepted"),
    ("request-media-type-added", "info", "request", "a media type is accepted now"),
    ("request-encoding-changed", "error", "request", "a form field is written in another way"),
    ("response-success-status-removed", "error", "response", "a success status is gone"),
    ("response-success-status-added", "warning", "response", "a second success status"),
    ("response-status-removed", "info", "response", "an error status is no longer documented"),
    ("response-status-added", "info", "response", "an error status is new"),
    ("response-media-type-removed", "error", "response", "a media type is no longer answered"),
    ("response-media-type-added", "info", "response", "a media type is answered now"),
    ("response-encoding-changed", "error", "response", "a form field is written in another way"),
    ("response-header-removed", "warning", "response", "an optional header is no longer documented"),
    ("response-required-header-removed", "error", "response", "a header that was always there is gone"),
    ("response-header-added", "info", "response", "a header is new"),
    ("response-header-became-optional", "error", "response", "a header that was always there may be missing"),
    ("response-header-became-required", "info", "response", "a header is always there now"),
    ("response-header-style-changed", "error", "response", "a header is written in another way"),
    ("response-link-removed", "warning", "none", "a link is no longer documented"),
    ("response-link-changed", "info", "none", "a link leads elsewhere"),
    ("response-link-added", "info", "none", "a link is new"),
    ("callback-removed", "warning", "response", "a callback is no longer documented"),
    ("callback-added", "info", "response", "a callback is new"),
    ("security-tightened", "error", "request", "credentials that were enough are not any more"),
    ("security-loosened", "info", "request", "other credentials are enough now"),
    ("security-scheme-url-changed", "warning", "request", "tokens are obtained elsewhere"),
    ("lifecycle-status-removed", "error", "response", "a status of the lifecycle is gone"),
    ("lifecycle-status-added", "warning", "response", "a status of the lifecycle is new"),
    (
        "lifecycle-transition-removed",
        "error",
        "response",
        "a step of the lifecycle that clients rely on is gone",
    ),
    ("lifecycle-transition-added", "warning", "response", "the lifecycle may take a new step"),
    ("lifecycle-terminal-changed", "error", "response", "clients stop waiting at another status"),
    ("lifecycle-initial-changed", "error", "response", "the lifecycle begins elsewhere"),
    ("lifecycle-timestamp-changed", "error", "response", "a status sets another timestamp"),
    ("lifecycle-deadline-changed", "error", "response", "another field says when the thing ends by itself"),
    ("lifecycle-removed", "warning", "response", "the lifecycle is no longer described"),
    ("lifecycle-added", "info", "response", "the lifecycle is described now"),
    ("fact-demoted", "warning", "none", "a documented fact is only observed or assumed now"),
    ("fact-regraded", "info", "none", "a fact is better or worse founded now"),
    ("component-renamed", "off", "none", "generated code calls a component by another name"),
    ("tag-removed", "warning", "none", "a tag is gone"),
    ("tag-added", "info", "none", "a tag is new"),
    ("example-no-longer-fits", "warning", "none", "an example does not fit its schema any more"),
    ("version-not-moved", "warning", "none", "info.version does not say what the changes do"),
    ("texts-changed", "info", "none", "descriptions, summaries, titles or examples changed"),
    ("scenario-plays-differently", "warning", "response", "a canned lifecycle plays differently"),
    ("lint-finding-new", "warning", "none", "Redocly reports something new"),
)


def _table() -> dict[str, Rule]:
    rules = {id_: Rule(id_, level, direction, meaning) for id_, level, direction, meaning in STRUCTURE}
    for place, direction in PLACES.items():
        sided: Direction = "request" if direction == "request" else "response"
        for kind in KEYWORDS.values():
            for verb, breaks_in in ((kind.narrowed, "request"), (kind.widened, "response")):
                more = "no longer" if verb == kind.narrowed else "now"
                warned = f"{sided}-{verb}" in WARNED
                level: Level = "error" if direction == breaks_in else "warning" if warned else "info"
                id_ = rule_id(place, verb)
                rules.setdefault(id_, Rule(id_, level, sided, f"{more} accepts {kind.what}"))
        for fact, (request, response, meaning) in FACTS.items():
            id_ = rule_id(place, fact)
            rules.setdefault(id_, Rule(id_, request if direction == "request" else response, sided, meaning))
    return rules


def rule_id(place: str, kind: str) -> str:
    """The id of a schema finding: `response-property-removed`, not `response-property-property-removed`."""
    if kind.startswith("property-"):
        place = "request-property" if place.startswith("request") else "response-property"
        return f"{place}-{kind.removeprefix('property-')}"
    return f"{place}-{kind}"


RULES: dict[str, Rule] = _table()
