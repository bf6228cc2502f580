"""Which request or response proves that a change breaks clients?"""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from jsonschema_rs import ValidationError

from spec_review.change import Change, Level, Proof, Use
from spec_review.comparison import Comparison
from spec_review.curl import Request, curl, joined
from spec_review.operations import Operation
from spec_review.schema_pair import Evidence, SchemaPair
from spec_review.values.grades import Reading
from spec_review.values.reasons import keyword_of, names_of
from spec_review.values.schema import Schema, View, schema_of
from spec_review.values.search import Search
from spec_review.values.serialization import deserialized, serialized
from spec_review.values.shrink import shrink

MISSING_PART = {
    "security-tightened": "the credentials are insufficient",
    "request-parameter-required-added": "the new parameter is missing",
    "request-parameter-became-required": "the parameter is missing",
    "request-body-required-added": "the body is missing",
    "request-body-became-required": "the body is missing",
}
"""Rules that a minimal request of the base proves, and why the revision rejects it."""

READINGS: tuple[tuple[Reading, Reading], ...] = (("strict", "lax"), ("full", "full"))
"""How the accepting and the rejecting schema are read: without assumed facts if possible."""


def with_proof(comparison: Comparison, change: Change) -> Change:
    """An error with its proof: a value that was found, or a minimal request that the revision rejects."""
    wanted = change.level == "error" and not comparison.searches[False].is_out_of_time()
    proof = _proof_of(comparison, change) if wanted else None
    unproved = proof is None and change.id.endswith("-alternatives-overlap") and change.level == "error"
    level: Level = "warning" if unproved else change.level  # overlap is hard to see: only a value proves it
    return replace(change, proof=proof, evidence=None, level=level)


def _proof_of(comparison: Comparison, change: Change) -> Proof | None:
    if isinstance(change.evidence, Evidence):
        return _from_value(comparison, change.evidence)
    if isinstance(change.evidence, Operation):
        text = curl(comparison, Request(change.evidence))
        return Proof("curl", text, None, "base", "no such operation")
    if change.id in MISSING_PART and change.uses and change.uses[0].pair is not None:
        bare = change.id.startswith("request-body")
        text = curl(comparison, Request(change.uses[0].pair.base, bare=bare))
        return Proof("curl", text, None, "base", MISSING_PART[change.id])
    return None


def _from_value(comparison: Comparison, evidence: Evidence) -> Proof | None:
    """A proof with the smallest value that the complete schemas of both documents confirm."""
    for readings in READINGS:
        for exactly_one in (True, False):
            check = ProofCheck.of(comparison, evidence.schemas, readings, exactly_one)
            if check.holds(evidence.value):
                value = check.shrunk(evidence.value, evidence.name)
                return _proof(comparison, evidence, value, check.refusal(value, evidence))
    return None


