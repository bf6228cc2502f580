"""How does a person, a pull request, a program read what was found?"""

from contract_tests.report.model import Cost, Report
from contract_tests.report.outputs import Outputs
from contract_tests.report.terminal import Progress, Terminal, console
from contract_tests.report.timelines import Picture, pictures

__all__ = ["Cost", "Outputs", "Picture", "Progress", "Report", "Terminal", "console", "pictures"]
