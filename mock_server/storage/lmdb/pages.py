"""Which keys of an LMDB file are on one page?"""

from collections.abc import Callable

from mock_server.storage.linked_list import UnknownCursorError
from mock_server.storage.lmdb.environment import Transaction, walk
from mock_server.storage.pagination import Window, filled


def page_of(
    transaction: Transaction, prefix: bytes, window: Window, number: Callable[[str], bytes | None]
) -> tuple[list[bytes], bool]:
    """The numbers on a page, and whether there are more. Raises `UnknownCursorError`."""

    def cursor(parameter: str, entry_id: str) -> bytes | None:
        found = number(entry_id) if entry_id else None
        if entry_id and found is None:
            raise UnknownCursorError(parameter, entry_id)
        return found

    return filled(
        window,
        cursor("after", window.after),
        cursor("before", window.before),
        lambda start, ascending: walk(transaction, prefix, start, ascending),
    )
