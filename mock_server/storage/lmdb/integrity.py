"""Can LMDB open this file safely?

LMDB trusts its file. It maps the file into memory and follows the numbers that it finds there, so a truncated
or hostile file can crash the process, or make it write to other memory. Here every page that LMDB could
follow is checked first: the tree of free pages, the tree of entries, the order and the counts of both, and
that no page is used twice. The layout is that of LMDB 0.9 with 64-bit numbers, which the `lmdb` package has.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from struct import Struct, unpack_from
from typing import Any, BinaryIO, NamedTuple

_HEADER = Struct("=QHHHH")
_META = Struct("=IIQQ")
_TREE = Struct("=IHHQQQQQ")
_META_END = Struct("=QQ")
_NODE = Struct("=HHHH")
_MAGIC, _VERSION = 0xBEEFC0DE, 1
_BRANCH, _LEAF, _OVERFLOW = 0x01, 0x02, 0x04
_META_PAGE = 0x08
_LARGE_VALUE = 0x01
_INTEGER_KEYS, _NO_DIRECTORY = 0x08, 0x4000
_FIRST_PAGES = 2
"""Pages 0 and 1 describe the file."""
_NO_PAGE = (1 << 64) - 1
_MAX_KEY = 511
_MAX_DEPTH = 32
HEAD_SIZE = _HEADER.size + _META.size
"""Bytes that identify an LMDB file."""


class PageError(ValueError):
    """Why LMDB must not open the file."""


class _Tree(NamedTuple):
    page_size: int
    flags: int
    depth: int
    branches: int
    leaves: int
    overflows: int
    entries: int
    root: int


class _Meta(NamedTuple):
    free: _Tree
    main: _Tree
    last_page: int
    transaction: int


class _Node(NamedTuple):
    key: Any
    child: int
    offset: int
    size: int
    large: bool


@dataclass
class _Counts:
    branches: int = 0
    leaves: int = 0
    overflows: int = 0
    entries: int = 0
    free: list[int] = field(default_factory=list)


def is_lmdb(head: bytes) -> bool:
    """Whether the first bytes of a file are those of LMDB on this kind of machine."""
    if len(head) < HEAD_SIZE:
        return False
    magic, version, _, _ = _META.unpack_from(head, _HEADER.size)
    return bool(magic == _MAGIC and version == _VERSION)


def check(file: BinaryIO) -> None:
    """Check the pages of an open file. Raises `PageError`."""
    _Pages(file).check()


class _Pages:
    """The pages of a file, and which of them are in use."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._length = os.fstat(file.fileno()).st_size
        self._used: set[int] = set()
        first = self._meta(0, 4096)
        self._size = first.free.page_size
        if self._size not in (1 << power for power in range(12, 17)):
            raise PageError(f"found pages of {self._size} bytes")
        second = self._meta(self._size, self._size)
        self._found = second if second.transaction > first.transaction else first
        if second.free.page_size != self._size:
            raise PageError("found pages of two sizes")

    def _meta(self, at: int, size: int) -> _Meta:
        """One of the two pages that describe the file. LMDB uses the newer one."""
        data = self._read(at, size)
        if len(data) < 152 or not is_lmdb(data) or not _HEADER.unpack_from(data)[2] & _META_PAGE:
            raise PageError(f"found no page that describes the file at byte {at}")
        at = HEAD_SIZE
        free, main = (_Tree(*_TREE.unpack_from(data, at + number * _TREE.size)) for number in (0, 1))
        return _Meta(free, main, *_META_END.unpack_from(data, at + 2 * _TREE.size))

    def check(self) -> None:
        """Check both trees, and that no free page is in use."""
        found = self._found
        needed = (found.last_page + 1) * self._size
        if needed > self._length:
            raise PageError(f"found {self._length} bytes where its pages need {needed}")
        if found.free.flags & ~_NO_DIRECTORY != _INTEGER_KEYS or any(found.main[:2]):
            raise PageError("found flags that the mock does not set")
        free = self._check_tree(found.free, numbered=True).free
        self._check_tree(found.main, numbered=False)
        if len({*free}) < len(free) or not self._used.isdisjoint(free):
            raise PageError("found a page that is both free and in use")

    def _check_tree(self, tree: _Tree, numbered: bool) -> _Counts:
        counts = _Counts()
        if not (0 < tree.depth <= _MAX_DEPTH if tree.root != _NO_PAGE else tree.depth == 0):
            raise PageError(f"found a tree with {tree.depth} levels")
        if tree.root != _NO_PAGE:
            bounds = (1, self._found.transaction + 1) if numbered else (None, None)
            self._check_page(tree.root, tree.depth, counts, numbered, bounds)
        if (counts.branches, counts.leaves, counts.overflows, counts.entries) != tree[3:7]:
            raise PageError("found another number of pages or entries than the file says")
        return counts

    def _check_page(
        self, number: int, depth: int, counts: _Counts, numbered: bool, bounds: tuple[Any, Any]
    ) -> None:
        """Check a page and the pages below it. All keys must lie within the bounds."""
        page = self._use(number, 1)
        branch = depth > 1
        nodes = list(_nodes(page, number, _BRANCH if branch else _LEAF, numbered))
        keys = [node.key for node in nodes]
        if branch:
            # The first key of a branch page is not used.
            keys[0] = bounds[0]
            counts.branches += 1
        else:
            counts.leaves += 1
            counts.entries += len(nodes)
        _check_order(keys, bounds, number)
        for node, low, high in zip(nodes, keys, [*keys[1:], bounds[1]], strict=True):
            if branch:
                self._check_page(node.child, depth - 1, counts, numbered, (low, high))
            else:
                self._check_value(page, node, counts, numbered)

    def _check_value(self, page: bytes, node: _Node, counts: _Counts, numbered: bool) -> None:
        if node.large:
            first = int(unpack_from("=Q", page, node.offset)[0])
            header = _HEADER.unpack(self._page(first)[: _HEADER.size])
            count = header[3] | header[4] << 16
            enough = count * self._size >= _HEADER.size + node.size
            if header[0] != first or header[2] != _OVERFLOW or not enough:
                raise PageError(f"found a wrong page {first} for a large value")
            counts.overflows += count
            self._use(first, count)
        if numbered:
            if node.large:
                data = self._read(first * self._size + _HEADER.size, node.size)
            else:
                data = page[node.offset : node.offset + node.size]
            counts.free += self._free_pages(data)

    def _free_pages(self, data: bytes) -> tuple[int, ...]:
        """The page numbers in a list of free pages: a count, then numbers in descending order."""
        count = int(unpack_from("=Q", data)[0]) if len(data) >= 8 else _NO_PAGE
        if 8 * (count + 1) > len(data):
            raise PageError("found a list of free pages that ends early")
        free = unpack_from(f"={count}Q", data, 8)
        ordered = all(higher > lower for higher, lower in pairwise(free))
        if free and not (ordered and free[-1] >= _FIRST_PAGES and free[0] <= self._found.last_page):
            raise PageError("found a wrong list of free pages")
        return free

    def _use(self, number: int, count: int) -> bytes:
        """The page with a number. It and the pages after it (`count` in all) must not be in use yet."""
        page = self._page(number)
        for one in range(number, number + count):
            if one > self._found.last_page or one in self._used:
                raise PageError(f"found page {one} twice, or beyond the last page")
            self._used.add(one)
        return page

    def _page(self, number: int) -> bytes:
        if not _FIRST_PAGES <= number <= self._found.last_page:
            raise PageError(f"found a reference to page {number}")
        return self._read(number * self._size, self._size)

    def _read(self, at: int, size: int) -> bytes:
        self._file.seek(at)
        return self._file.read(size)


