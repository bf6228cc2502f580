"""How many requests of one kind does a server handle per second, and with which latency?"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 16
KEY = "sk-tune-bench"


class LoadError(Exception):
    """wrk failed or printed no result."""


@dataclass(frozen=True)
class Request:
    """A request to repeat, and whether the server is expected to reject it."""

    method: str
    path: str
    body: str = ""
    refused: bool = False


@dataclass(frozen=True)
class Load:
    """The result of wrk; latencies are in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    wrong: int

    @property
    def rate(self) -> float:
        """Responses per second."""
        return self.requests / self.seconds


def read(output: str, refused: bool) -> Load:
    """The result in the last line of `load.lua`. Raises `LoadError` when there is none."""
    line = next((line for line in output.splitlines() if line.startswith("BENCH ")), None)
    if line is None:
        raise LoadError(f"wrk printed no result: {output.strip()[-200:]}")
    result = json.loads(line.removeprefix("BENCH "))
    unexpected = result["requests"] - result["refused"] if refused else result["refused"]
    return Load(
        requests=result["requests"],
        seconds=result["microseconds"] / 1e6,
        p50=result["p50"] / 1000,
        p99=result["p99"] / 1000,
        wrong=unexpected + result["broken"],
    )


def load(request: Request, url: str, seconds: int) -> Load:
    """Repeat the request on 16 connections for this number of seconds."""
    environment = os.environ | {"BENCH_METHOD": request.method, "BENCH_BODY": request.body, "BENCH_KEY": KEY}
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(SCRIPT), url + request.path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LoadError(f"wrk ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return read(done.stdout, request.refused)
