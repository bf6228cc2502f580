"""What does one round over all servers see?"""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bad_requests import wrongly_answered
from benchmarks.load import KEY, Load, Request, load
from benchmarks.peers import HERE, Peer
from benchmarks.process import Server, StartError, free_port, serving

RUNS = "/threads/thread_bench/runs"
PAGE = "/threads/thread_page/runs"
"""A thread with one run: its list is as long as the document's example."""
BODY = {"model": "org/name", "metadata": {"user": "7"}, "temperature": 0.5}
CREATE = Request("POST", RUNS, json.dumps(BODY))
REFUSED = Request("POST", RUNS, json.dumps(BODY | {"temperature": "warm"}), refused=True)
LIST = Request("GET", PAGE)
STREAM = json.dumps({"model": "mock/hello", "stream": True})
KINDS = ("retrieve", "list", "create", "refused")

Running = dict[str, tuple[Peer, Server]]


@dataclass(frozen=True)
class Streams:
    """What many streams opened at once saw: the first event in milliseconds, the last in seconds."""

    opened: int
    done: int
    p50: float | None
    p99: float | None
    seconds: float


@dataclass
class Seen:
    """What a round saw of one server."""

    cold_start: float = 0.0
    loads: dict[str, Load] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    memory: float = 0.0
    streams: Streams | None = None
    wrong: dict[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """How long a round is."""

    seconds: int
    warm_up: int
    streams: int


@contextmanager
def started(peers: Sequence[Peer], document: Path, scratch: Path) -> Iterator[Running]:
    """All servers that start, one after the other so that none disturbs another's start."""
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
                last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
                print(f"{peer.name} left out: it {error}: {last[0]}", file=sys.stderr)
            else:
                servers[peer.name] = (peer, server)
        yield servers


def a_round(peers: Sequence[Peer], document: Path, scratch: Path, settings: Settings) -> dict[str, Seen]:
    """Measure every server once; each kind of load goes over all of them before the next kind begins."""
    with started(peers, document, scratch) as servers:
        seen = {name: Seen(cold_start=server.cold_start) for name, (_, server) in servers.items()}
        runs = {name: _a_run(server.url + peer.base) for name, (peer, server) in servers.items()}
        for name, (peer, server) in servers.items():
            seen[name].wrong = wrongly_answered(server.url + peer.base)
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


def _a_run(url: str) -> str:
    """Create the one run of its thread; its id, or another where a server makes empty ones."""
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
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return Streams(count, said["done"], said["p50"], said["p99"], said["seconds"])