def _nodes(page: bytes, number: int, kind: int, numbered: bool) -> Iterator[_Node]:
    """The nodes of a page. They must fill the end of the page without gaps."""
    own, _, flags, lower, upper = _HEADER.unpack_from(page)
    count = (lower - _HEADER.size) // 2
    fits = _HEADER.size < lower <= upper <= len(page) and lower % 2 == 0
    if own != number or flags != kind or not fits or (kind == _BRANCH and count < 2):
        raise PageError(f"found a wrong header of page {number}")
    spans = []
    for at in unpack_from(f"={count}H", page, _HEADER.size):
        node, size = _node(page, at, number, kind, numbered)
        spans.append((at, size))
        yield node
    end = upper
    for at, size in sorted(spans):
        if at != end:
            raise PageError(f"found overlapping entries on page {number}")
        end += size
    if end != len(page):
        raise PageError(f"found a gap on page {number}")


def _node(page: bytes, at: int, number: int, kind: int, numbered: bool) -> tuple[_Node, int]:
    """A node, and its size in bytes."""
    if at + _NODE.size > len(page):
        raise PageError(f"found an entry outside page {number}")
    low, high, flags, key_size = _NODE.unpack_from(page, at)
    value_at = at + _NODE.size + key_size
    key: Any = page[at + _NODE.size : value_at]
    size = 0 if kind == _BRANCH else low | high << 16
    child = low | high << 16 | flags << 32 if kind == _BRANCH else 0
    large = kind == _LEAF and flags == _LARGE_VALUE
    taken = _NODE.size + key_size + (8 if large else size)
    taken += taken % 2
    known = kind == _BRANCH or flags in (0, _LARGE_VALUE)
    sized = key_size in (0 if kind == _BRANCH else 8, 8) if numbered else key_size <= _MAX_KEY
    if not known or not sized or at + taken > len(page):
        raise PageError(f"found a wrong entry on page {number}")
    if numbered:
        key = int.from_bytes(key, sys.byteorder)
    return _Node(key, child, value_at, size, large), taken


def _check_order(keys: list[Any], bounds: tuple[Any, Any], number: int) -> None:
    """Check that keys ascend, from the lower bound (included) to the upper bound (excluded)."""
    low, high = bounds
    known = [key for key in keys if key is not None]
    ascending = all(before < after for before, after in pairwise(known))
    inside = (low is None or low <= known[0]) and (high is None or known[-1] < high) if known else True
    if not (ascending and inside):
        raise PageError(f"found entries out of order on page {number}")