@dataclass(frozen=True)
class ProofCheck:
    """Checks that one complete schema accepts a value and the other rejects it.

    With `exactly_one`, the accepting schema allows no overlap of `oneOf` members.
    """

    search: Search
    accepting: Schema
    rejecting: Schema
    exactly_one: bool
    as_text: bool

    @classmethod
    def of(
        cls, comparison: Comparison, schemas: SchemaPair, readings: tuple[Reading, Reading], exactly_one: bool
    ) -> "ProofCheck":
        """The check for a pair of schemas."""
        one, other = (
            (schemas.base, schemas.revision)
            if schemas.direction == "request"
            else (schemas.revision, schemas.base)
        )
        accepting, rejecting = (
            schema_of(one, View(schemas.direction, readings[0])),
            schema_of(other, View(schemas.direction, readings[1])),
        )
        return cls(comparison.searches[schemas.as_text], accepting, rejecting, exactly_one, schemas.as_text)

    def holds(self, value: Any) -> bool:
        """Whether one schema accepts the value and the other rejects it."""
        checker, validators = self.search.checker, self.search.validators
        literal = self.exactly_one and not self.as_text
        if literal and not validators.accepts(self.accepting, value, exactly_one=True):
            return False
        return checker.accepts(validators, self.accepting, value) and not checker.accepts(
            validators, self.rejecting, value, strictly=True
        )

    def reasons(self, value: Any, named: str) -> set[tuple[str, int, bool]]:
        """Why the value is rejected: each keyword, its depth in the value, and whether it names `named`."""
        found = self.search.checker.rejections(self.search.validators, self.rejecting, value)
        return {
            (name, len(place), bool(named) and named in names_of(name, details))
            for name, place, details in found
        }

    def shrunk(self, value: Any, named: str) -> Any:
        """The value without the parts that neither the check nor the reasons need."""
        reasons = self.reasons(value, named)

        def holds(one: Any) -> bool:
            return (
                not self.search.is_out_of_time() and self.holds(one) and self.reasons(one, named) == reasons
            )

        return shrink(value, holds)

    def refusal(self, value: Any, evidence: Evidence) -> str:
        """What the validator says about the changed place, or else its first error for the value."""
        validators = self.search.validators
        read = deserialized(validators, self.rejecting, serialized(value)) if self.as_text else value
        errors = list(validators.exact(self.rejecting, True, read).iter_errors(read))
        if not errors:
            return "rejected"
        return _cut(min(errors, key=lambda error: _distance(error, evidence)).message)


def _distance(error: ValidationError, evidence: Evidence) -> tuple[int, bool, bool]:
    """How far an error is from the place, the keyword and the name of the evidence."""
    place = [step if isinstance(step, str) else "[]" for step in error.instance_path]
    wanted = [step if not step.startswith("[") else "[]" for step in evidence.path]
    common = next(
        (at for at, both in enumerate(zip(place, wanted, strict=False)) if both[0] != both[1]), None
    )
    shared = min(len(place), len(wanted)) if common is None else common
    keyword = keyword_of(error.kind.name, None if evidence.keyword == "nullable" else 0)
    return (
        len(place) + len(wanted) - 2 * shared,
        keyword != evidence.keyword,
        evidence.name not in names_of(error.kind.name, error.kind.as_dict()),
    )


def _cut(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:100]} … {text[-50:]}"


def _proof(comparison: Comparison, evidence: Evidence, value: Any, refusal: str) -> Proof:
    use = evidence.schemas.use
    if evidence.schemas.direction == "request":
        text = _request(comparison, use, value)
        return Proof("curl" if use.pair is not None else "json", text, value, "base", refusal)
    return Proof("json", _response(use, value), value, "revision", refusal)


def _request(comparison: Comparison, use: Use, value: Any) -> str:
    if use.pair is None:
        return as_json(value)
    base: Operation = use.pair.base
    if use.carrier[:1] == ("parameter",):
        return curl(comparison, Request(base, parameter=(use.carrier[1], use.carrier[2]), value=value))
    return curl(comparison, Request(base, body=value, media=use.carrier[1] if use.carrier else ""))


def _response(use: Use, value: Any) -> str:
    status = use.status.replace("XX", "00").replace("DEFAULT", "500") or "200"
    if use.carrier[:1] == ("header",):
        return f"HTTP/1.1 {status}\n{use.carrier[1]}: {joined(value)}"
    media = use.carrier[1] if use.carrier else "application/json"
    return f"HTTP/1.1 {status}\nContent-Type: {media}\n\n{as_json(value)}"


RUN = re.compile(r'"(.)\1{119,}"')


def as_json(value: Any) -> str:
    """A value as readable JSON; a long run of one character is replaced by its length."""
    text = json.dumps(value, ensure_ascii=False, indent=1 if len(json.dumps(value)) > 100 else None)
    text = RUN.sub(lambda run: f'"{run[1] * 20}…" /* {len(run[0]) - 2} characters */', text)
    return text if len(text) <= 4000 else text[:4000] + " …"
