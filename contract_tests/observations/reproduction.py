"""How is a response obtained again from a deployment that has no data yet?

The answer is a shell script. It sends the requests that led to the response, and then the request itself.
"""

from collections.abc import Iterator, Mapping, Sequence

from contract_tests.document import Role
from contract_tests.observations.curl import quoted_with
from contract_tests.observations.exchange import Exchange
from contract_tests.observations.json_text import read_json

_HEAD = """\
#!/usr/bin/env bash
# Shows the response on a deployment without data. Needs curl, python3 and the key in TUNE_API_KEY.
# The first argument is another base URL.
set -euo pipefail
field() { python3 -c 'import json, re, sys
text = sys.stdin.read()
text = text if text.lstrip().startswith("{") else re.search(r"data: *({.*})", text)[1]
print(json.loads(text)[sys.argv[1]])' "$1"; }
"""
_SETTLE = """\
settle() { for _ in $(seq 60); do
  curl -sS -H "X-Tune-Key: $TUNE_API_KEY" "$1" |
    grep -qE '"status" *: *"(queued|in_progress|cancelling)"' || return 0
  sleep 1
done; }
"""


def script(exchange: Exchange) -> str:
    """A script that sends the request again, with new resources where it names existing ones."""
    names = {_base(exchange): "base"}
    lines = [f"base=${{1:-{_base(exchange)}}}"]
    for step in exchange.before:
        command, created = _command(step, names), created_ids(step)
        lines.append(f"reply=$({command})" if created else f"{command} > /dev/null")
        for field, value in created.items():
            kind = step.operation.kind if step.operation and field == "id" else "thread"
            names[value] = f"{kind}{len(names)}"
            lines.append(f'{names[value]}=$(field {field} <<< "$reply")')
    lines += _settling(exchange, names)
    lines.append(_command(exchange, names, shown=True))
    settles = any(line.startswith("settle ") for line in lines)
    return exchange.secrets.redact(_HEAD + (_SETTLE if settles else "") + "\n".join(lines) + "\n")


def _base(exchange: Exchange) -> str:
    """The base URL, which the path of the operation follows."""
    operation = exchange.operation
    path = operation.address(exchange.path_parameters) if operation else ""
    address = exchange.url.partition("?")[0]
    return address.removesuffix(path) if path and address.endswith(path) else address.rpartition("/")[0]


def created_ids(exchange: Exchange) -> dict[str, str]:
    """The ids of what a request created, by the names of their fields: its own, and that of a new thread."""
    if not exchange.ok or exchange.operation is None or exchange.operation.role is not Role.CREATE:
        return {}
    body = exchange.json if exchange.media_type != "text/event-stream" else _first_event(exchange.body)
    names = ["id"] if "threadId" in exchange.path_parameters else ["id", "threadId"]
    found = {name: body.get(name) for name in names} if isinstance(body, dict) else {}
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def _first_event(body: bytes) -> object:
    for line in body[:65536].splitlines():
        if line.startswith(b"data:"):
            try:
                return read_json(line.removeprefix(b"data:").strip())
            except ValueError:
                return None
    return None


def _settling(exchange: Exchange, names: Mapping[str, str]) -> Iterator[str]:
    """What waits for a run that is read."""
    run = exchange.path_parameters.get("runId", "")
    thread = exchange.path_parameters.get("threadId", "")
    if exchange.method == "GET" and run in names and thread in names:
        yield f'settle "$base/threads/${names[thread]}/runs/${names[run]}"'


def _command(exchange: Exchange, names: Mapping[str, str], *, shown: bool = False) -> str:
    words: Sequence[str] = exchange.curl_words(("-i", "-sS") if shown else ("-sS",))
    return " ".join(quoted_with(word, exchange.secrets, names) for word in words)
