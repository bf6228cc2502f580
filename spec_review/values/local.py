"""Which values show a difference at one place of two schemas, and which keyword is the reason?"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from spec_review.loading.unchanged import WORDS
from spec_review.values.equality import Equality
from spec_review.values.pairing import partners
from spec_review.values.reasons import is_one_of, keyword_of, main_reasons, names_of, step_of
from spec_review.values.sampling import Sampling
from spec_review.values.schema import Schema, alternatives, identity, keywords
from spec_review.values.serialization import Acceptor, JsonChecker
from spec_review.values.shape import Shape, allowed_by, own_constraints, shape_of
from spec_review.values.shrink import size
from spec_review.values.validators import Validators


@dataclass(frozen=True)
class Difference:
    """One keyword of the rejecting schema, with a value that only the accepting schema accepts."""

    keyword: str
    path: tuple[str, ...]
    accepting: Schema
    rejecting: Schema
    value: Any
    name: str = ""
    ambiguous: bool = False
    origin: int = -1  # the visit of the search that found it

    @property
    def place(self) -> tuple[Any, ...]:
        """Equal for two differences by the same keyword of the same schemas."""
        return (self.keyword, self.name, identity(self.accepting), identity(self.rejecting))


@dataclass(frozen=True)
class Context:
    """Two schemas and the alternatives of them that are compared; without `other`, `one` is left over."""

    accepting: Schema
    rejecting: Schema
    one: Schema
    other: Schema
    union: bool
    left_over: bool = False
    acceptors: dict[bool, tuple[Acceptor, Acceptor]] = field(default_factory=dict, compare=False)
    """What checks values against both schemas; by whether everything that a value contains is checked."""


MISSING = object()
Reasons = list[tuple[str, str]]


class Local(Sampling):
    """Compares the keywords at single places."""

    def __init__(
        self, validators: Validators, equality: Equality, checker: JsonChecker, effort: float = 1.0
    ) -> None:
        super().__init__(validators, checker, effort)
        self.equality = equality
        self._contexts: dict[tuple[Any, ...], list[Context]] = {}
        self._gone: dict[tuple[Any, ...], list[Difference]] = {}

    def contexts(self, accepting: Schema, rejecting: Schema) -> list[Context]:
        """The alternatives that correspond: equal ones are left out, the others are paired by likeness."""
        key = (identity(accepting), identity(rejecting))
        if key not in self._contexts:
            self._contexts[key] = list(self._paired(accepting, rejecting))
        return self._contexts[key]

    def _paired(self, accepting: Schema, rejecting: Schema) -> Iterator[Context]:
        ones, others = alternatives(accepting), alternatives(rejecting)
        union = len(ones) + len(others) > 2
        for one, other, left_over in partners(ones, others, self.equality.equal):
            yield Context(accepting, rejecting, one, other, union, left_over)

    def plain_contexts(self, accepting: Schema, rejecting: Schema) -> list[Context]:
        """The alternatives of two schemas that say the same, in order."""
        ones, others = alternatives(accepting), alternatives(rejecting)
        union = len(ones) + len(others) > 2
        pairs = zip(ones, others, strict=False)
        return [Context(accepting, rejecting, one, other, union) for one, other in pairs]

    def local(self, accepting: Schema, rejecting: Schema, explained: set[str]) -> list[Difference]:
        """Differences by the keywords at this place itself, not by those of the steps in `explained`."""
        if allowed_by(accepting) is not None and allowed_by(rejecting) is not None:
            return self._enumerations(accepting, rejecting)
        contexts = self.contexts(accepting, rejecting)
        constants = [one for one in contexts if one.left_over and shape_of(one.one).allowed is not None]
        result = self._constants(constants) if len(constants) > 1 else []
        for context in contexts:
            if result and context in constants:
                continue
            found = self.gone(context) if context.left_over else []
            if found:
                result += found
            elif context.union or own_constraints(context.one) != own_constraints(context.other):
                result += self._at(context, explained)
        return result or self._overlap(accepting, rejecting)

    def _overlap(self, accepting: Schema, rejecting: Schema) -> list[Difference]:
        """A value that matches several members of a `oneOf`, although no single member changed."""
        ones = alternatives(accepting)
        if len(ones) < 2 or not is_one_of(rejecting):
            return []
        for one in ones:
            context = Context(accepting, rejecting, one, one, True)
            for value in self.values(shape_of(one), shape_of(one)):
                if self.breaks(context, value):
                    found = [("oneOf", "")], is_one_of(accepting)
                    return [_difference(replace(context, other=rejecting), found[0][0], value, found[1])]
        return []

    def _enumerations(self, accepting: Schema, rejecting: Schema) -> list[Difference]:
        """A constant that only one of two enumerations has; each is an `enum` or a union of constants."""
        context = Context(accepting, rejecting, accepting, rejecting, union=False)
        for value in allowed_by(accepting) or ():
            if self.breaks(context, value):
                keyword = "const" if _is_const(accepting) and _is_const(rejecting) else "enum"
                keyword = "nullable" if value is None else keyword
                return [Difference(keyword, (), accepting, rejecting, value)]
        return []

    def _constants(self, contexts: list[Context]) -> list[Difference]:
        """Constants that are left over together: one enumeration lost values."""
        if any(shape_of(other).allowed is None for other in alternatives(contexts[0].rejecting)):
            return []
        for context in contexts:
            for value in shape_of(context.one).allowed or ():
                if value is not None and self.breaks(context, value):
                    return [Difference("enum", (), context.accepting, context.rejecting, value)]
        return []

    def gone(self, context: Context) -> list[Difference]:
        """An alternative without a counterpart: one difference, with its smallest value that is rejected."""
        key = (identity(context.accepting), identity(context.rejecting), identity(context.one))
        if key not in self._gone:
            self._gone[key] = self._missing(context)
        return self._gone[key]

    def _missing(self, context: Context) -> list[Difference]:
        value = next((one for one in self.sample(context.one) if self.breaks(context, one)), MISSING)
        if value is MISSING:
            return []
        both = (context.one, context.rejecting)
        constant = shape_of(context.one).allowed is not None
        others = alternatives(context.rejecting)
        if value is None:
            keyword = "nullable"
        elif constant and all(shape_of(other).allowed is not None for other in others):
            keyword, both = "enum", (context.accepting, context.rejecting)
        else:
            keyword = "alternatives"
        return [Difference(keyword, (), *both, value)]

    def breaks(self, context: Context, value: Any) -> bool:
        """Whether only the accepting schema accepts the value; False when the budget is used up."""
        return self._breaks(context, value, exact=False)

    def breaks_exactly(self, context: Context, value: Any) -> bool:
        """The same, with every schema that the value touches, however large the schemas are."""
        return self._breaks(context, value, exact=True)

    def _breaks(self, context: Context, value: Any, exact: bool) -> bool:
        if not self.spend(value):
            return False
        if exact not in context.acceptors:
            make, both = self.checker.acceptor, (context.accepting, context.rejecting)
            context.acceptors[exact] = (
                make(self.validators, both[0], exact=exact),
                make(self.validators, both[1], strictly=True, exact=exact),
            )
        accepts, still_accepts = context.acceptors[exact]
        return accepts(value) and not still_accepts(value)

    def _at(self, context: Context, explained: set[str]) -> Iterator[Difference]:
        one, other = shape_of(context.one), shape_of(context.other)
        best: dict[tuple[str, str], Difference] = {}
        several: list[tuple[Reasons, Any, bool]] = []
        for value in self.values(one, other):
            if not self.breaks(context, value):
                continue
            reasons, ambiguous = self._reasons(context, value, explained)
            if len(reasons) == 1:
                _keep(best, _difference(context, reasons[0], value, ambiguous))
            elif reasons:
                several.append((reasons, value, ambiguous))
        for reasons, value, ambiguous in sorted(several, key=lambda entry: size(entry[1])):
            for reason in main_reasons(reasons, best):
                _keep(best, _difference(context, reason, value, ambiguous))
        if ("type", "") in best:
            best.pop(("nullable", ""), None)  # the type that was added or removed is the one cause
        if ("type", "") in best and not _constrains(one):
            best = {("type", ""): best["type", ""]}  # everything is now accepted: that is the one cause
        if ("maximum", "") in best and not (
            other.values_of("minimum") or other.values_of("exclusiveMinimum")
        ):
            best.pop(("minimum", ""), None)  # the format is the one cause
        yield from best.values()

    def _reasons(self, context: Context, value: Any, explained: set[str]) -> tuple[Reasons, bool]:
        """The keywords that reject the value here, and whether the only reason is a `oneOf` overlap."""
        if self.checker.accepts(self.validators, context.rejecting, value):
            return [("oneOf", "")], is_one_of(context.accepting)
        found = self.checker.rejections(self.validators, context.other, value)
        certain = [reason for reason in found if not reason[0].startswith("unevaluated")]
        found = certain or found  # what another keyword rejects is also unevaluated
        here = [reason for reason in found if not reason[1]]
        if not found:
            return [("alternatives", "")], False
        reasons = [
            (keyword_of(name, value), word) for name, _, details in here for word in names_of(name, details)
        ]
        if not here and not any(step_of(place[0]) in explained for _, place, _ in found if place):
            reasons = [("contents", str(found[0][1][0]) if isinstance(found[0][1][0], str) else "")]
        if reasons and context.union and any(keyword == "type" for keyword, _ in reasons):
            reasons = [("alternatives" if value is not None else "nullable", "")]
        return list(dict.fromkeys(reasons)), False


def _constrains(shape: Shape) -> bool:
    return any(key not in WORDS and not key.startswith("x-") for key in shape.keyword_values)


def _is_const(schema: Schema) -> bool:
    return any("const" in keywords(part) for part in schema)


def _difference(context: Context, reason: tuple[str, str], value: Any, ambiguous: bool) -> Difference:
    return Difference(reason[0], (), context.one, context.other, value, reason[1], ambiguous)


def _keep(best: dict[tuple[str, str], Difference], found: Difference) -> None:
    key = (found.keyword, found.name)
    if key not in best or rank(found) < rank(best[key]):
        best[key] = found


def rank(found: Difference) -> tuple[bool, int, int, float]:
    """A sort key: the clearest and smallest difference first."""
    return (found.ambiguous, *size(found.value))
