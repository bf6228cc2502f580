"""Are errors reported in the form that clients know?"""

import re
from collections.abc import Iterator

from contract_tests.findings import Deviation, check
from contract_tests.observations.exchange import Exchange, Intent

# The table of the Connect protocol, and the codes that our requests may get.
_CODES = {
    400: {"invalid_argument", "failed_precondition", "out_of_range"},
    401: {"unauthenticated"},
    403: {"permission_denied"},
    404: {"not_found", "unimplemented"},
    429: {"resource_exhausted"},
    500: {"internal", "unknown", "data_loss"},
    503: {"unavailable"},
}
_INTERNALS = re.compile(
    rb"Traceback \(most recent call last\)|\bFile \"[^\"]+\", line \d+"
    rb"|^\s+at [\w.$]+\([\w.]+:\d+\)|goroutine \d+ \[",
    re.MULTILINE,
)


@check("error-body", Exchange)
def error_has_code_and_message(exchange: Exchange) -> Iterator[Deviation]:
    """An error has a code and a message, in JSON.

    Source: errors elsewhere on the same host, in the form of the Connect protocol
    Grade: assumed
    Advice: return `{"code": "invalid_argument", "message": "..."}`, from gateways and routers too
    """
    if not 400 <= exchange.status < 600 or exchange.method == "HEAD":
        return
    body = exchange.json
    shown = exchange.body[:100].decode("utf-8", "backslashreplace")
    if not isinstance(body, dict):
        yield Deviation(f"{exchange.status} {exchange.media_type}: {shown!r}", "a JSON object", exchange)
        return
    for name in ("code", "message"):
        if not isinstance(body.get(name), str) or not body[name]:
            yield Deviation(
                f"{exchange.status}: {shown}", f"{name}, a string", exchange, f"{exchange.label}: {name}"
            )


@check("error-code", Exchange)
def error_code_fits_status(exchange: Exchange) -> Iterator[Deviation]:
    """The code of an error belongs to its status.

    Source: the table of codes and statuses of the Connect protocol
    Grade: assumed
    Advice: take code and status from one table, or report the code to the maintainers of the contract
    """
    body = exchange.json
    code = body.get("code") if isinstance(body, dict) else None
    expected = _CODES.get(exchange.status)
    if expected and isinstance(code, str) and code and code not in expected:
        place = f"{exchange.status} {code}"
        yield Deviation(f"{exchange.status} with {code!r}", " or ".join(sorted(expected)), exchange, place)


@check("error-keeps-quiet", Exchange)
def error_has_no_internals(exchange: Exchange) -> Iterator[Deviation]:
    """An error shows no internals of the service.

    Source: CWE-209, information exposure through an error message
    Grade: observed
    Advice: log the stack trace and return a readable sentence
    """
    if exchange.status >= 400 and (found := _INTERNALS.search(exchange.body)):
        yield Deviation(f"{exchange.status} with {found[0].decode('latin-1')!r}", "no stack trace", exchange)


@check("rate-limit-says-when", Exchange)
def rate_limit_says_when(exchange: Exchange) -> Iterator[Deviation]:
    """A 429 response says when to retry.

    Source: RFC 6585 4 and RFC 9110 10.2.3
    Grade: observed
    Advice: send `Retry-After` in seconds
    """
    if exchange.status == 429 and not exchange.header("retry-after"):
        yield Deviation("429 without Retry-After", "Retry-After: SECONDS", exchange, "429")


@check("invalid-is-400", Exchange)
def invalid_is_400(exchange: Exchange) -> Iterator[Deviation]:
    """An invalid request is rejected with 400, or with 415 for its media type.

    Source: errors elsewhere on the same host: 400 with `invalid_argument`
    Grade: observed
    Advice: return 400, as clients of this host expect
    """
    conforming = (400, 401, 403, 404, 405, 413, 415, 429)
    if Intent.INVALID in exchange.intents and exchange.refused and exchange.status not in conforming:
        yield Deviation(f"status {exchange.status}", "400", exchange)
