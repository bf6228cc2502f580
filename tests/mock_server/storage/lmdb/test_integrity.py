"""Is a file that LMDB cannot read safely rejected before LMDB reads it?

LMDB writes a file, and the tests edit its bytes. Offsets are those of LMDB 0.9 with 64-bit numbers.
"""

import random
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import lmdb
import pytest

from mock_server.storage.lmdb import integrity

PAGE, FLAGS, LOWER, UPPER, POINTERS = 0, 10, 12, 14, 16
FREE_FLAGS, FREE_ENTRIES, FREE_ROOT = 44, 72, 80
MAIN_FLAGS, MAIN_DEPTH, MAIN_ENTRIES, MAIN_ROOT = 92, 94, 120, 128
LAST_PAGE = 136


class Pages:
    """The bytes of a file, to be edited."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = bytearray(path.read_bytes())
        self.size = self.number(40, 4)
        self.meta = max((0, self.size), key=lambda at: self.number(at + 144))
        self.root = self.number(self.meta + MAIN_ROOT) * self.size
        self.free = self.number(self.meta + FREE_ROOT) * self.size

    def number(self, at: int, size: int = 8) -> int:
        return int.from_bytes(self.data[at : at + size], sys.byteorder)

    def set(self, at: int, value: int, size: int = 8) -> None:
        self.data[at : at + size] = value.to_bytes(size, sys.byteorder)

    def node(self, page: int, index: int) -> int:
        """The offset of a node of a page."""
        return page + self.number(page + POINTERS + 2 * index, 2)

    def child(self, index: int) -> int:
        """The offset of a child of the root."""
        return self.number(self.node(self.root, index), 4) * self.size

    def large(self) -> tuple[int, int]:
        """The offsets of a reference to a large value, and of the first page of the value."""
        for number in range(self.number(self.root + LOWER, 2) // 2 - 8):
            leaf = self.child(number)
            for index in range(self.number(leaf + LOWER, 2) // 2 - 8):
                node = self.node(leaf, index)
                if self.number(node + 4, 2) & 1:
                    value = node + 8 + self.number(node + 6, 2)
                    return value, self.number(value) * self.size
        raise AssertionError("there is no large value")


def fill(path: Path, dice: random.Random) -> None:
    """Create a file with branches, leaves, large values and free pages."""
    with lmdb.open(str(path), subdir=False, map_size=16 << 20, writemap=True, sync=False) as environment:
        keys: list[bytes] = []
        for _ in range(30):
            with environment.begin(write=True) as transaction:
                for _ in range(dice.randrange(10, 40)):
                    keys.append(b"%d" % dice.randrange(10**6) * dice.choice([1, 1, 5, 20]))
                    transaction.put(keys[-1], dice.randbytes(dice.choice([0, 1, 300, 2000, 20_000])))
                for _ in range(dice.randrange(1, min(25, len(keys)))):
                    transaction.delete(keys.pop(dice.randrange(len(keys))))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A sound file whose root is a branch page."""
    path = tmp_path_factory.mktemp("integrity") / "store"
    fill(path, random.Random(1))
    assert Pages(path).number(Pages(path).meta + MAIN_DEPTH, 2) == 2
    return path.read_bytes()


@pytest.fixture
def pages(tmp_path: Path, sound: bytes) -> Pages:
    """A copy of the sound file, to be edited."""
    (tmp_path / "copy").write_bytes(sound)
    return Pages(tmp_path / "copy")


def problem(pages: Pages) -> str:
    """The reason why an edited file is rejected."""
    pages.path.write_bytes(pages.data)
    with pages.path.open("rb") as file, pytest.raises(integrity.PageError) as caught:
        integrity.check(file)
    return str(caught.value)


def test_a_file_that_lmdb_wrote_is_accepted(tmp_path: Path) -> None:
    for seed in range(12):
        path = tmp_path / str(seed)
        fill(path, random.Random(seed))
        with path.open("rb") as file:
            integrity.check(file)


def test_a_new_file_is_accepted(tmp_path: Path) -> None:
    lmdb.open(str(tmp_path / "store"), subdir=False).close()
    with (tmp_path / "store").open("rb") as file:
        integrity.check(file)


def test_the_first_bytes_identify_an_lmdb_file() -> None:
    assert not integrity.is_lmdb(b"")
    assert not integrity.is_lmdb(b"Dear reader, " * 9)
    assert not integrity.is_lmdb(bytes(16) + struct.pack("=II", 0xBEEFC0DE, 2) + bytes(16))
    assert integrity.is_lmdb(bytes(16) + struct.pack("=II", 0xBEEFC0DE, 1) + bytes(16))


