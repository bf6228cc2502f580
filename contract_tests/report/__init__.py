"""How is a report written for people and for programs?"""

from contract_tests.report.model import Cost, Report
from contract_tests.report.outputs import Outputs
from contract_tests.report.terminal import Progress, Terminal, console
from contract_tests.report.timelines import RunTimeline, timelines

__all__ = ["Cost", "Outputs", "Progress", "Report", "RunTimeline", "Terminal", "console", "timelines"]
