"""What does a client see of a run at one time?

`snapshot(record, now)` is a pure function of its arguments: no status is stored anywhere. Most requests need
only the run's status, so a run that its client has left alone is answered from its scenario's schedule
(`_fast_path`). Everything else comes from the run's own timeline (`playback`). A property test holds the two
equal. Standard library only.
"""

from mock_server.simulation import _fast_path
from mock_server.simulation.playback import Json, Playback, played, run_at
from mock_server.simulation.records import RunRecord
from mock_server.simulation.timeline import timeline_of


class Snapshot:
    """A run as it is at one time. Each part is computed when it is read."""

    __slots__ = ("_now", "_played", "_record")

    def __init__(self, record: RunRecord, now: int) -> None:
        # Before its creation a run has no status: a clock that is too slow shows it as it was created.
        self._record, self._now = record, max(now, record.created_at)
        self._played: Playback | None = None

    @property
    def status(self) -> str:
        """The status of the run; cheaper than the whole run."""
        if schedule := _fast_path.schedule_of(self._record):
            return schedule.status_at(self._record, self._now)
        return str(run_at(self._record, self._now)["status"])

    @property
    def is_terminal(self) -> bool:
        """Whether the run has ended."""
        return self.status in self._record.scenario.lifecycles.run.terminal

    @property
    def run(self) -> Json:
        """The run as the API shows it."""
        if schedule := _fast_path.schedule_of(self._record):
            return schedule.run_at(self._record, self._now)
        return run_at(self._record, self._now)

    @property
    def steps(self) -> list[Json]:
        """The run's steps, oldest first."""
        return list(self._playback().steps.values())

    @property
    def messages(self) -> list[Json]:
        """The messages that the run has begun to write, oldest first."""
        return list(self._playback().messages.values())

    @property
    def upcoming(self) -> list[tuple[int, str]]:
        """The statuses that are still to come if the client does nothing, each with its timestamp."""
        return [
            (change.at, change.patch["status"])
            for change in timeline_of(self._record).of_run
            if change.at > self._now and "status" in change.patch
        ]

    @property
    def next_change(self) -> int | None:
        """The timestamp of the next change to the run, its steps or its messages; None if there is none."""
        changes = timeline_of(self._record).changes
        return next((change.at for change in changes if change.at > self._now), None)

    def _playback(self) -> Playback:
        if self._played is None:
            self._played = played(self._record, self._now)
        return self._played


def snapshot(record: RunRecord, now: int) -> Snapshot:
    """What a client sees of a run at a timestamp."""
    return Snapshot(record, now)


def last_start(record: RunRecord) -> int:
    """The position in the timeline at which the last request that started the model takes effect.

    0 for the creation of the run; later ones are submissions of tool outputs.
    """
    return timeline_of(record).starts[-1] if record.inputs else 0


def stop_at(record: RunRecord, start: int) -> int:
    """The timestamp at which the run is first `requires_action` or terminal after a start."""
    if start == 0 and (schedule := _fast_path.schedule_of(record)):
        return record.created_at + schedule.stop
    timeline = timeline_of(record)
    return timeline.changes[timeline.stop_after(start)].at


def ends_when_played(record: RunRecord) -> bool:
    """Whether the run ends, once every view of it has been computed.

    For records that are not trusted. A scenario of the right types can still make no sense; then this raises
    whatever error occurs.
    """
    timeline = timeline_of(record)
    for change in timeline.of_run:
        _ = snapshot(record, change.at).status
    final = snapshot(record, timeline.expires_at)
    _ = final.run, final.steps
    return timeline.stops[-1] == len(timeline.changes) - 1
