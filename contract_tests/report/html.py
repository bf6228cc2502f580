"""How is a report written as an HTML page?"""

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from contract_tests.findings import Outcome, Severity
from contract_tests.redaction import Secrets
from contract_tests.report.model import Report
from contract_tests.report.svg import draw


def render(report: Report, secrets: Secrets) -> str:
    """The report as one self-contained HTML page."""
    environment = Environment(
        loader=PackageLoader("contract_tests.report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["prose"] = _prose
    drawings = [(timeline, draw(timeline), report.about(timeline)) for timeline in report.timelines]
    drawings.sort(key=lambda drawing: not drawing[2])
    template = environment.get_template("report.html.jinja")
    statuses = sorted({span.label for timeline in report.timelines for span in timeline.statuses})
    page = template.render(
        report=report, drawings=drawings, statuses=statuses, BROKEN=Outcome.BROKEN, severities=tuple(Severity)
    )
    return secrets.redact(page)


def _prose(text: str) -> Markup:
    """A sentence with names in backticks, as HTML."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in enumerate(parts)
    )
