"""Is the time axis of a timeline drawn with few marks, whatever the times?"""

import pytest

from contract_tests.report.svg import draw
from contract_tests.report.timelines import RunTimeline, Span


@pytest.mark.parametrize("gap", [5.0, 3600.0, 6.4e10])
def test_the_time_axis_has_few_marks_and_reaches_the_end(gap: float) -> None:
    requests = (Span("getRun", 0.0, 1.0, "200"), Span("getRun", 1.0 + gap, 2.0 + gap, "200"))
    timeline = RunTimeline("run_1", "recording", 2.0 + gap, (), requests, ())
    drawing = draw(timeline)
    marks = [tick.x for tick in drawing.ticks]
    assert len(marks) < 25
    assert marks == sorted(marks)
    assert marks[-1] > drawing.width * 0.8
