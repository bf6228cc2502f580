"""Which facts are checked, which changes are reported, and how thorough is a profile?"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from contract_tests.checks import REGISTRY
from contract_tests.settings import PROFILES
from openapi import Grade
from spec_review.catalogue import LOCATIONS, RULES, Rule
from tests.docs.markdown import code, codes, table
from tests.together.table import proof, proofs

TOPICS = {
    "auth": "Access keys",
    "echoes": "What was sent comes back",
    "errors": "Errors",
    "http": "HTTP",
    "lifecycle": "The life of a run",
    "pages": "Pages of lists",
    "requests": "Valid and invalid requests",
    "service": "The service as a whole",
    "shapes": "The shape of answers",
    "stream": "Event streams",
    "stream_contents": "The contents of streams",
    "timestamps": "Timestamps",
    "workflows": "Several requests together",
}
GROUPS = {
    "operation": "Operations",
    "server": "Servers",
    "request": "Requests",
    "response": "Responses",
    "callback": "Callbacks",
    "security": "Security",
    "lifecycle": "Lifecycles",
    "": "The document as a whole",
}


def checks() -> str:
    """A table of the checks for each topic, in the order in which they are reported."""
    faults = proofs(proof())
    rows: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for slug, check in REGISTRY.items():
        title = TOPICS.get(check.topic, check.topic.replace("_", " ").capitalize())
        rows[title].append((code(slug), check.fact, str(check.grade), faults[slug]))
    headings = ["check", "fact", "grade", "faults that prove it"]
    return "\n\n".join(f"## {title}\n\n{table(headings, found)}" for title, found in rows.items())


def allowances() -> str:
    """For each documented fact, what a deployment contradicts that breaks it, and what it may do."""
    rows = [
        (code(slug), check.source, check.allows)
        for slug, check in REGISTRY.items()
        if check.grade is Grade.DOCUMENTED
    ]
    return table(["check", "contradicts", "allows"], rows)


def profiles() -> str:
    """The table of the profiles and their ceilings."""
    headings = [
        "profile",
        "runs",
        "tokens",
        "requests",
        "seconds",
        "generated requests for each operation and mode",
    ]
    rows = [
        (code(name), f"{one.runs}", f"{one.tokens}", f"{one.requests}", f"{one.seconds:g}", f"{one.examples}")
        for name, one in PROFILES.items()
    ]
    return table(headings, rows)


def rules() -> str:
    """The tables of the review rules: those of structure by area, those of schemas once for all places."""
    schema = _by_kind(RULES.values())
    alone = [rule for rule in RULES.values() if _kind(rule) not in schema]
    parts = [f"## {title}\n\n{_structure(found)}" for title, found in _grouped(alone).items()]
    return "\n\n".join([*parts, f"## Schemas\n\n{_schemas(schema)}"])


def _grouped(found: Iterable[Rule]) -> Mapping[str, list[Rule]]:
    groups: dict[str, list[Rule]] = {title: [] for title in GROUPS.values()}
    for rule in found:
        area = rule.id.partition("-")[0]
        groups[GROUPS.get(area, GROUPS[""])].append(rule)
    return {title: members for title, members in groups.items() if members}


def _structure(found: Iterable[Rule]) -> str:
    rows = [(code(rule.id), rule.level, rule.direction, _meaning(rule)) for rule in found]
    return table(["rule", "level", "direction", "meaning"], rows)


def _schemas(found: Mapping[str, Mapping[str, Rule]]) -> str:
    """One row for each kind of change; PLACE stands for each place of a schema."""
    rows = [
        (code(f"PLACE-{kind}"), *_levels(by_place), _meaning(next(iter(by_place.values()))))
        for kind, by_place in found.items()
    ]
    about = f"PLACE is one of {codes(LOCATIONS)}. An example is `request-parameter-maximum-lowered`."
    return f"{about}\n\n{table(['rule', 'level in requests', 'level in responses', 'meaning'], rows)}"


def _levels(by_place: Mapping[str, Rule]) -> Iterator[str]:
    for direction in ("request", "response"):
        yield ", ".join(
            sorted({rule.level for place, rule in by_place.items() if LOCATIONS[place] == direction})
        )


def _kind(rule: Rule) -> str:
    """What happens to a schema by this rule; empty if the rule is not about one."""
    place = next((place for place in LOCATIONS if rule.id.startswith(f"{place}-")), "")
    return rule.id.removeprefix(f"{place}-") if place else ""


def _by_kind(found: Iterable[Rule]) -> Mapping[str, Mapping[str, Rule]]:
    """The rules of the kinds that every place has, by kind and place."""
    kinds: dict[str, dict[str, Rule]] = defaultdict(dict)
    for rule in found:
        if kind := _kind(rule):
            kinds[kind][rule.id.removesuffix(f"-{kind}")] = rule
    return {kind: by_place for kind, by_place in kinds.items() if len(by_place) == len(LOCATIONS)}


def _meaning(rule: Rule) -> str:
    return re.sub(r"`?\{\w+\}`?", "…", rule.meaning)
