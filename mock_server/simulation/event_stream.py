"""Which stream events of a run are due?

A stream replays the same changes as every other view, so the two cannot disagree. Standard library only.
"""

from collections.abc import Iterator

from mock_server.simulation import _fast_path
from mock_server.simulation.playback import Json, Playback
from mock_server.simulation.records import RunRecord
from mock_server.simulation.timeline import Timeline, timeline_of


class EventStream:
    """The events of a run from a start until the run is `requires_action` or terminal.

    `next_at` is the timestamp of the next event; `ended` tells that there is none.
    """

    def __init__(self, record: RunRecord, start: int) -> None:
        self._record, self._position = record, start
        self._timeline: Timeline | None = None
        self._playback: Playback
        self.next_at = record.created_at
        self.ended = False

    def follow(self, record: RunRecord) -> None:
        """Continue with the current version of the run; all versions have the same past."""
        if record is not self._record:
            self._record, self._timeline = record, None

    def due(self, now: int) -> Iterator[tuple[str, Json]]:
        """The events that are due, as name and data. Data are only valid until the next event is taken."""
        if self._timeline is None:
            opening = self._opening(now)
            yield from opening
            if opening:
                return
        timeline = self._timeline or self._load()
        while not self.ended and timeline.changes[self._position].at <= now:
            yield from self._playback.events(timeline.changes[self._position])
            self.ended = self._position in timeline.stops
            self._position += 1
        if not self.ended:
            self.next_at = timeline.changes[self._position].at

    def _opening(self, now: int) -> list[tuple[str, Json]]:
        """The first events, if they are known without the timeline and no others are due.

        Many streams that are opened at once then begin sooner; the timeline is computed in the first pause.
        """
        schedule = None if self._position else _fast_path.schedule_of(self._record)
        if schedule is None or not schedule.opening:
            return []
        next_at = self._record.created_at + schedule.next_change
        if next_at <= now:
            return []
        self._position, self.next_at = 1, next_at
        run = schedule.run_at(self._record, self._record.created_at)
        return [(name, run) for name in schedule.opening]

    def _load(self) -> Timeline:
        timeline = self._timeline = timeline_of(self._record)
        self._playback = Playback(self._record, timeline)
        for change in timeline.changes[: self._position]:
            self._playback.apply(change)
        return timeline
