"""Which positions of a list are on one page, by arithmetic? The oracle for tests of paging."""

from mock_server.storage.pagination import Window


def span(window: Window, count: int, after: int | None, before: int | None) -> tuple[range, bool]:
    """The positions on a page in the order asked for, and whether there are more.

    `after` and `before` are the cursors' positions in a list of `count` entries, oldest first.
    """
    if not window.ascending:
        after = None if after is None else count - 1 - after
        before = None if before is None else count - 1 - before
    low = 0 if after is None else after + 1
    high = count if before is None else before
    if window.backwards:
        start, stop = max(low, high - window.limit), high
        more = start > low
    else:
        start, stop = low, max(low, min(high, low + window.limit))
        more = stop < high
    if window.ascending:
        return range(start, stop), more
    return range(count - 1 - start, count - 1 - stop, -1), more
