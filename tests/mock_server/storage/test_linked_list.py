"""Are the pages of a linked list right, whatever was removed before?"""

import random
from itertools import product

import pytest

from mock_server.storage.linked_list import LinkedList, UnknownCursorError
from mock_server.storage.pagination import Window
from tests.mock_server.storage.paging import span


def _filled(entries: list[str]) -> LinkedList:
    listed = LinkedList()
    for number, entry in enumerate(entries):
        listed.append(entry, number * 3)
    return listed


def _expected(entries: list[str], window: Window) -> tuple[list[str], bool]:
    after = entries.index(window.after) if window.after else None
    before = entries.index(window.before) if window.before else None
    positions, more = span(window, len(entries), after, before)
    return [entries[position] for position in positions], more


@pytest.mark.parametrize(
    "removed", [(), ("a",), ("e",), ("b", "c"), ("a", "c", "e"), ("a", "b", "c", "d", "e")]
)
def test_every_page_has_the_expected_ids(removed: tuple[str, ...]) -> None:
    listed = _filled(list("abcde"))
    for entry in removed:
        listed.remove(entry)
    left = [entry for entry in "abcde" if entry not in removed]
    for limit, ascending, after, before in product((1, 2, 3, 9), (True, False), ["", *left], ["", *left]):
        window = Window(limit, ascending, after, before)
        assert listed.page(window) == _expected(left, window), window


def test_a_list_that_grows_and_shrinks_stays_in_order() -> None:
    dice = random.Random(7)
    listed, kept, number = LinkedList(), list[str](), 0
    for _ in range(2000):
        if kept and dice.random() < 0.45:
            listed.remove(kept.pop(dice.randrange(len(kept))))
        else:
            number += 1
            listed.append(str(number), number)
            kept.append(str(number))
    assert [node.id for node in listed.walk(None, ascending=True)] == kept
    assert [node.id for node in listed.walk(None, ascending=False)] == kept[::-1]
    assert len(listed) == len(kept)


@pytest.mark.parametrize("parameter", ["after", "before"])
def test_a_removed_cursor_is_unknown(parameter: str) -> None:
    listed = _filled(["a", "b"])
    listed.remove("a")
    with pytest.raises(UnknownCursorError) as caught:
        listed.page(Window(1, True, **{parameter: "a"}))
    assert (caught.value.parameter, caught.value.cursor) == (parameter, "a")


def test_a_page_reads_only_the_nodes_of_the_page() -> None:
    listed = _filled([str(number) for number in range(10_000)])
    read = []
    walk = LinkedList.walk

    class Counting(LinkedList):
        __slots__ = ()

        def walk(self, start, ascending):  # type: ignore[no-untyped-def]
            for node in walk(self, start, ascending):
                read.append(node)
                yield node

    listed.__class__ = Counting
    assert listed.page(Window(20, ascending=False, after="5000"))[0][0] == "4999"
    assert len(read) <= 22