Edit = Callable[[Pages], object]
EDITS: dict[str, tuple[Edit, str]] = {
    "page size": (lambda p: p.set(p.meta + 40, 1000, 4), "found pages of|found no page that describes"),
    "second description": (lambda p: p.set(p.size + 16, 0), "found no page that describes the file"),
    "last page": (lambda p: p.set(p.meta + LAST_PAGE, 1 << 40), "found .* bytes where its pages need"),
    "fixed map": (lambda p: p.set(p.meta + FREE_FLAGS, 0x4009, 2), "found flags"),
    "flags of entries": (lambda p: p.set(p.meta + MAIN_FLAGS, 4, 2), "found flags"),
    "depth": (lambda p: p.set(p.meta + MAIN_DEPTH, 1, 2), "found a wrong header"),
    "no depth": (lambda p: p.set(p.meta + MAIN_DEPTH, 0, 2), "found a tree with 0 levels"),
    "levels of nothing": (lambda p: p.set(p.meta + MAIN_ROOT, (1 << 64) - 1), "found a tree with 2 levels"),
    "many levels": (lambda p: p.set(p.meta + MAIN_DEPTH, 999, 2), "found a tree with 999 levels"),
    "entries": (lambda p: p.set(p.meta + MAIN_ENTRIES, 5), "found another number"),
    "root": (lambda p: p.set(p.meta + MAIN_ROOT, 1 << 50), "found a reference to page"),
    "root in the head": (lambda p: p.set(p.meta + MAIN_ROOT, 1), "found a reference to page 1"),
    "page number": (lambda p: p.set(p.root + PAGE, 77), "found a wrong header"),
    "page flags": (lambda p: p.set(p.root + FLAGS, 0x11, 2), "found a wrong header"),
    "lower border": (lambda p: p.set(p.root + LOWER, 0xFFFF, 2), "found a wrong header"),
    "upper border": (lambda p: p.set(p.root + UPPER, 0, 2), "found a wrong header"),
    "one child": (lambda p: p.set(p.root + LOWER, 18, 2), "found a wrong header"),
    "pointer outside": (lambda p: p.set(p.root + POINTERS, 0xFFFF, 2), "found an entry outside"),
    "pointer twice": (
        lambda p: p.set(p.root + POINTERS, p.number(p.root + POINTERS + 2, 2), 2),
        "found overlapping entries|found page .* twice",
    ),
    "key size": (lambda p: p.set(p.node(p.child(0), 0) + 6, 0xFFFF, 2), "found a wrong entry"),
    "value size": (lambda p: p.set(p.node(p.child(0), 0), 0xFFFF, 2), "found a wrong entry"),
    "entry flags": (lambda p: p.set(p.node(p.child(0), 0) + 4, 4, 2), "found a wrong entry"),
    "key": (lambda p: p.set(p.node(p.child(0), 0) + 8, 0xFF, 1), "found entries out of order"),
    "child": (lambda p: p.set(p.node(p.root, 1), 1 << 30, 4), "found a reference to page"),
    "child twice": (
        lambda p: p.set(p.node(p.root, 1), p.number(p.node(p.root, 0), 4), 4),
        "found page .* twice|found entries out of order",
    ),
    "large value": (lambda p: p.set(p.large()[0], 1 << 40), "found a reference to page"),
    "page of a large value": (lambda p: p.set(p.large()[1] + FLAGS, 2, 2), "found a wrong page"),
    "pages of a large value": (lambda p: p.set(p.large()[1] + LOWER, 1, 4), "found a wrong page"),
    "many pages of a large value": (lambda p: p.set(p.large()[1] + LOWER, 1 << 30, 4), "found page .* twice"),
    "number of the free": (lambda p: p.set(p.meta + FREE_ENTRIES, 9), "found another number"),
    "key of the free": (lambda p: p.set(p.node(p.free, 0) + 8, 1 << 40), "found entries out of order"),
    "count of the free": (lambda p: p.set(p.node(p.free, 0) + 16, 1 << 60), "found a list of free pages"),
    "free page": (lambda p: p.set(p.node(p.free, 0) + 24, 1 << 60), "found a wrong list of free pages"),
    "free page in the head": (
        lambda p: (p.set(p.node(p.free, 0) + 16, 1), p.set(p.node(p.free, 0) + 24, 1)),
        "found a wrong list of free pages",
    ),
    "free page in use": (
        lambda p: (p.set(p.node(p.free, 0) + 16, 1), p.set(p.node(p.free, 0) + 24, p.root // p.size)),
        "found a page that is both free and in use",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_inconsistent_page_is_found(pages: Pages, name: str) -> None:
    edit, expected = EDITS[name]
    edit(pages)
    assert re.match(expected, problem(pages))


def test_a_truncated_file_is_found(pages: Pages) -> None:
    whole = bytes(pages.data)
    used = (pages.number(pages.meta + LAST_PAGE) + 1) * pages.size
    for size in (100, pages.size, 2 * pages.size, used - 1):
        pages.data = bytearray(whole[:size])
        assert problem(pages)
    pages.path.write_bytes(whole[:used])
    with pages.path.open("rb") as file:
        integrity.check(file)


# A file that passes the check must not crash LMDB. Another process tries it.
USE = """
import random, sys
from pathlib import Path
import lmdb
from mock_server.storage.lmdb import integrity

path, dice = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
good, size = path.read_bytes(), int.from_bytes(path.read_bytes()[40:44], sys.byteorder)
pages = 1 + max(int.from_bytes(good[at + 136:at + 144], sys.byteorder) for at in (0, size))
good, refused = good[:pages * size], 0
for number in range(70):
    bad = bytearray(good)
    for _ in range(dice.choice([1, 1, 3])):
        within = dice.choice([dice.randrange(150), dice.randrange(20), dice.randrange(size)])
        bad[dice.randrange(pages) * size + within] = dice.randrange(256)
    path.write_bytes(bad)
    with path.open("rb") as file:
        try:
            integrity.check(file)
        except integrity.PageError:
            refused += 1
            continue
    with lmdb.open(str(path), subdir=False, map_size=32 << 20, lock=False, writemap=True, sync=False) as used:
        with used.begin() as transaction:
            keys = [bytes(key) for key, _ in transaction.cursor()]
        for _ in range(4):
            with used.begin(write=True) as transaction:
                for key in dice.sample(keys, 20):
                    transaction.delete(key)
                for _ in range(20):
                    transaction.put(dice.randbytes(9), dice.randbytes(dice.choice([3, 300, 9000])))
    with path.open("rb") as file:
        integrity.check(file)
print(refused)
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_lmdb_does_not_crash_on_a_file_that_passes_the_check(tmp_path: Path, seed: int) -> None:
    fill(tmp_path / "store", random.Random(seed))
    command = [sys.executable, "-c", USE, str(tmp_path / "store"), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 2
