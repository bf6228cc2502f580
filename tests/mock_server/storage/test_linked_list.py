"""Answers: is a page of a line what arithmetic on positions says it is, whatever was taken out before?"""

import random
from itertools import product

import pytest

from mock_server.storage.linked_list import LinkedList, UnknownCursorError
from mock_server.storage.pagination import Window
from tests.mock_server.storage.paging import span


def _line(entries: list[str]) -> LinkedList:
    line = LinkedList()
    for number, entry in enumerate(entries):
        line.append(entry, number * 3)
    return line


def _expected(entries: list[str], window: Window) -> tuple[list[str], bool]:
    after = entries.index(window.after) if window.after else None
    before = entries.index(window.before) if window.before else None
    positions, more = span(window, len(entries), after, before)
    return [entries[position] for position in positions], more


@pytest.mark.parametrize(
    "taken_out", [(), ("a",), ("e",), ("b", "c"), ("a", "c", "e"), ("a", "b", "c", "d", "e")]
)
def test_every_page_is_the_one_that_positions_give(taken_out: tuple[str, ...]) -> None:
    line = _line(list("abcde"))
    for entry in taken_out:
        line.remove(entry)
    left = [entry for entry in "abcde" if entry not in taken_out]
    for limit, ascending, after, before in product((1, 2, 3, 9), (True, False), ["", *left], ["", *left]):
        window = Window(limit, ascending, after, before)
        assert line.page(window) == _expected(left, window), window


def test_lines_that_grow_and_shrink_stay_in_order() -> None:
    dice = random.Random(7)
    line, kept, number = LinkedList(), list[str](), 0
    for _ in range(2000):
        if kept and dice.random() < 0.45:
            line.remove(kept.pop(dice.randrange(len(kept))))
        else:
            number += 1
            line.append(str(number), number)
            kept.append(str(number))
    assert [link.id for link in line.walk(None, ascending=True)] == kept
    assert [link.id for link in line.walk(None, ascending=False)] == kept[::-1]
    assert len(line) == len(kept)


@pytest.mark.parametrize("parameter", ["after", "before"])
def test_a_cursor_that_was_taken_out_is_unknown(parameter: str) -> None:
    line = _line(["a", "b"])
    line.remove("a")
    with pytest.raises(UnknownCursorError) as caught:
        line.page(Window(1, True, **{parameter: "a"}))
    assert (caught.value.parameter, caught.value.cursor) == (parameter, "a")


def test_a_page_looks_at_no_more_than_the_page() -> None:
    line = _line([str(number) for number in range(10_000)])
    looked_at = []
    walk = LinkedList.walk

    class Counting(LinkedList):
        __slots__ = ()

        def walk(self, start, ascending):  # type: ignore[no-untyped-def]
            for link in walk(self, start, ascending):
                looked_at.append(link)
                yield link

    line.__class__ = Counting
    assert line.page(Window(20, ascending=False, after="5000"))[0][0] == "4999"
    assert len(looked_at) <= 22
