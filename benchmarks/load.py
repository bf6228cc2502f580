"""How many requests of one kind does a server answer in a second, and how late?"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 16
KEY = "sk-tune-bench"


class LoadError(Exception):
    """The load did not measure what it was meant to."""


@dataclass(frozen=True)
class Request:
    """A request that is repeated, and whether the server is meant to refuse it."""

    method: str
    path: str
    body: str = ""
    refused: bool = False


@dataclass(frozen=True)
class Load:
    """What wrk saw: latencies in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    wrong: int

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.requests / self.seconds


def read(output: str, refused: bool) -> Load:
    """What the last line of `load.lua` says."""
    line = next((line for line in output.splitlines() if line.startswith("BENCH ")), None)
    if line is None:
        raise LoadError(f"wrk printed no result: {output.strip()[-200:]}")
    said = json.loads(line.removeprefix("BENCH "))
    unlike = said["requests"] - said["refused"] if refused else said["refused"]
    return Load(
        requests=said["requests"],
        seconds=said["microseconds"] / 1e6,
        p50=said["p50"] / 1000,
        p99=said["p99"] / 1000,
        wrong=unlike + said["broken"],
    )


def load(request: Request, url: str, seconds: int) -> Load:
    """Repeat the request on 16 connections for so many seconds."""
    environment = os.environ | {"BENCH_METHOD": request.method, "BENCH_BODY": request.body, "BENCH_KEY": KEY}
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(SCRIPT), url + request.path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LoadError(f"wrk ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return read(done.stdout, request.refused)
