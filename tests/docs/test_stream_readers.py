"""Do the stream readers that the documentation shows read every stream as the standard says?

What they make of a stream is compared with a strict parse of the same bytes by other code.
"""

import base64
import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contract_tests.observations.sse import parse
from mock_server.scenarios.library import BUILT_IN
from tests.docs.pages import PAGES, SHOWN_FILES, shown
from tests.docs.workshop import KEY
from tests.serving import mock

pytestmark = pytest.mark.xdist_group("stream readers")
HERE = Path(__file__).with_name("readers")
SCENARIOS = sorted(path.stem for path in BUILT_IN.glob("*.yaml"))
CHOICES = [f"{scenario}{condition}" for scenario in SCENARIOS for condition in ("", "+split")]
Events = list[tuple[str, str]]
Chunks = list[bytes]

SEPARATORS = "one\u2028two\u2029three\u0085four\x0bfive\x0csix\x1cseven"
STREAMS = {
    "separators": f'event: a\ndata: {{"text": "{SEPARATORS}"}}\n\ndata: [DONE]\n\n',
    "comments, several data lines and no space": ": hi\nevent:a\ndata:1\ndata:2\ndata\n: bye\ndata:  3\n\n",
    "fields without data or without a colon": "event: lost\n\ndata\n\nid: 1\nother: x\ndata: a:b: c\n\n",
    "an end without a blank line": "data: whole\n\nevent: half\ndata: lost\n",
    "an end inside a line": "data: whole\n\ndata: lost",
    "a byte order mark": "\ufeffdata: é 😀\n\ndata: \ufeffinside\n\n",
    "nothing": "",
}


def strict(chunks: Iterable[bytes]) -> Events:
    """The events of a stream by the checker's parser, named as the standard names them."""
    return [(event.event or "message", event.data) for event in parse(chunks)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a mock in which everything happens at once."""
    with mock(tmp_path_factory.mktemp("mock") / "log", "--speed", "0", "--key", KEY) as url:
        yield url


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the readers as the documentation shows them."""
    folder = tmp_path_factory.mktemp("readers")
    for name in ("sse.js", "sse.py"):
        (folder / name).write_text(SHOWN_FILES[name], encoding="utf-8")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return folder


def in_node(program: str, files: Path, given: object) -> Any:
    """What a program in Node.js prints, as JSON, of what it is given."""
    command: list[str | Path] = ["node", HERE / program, files / "sse.js"]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def python_reader(files: Path) -> Callable[[Iterable[bytes]], Iterator[tuple[str, str]]]:
    """The function of the Python reader."""
    names: dict[str, Any] = {}
    exec(compile((files / "sse.py").read_text(encoding="utf-8"), files / "sse.py", "exec"), names)
    reader: Callable[[Iterable[bytes]], Iterator[tuple[str, str]]] = names["events"]
    return reader


def request(base: str, choice: str, reader: str) -> tuple[str, dict[str, str], str]:
    """Address, headers and body of a request for a streamed run, in a thread of its own."""
    headers = {"X-Tune-Key": KEY, "Content-Type": "application/json"}
    body = json.dumps({"model": f"mock/{choice}", "stream": True})
    return f"{base}/threads/thread_{reader}_{choice.replace('+', '_')}/runs", headers, body


def test_the_javascript_reader_reads_every_scenario_with_and_without_split(
    base: str, files: Path, node: str
) -> None:
    wanted = [
        {"url": url, "init": {"method": "POST", "headers": headers, "body": body}}
        for url, headers, body in (request(base, choice, "js") for choice in CHOICES)
    ]
    for choice, read in zip(CHOICES, in_node("live.mjs", files, wanted), strict=True):
        expected = strict([base64.b64decode(read["bytes"])])
        assert expected, choice
        assert [tuple(event) for event in read["events"]] == expected, choice


def test_the_python_reader_reads_every_scenario_with_and_without_split(base: str, files: Path) -> None:
    events = python_reader(files)
    with httpx.Client() as client:
        for choice in CHOICES:
            url, headers, body = request(base, choice, "python")
            chunks: Chunks = []
            with client.stream("POST", url, headers=headers, content=body) as response:
                read = list(events(_kept(response.iter_bytes(), chunks)))
            assert read == strict(chunks), choice
            assert read, choice


def _kept(chunks: Iterable[bytes], kept: Chunks) -> Iterator[bytes]:
    for chunk in chunks:
        kept.append(chunk)
        yield chunk


def cases() -> dict[str, Chunks]:
    """Every stream with each kind of line end, in chunks of each size; some divide a pair of CR and LF."""
    found: dict[str, Chunks] = {}
    for name, text in STREAMS.items():
        for end in ("\n", "\r", "\r\n"):
            data = text.replace("\n", end).encode()
            for size in (1, 2, 3, 7, len(data) or 1):
                chunks = [data[start : start + size] for start in range(0, len(data), size)]
                found[f"{name}, line ends {end!r}, chunks of {size}"] = chunks
    return found


def test_the_javascript_reader_keeps_to_the_standard(files: Path, node: str) -> None:
    given = [[base64.b64encode(chunk).decode() for chunk in chunks] for chunks in cases().values()]
    for (name, chunks), read in zip(cases().items(), in_node("replay.mjs", files, given), strict=True):
        assert [tuple(event) for event in read] == strict(chunks), name


def test_the_python_reader_keeps_to_the_standard(files: Path) -> None:
    events = python_reader(files)
    for name, chunks in cases().items():
        assert list(events(chunks)) == strict(chunks), name


def test_the_streams_hold_what_a_careless_reader_loses(base: str) -> None:
    url, headers, body = request(base, "long-answer", "careless")
    (separators, *_) = cases().values()
    for text in (b"".join(separators).decode(), httpx.post(url, headers=headers, content=body).text):
        assert len(text.splitlines()) > len(text.split("\n"))


def test_the_readers_are_shown_once() -> None:
    every = [block for path in PAGES for block in shown(path)]
    assert sum("TextDecoderStream" in block.text for block in every) == 1
    assert sum("getincrementaldecoder" in block.text for block in every) == 1
