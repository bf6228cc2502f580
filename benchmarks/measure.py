"""What does one round measure on each server?"""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bad_requests import wrong_responses
from benchmarks.load import KEY, Load, Request, load
from benchmarks.peers import HERE, Peer
from benchmarks.process import Server, StartError, free_port, serving

RUNS = "/threads/thread_bench/runs"
PAGE = "/threads/thread_page/runs"
"""The path of a thread with one run, so that its list has the length of the document's example."""
BODY = {"model": "org/name", "metadata": {"user": "7"}, "temperature": 0.5}
CREATE = Request("POST", RUNS, json.dumps(BODY))
REFUSED = Request("POST", RUNS, json.dumps(BODY | {"temperature": "warm"}), refused=True)
LIST = Request("GET", PAGE)
STREAM = json.dumps({"model": "mock/hello", "stream": True})
KINDS = ("retrieve", "list", "create", "refused")

Running = dict[str, tuple[Peer, Server]]


@dataclass(frozen=True)
class Streams:
    """Streams opened at once: time of the first event in milliseconds, of the last event in seconds."""

    opened: int
    done: int
    p50: float | None
    p99: float | None
    seconds: float


@dataclass
class Seen:
    """The measurements of one server in one round."""

    cold_start: float = 0.0
    loads: dict[str, Load] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    memory: float = 0.0
    streams: Streams | None = None
    wrong: dict[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """The duration of each load and its warm-up in seconds, and the number of streams."""

    seconds: int
    warm_up: int
    streams: int


@contextmanager
def started(peers: Sequence[Peer], document: Path, scratch: Path) -> Iterator[Running]:
    """Start the servers one by one, so that each start is measured alone; servers that fail are skipped."""
    with ExitStack() as stack:
        servers: Running = {}
        for peer in peers:
            port, log = free_port(), scratch / f"{len(servers)}.log"
            path = f"{peer.base}{RUNS}/run_bench"
            try:
                server = stack.enter_context(
                    serving(peer.command(document, port), port, path, peer.environment, log)
                )
            except StartError as error:
                last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["no output"]
                print(f"{peer.name} is skipped: it {error}: {last[0]}", file=sys.stderr)
            else:
                servers[peer.name] = (peer, server)
        yield servers


def measure_round(
    peers: Sequence[Peer], document: Path, scratch: Path, settings: Settings
) -> dict[str, Seen]:
    """Measure every server once. Each kind of load runs on all servers before the next kind starts."""
    with started(peers, document, scratch) as servers:
        seen = {name: Seen(cold_start=server.cold_start) for name, (_, server) in servers.items()}
        runs = {name: _create_run(server.url + peer.base) for name, (peer, server) in servers.items()}
        for name, (peer, server) in servers.items():
            seen[name].wrong = wrong_responses(server.url + peer.base)
        for kind in KINDS:
            for name, (peer, server) in servers.items():
                _measure(kind, _request(kind, runs[name]), peer, server, settings, seen[name])
        for name, (peer, server) in servers.items():
            seen[name].streams = _streams(peer, server, settings.streams)
            seen[name].memory = server.peak_memory()
    return seen


def _request(kind: str, run: str) -> Request:
    if kind == "retrieve":
        return Request("GET", f"{PAGE}/{run}")
    return {"create": CREATE, "refused": REFUSED, "list": LIST}[kind]


def _create_run(url: str) -> str:
    """Create the only run of its thread. Returns its id, or a fixed id if the server returns none."""
    host, slash, base = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host)
    headers = {"X-Tune-Key": KEY, "Content-Type": "application/json"}
    connection.request("POST", f"{slash}{base}{PAGE}", CREATE.body, headers)
    run = json.loads(connection.getresponse().read())["id"]
    connection.close()
    return run or "run_bench"


def _measure(kind: str, request: Request, peer: Peer, server: Server, settings: Settings, seen: Seen) -> None:
    load(request, server.url + peer.base, settings.warm_up)
    before = server.cpu()
    result = load(request, server.url + peer.base, settings.seconds)
    seen.loads[kind] = result
    seen.cpu[kind] = (server.cpu() - before) / max(result.requests, 1) * 1e6


def _streams(peer: Peer, server: Server, count: int) -> Streams:
    port, path = server.url.rpartition(":")[2], f"{peer.base}/threads/thread_#/runs"
    command = ["node", str(HERE / "streams.mjs"), port, path, STREAM, str(count)]
    result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return Streams(count, result["done"], result["p50"], result["p99"], result["seconds"])
