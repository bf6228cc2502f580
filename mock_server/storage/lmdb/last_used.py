"""Which tests have data in an LMDB file, and which of them was used least recently?

Each process has sandboxes of its own for the tests, so only the file knows which test was used last.
"""

import time

from mock_server.storage.lmdb.environment import Transaction, delete_all, walk
from mock_server.storage.lmdb.keys import LAST_USED, NUMBER


def note_use(transaction: Transaction, sandbox: bytes, most: int) -> bool:
    """Note that the sandbox of a test is used now; whether the file did not hold it.

    If the file then holds more than `most`, those that were used least recently are deleted.
    """
    is_new = transaction.get(LAST_USED + sandbox) is None
    transaction.put(LAST_USED + sandbox, NUMBER.pack(time.time_ns()))
    if is_new:
        known = list(walk(transaction, LAST_USED, None, ascending=True))
        oldest = sorted(known, key=lambda one: transaction.get(LAST_USED + one) or b"")
        for one in oldest[: max(len(known) - most, 0)]:
            delete_all(transaction, one)
            transaction.delete(LAST_USED + one)
    return is_new
