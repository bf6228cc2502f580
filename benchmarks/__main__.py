"""`python -m benchmarks`: measure this mock and other mock servers, and print the results as Markdown."""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks import table
from benchmarks.load import CONNECTIONS
from benchmarks.measure import Settings, measure_round
from benchmarks.peers import REFERENCE, Peer, install, peers, write_document

LIBRARIES = ("connexion", "uvicorn", "starlette", "jsonschema-rs", "orjson")
QUICK = Settings(seconds=1, warm_up=1, streams=200)
FULL = Settings(seconds=2, warm_up=1, streams=200)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="one short round over all servers; takes a minute or two")
    add("--rounds", type=int, help="number of rounds over all servers (default: 3, with --quick: 1)")
    add("--only", action="append", metavar="WORD", help="only servers whose name contains WORD; repeatable")
    return parser.parse_args(argv)


def _chosen(words: Sequence[str] | None, scratch: Path) -> list[Peer]:
    chosen = []
    for peer in peers(scratch):
        if words and not any(word.lower() in peer.name.lower() for word in words):
            continue
        if peer.installed:
            chosen.append(peer)
        else:
            print(f"{peer.name} is skipped: it is not installed", file=sys.stderr)
    return chosen


def _machine() -> str:
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores ({models[0] if models else 'unknown'}), {platform.system()}, "
        f"Python {platform.python_version()}, {libraries}, Node.js {node}, wrk with {CONNECTIONS} connections"
    )


def _report(rounds: Sequence[table.Round], chosen: Sequence[Peer]) -> str:
    names = [peer.name for peer in chosen if any(peer.name in seen for seen in rounds)]
    versions = ", ".join(f"{peer.name} {peer.version}" for peer in chosen if peer.name in names)
    parts = [
        f"Ratios to {REFERENCE}; {len(rounds)} rounds, the lowest and highest ratio in brackets.",
        table.ratios(rounds, names, REFERENCE),
        "Medians.",
        table.absolute(rounds, names),
        f"{_machine()}. {versions}.",
        "\n".join(f"- {remark}" for remark in table.remarks(rounds, names)),
    ]
    return "\n\n".join(part for part in parts if part)


def _measured(chosen: Sequence[Peer], scratch: Path, settings: Settings, count: int) -> list[table.Round]:
    document = scratch / "openapi.json"
    write_document(document)
    rounds = []
    for number in range(count):
        print(f"round {number + 1} of {count} ...", file=sys.stderr)
        first = number % len(chosen)
        rounds.append(measure_round([*chosen[first:], *chosen[:first]], document, scratch, settings))
    return rounds


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print. Returns 2 if the load generator is missing or no server remains."""
    arguments = _arguments(argv)
    if shutil.which("wrk") is None:
        print(
            "wrk, the load generator, is missing; on Debian and Ubuntu: apt-get install wrk", file=sys.stderr
        )
        return 2
    if problem := install():
        print(problem, file=sys.stderr)
    settings, count = (QUICK, 1) if arguments.quick else (FULL, 3)
    with tempfile.TemporaryDirectory() as directory:
        chosen = _chosen(arguments.only, Path(directory))
        if not chosen:
            print(f"no server's name contains {' or '.join(arguments.only)}", file=sys.stderr)
            return 2
        rounds = _measured(chosen, Path(directory), settings, arguments.rounds or count)
    print(_report(rounds, chosen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
