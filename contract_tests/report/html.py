"""How does a report read as a page one sends around?"""

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from contract_tests.findings import Outcome, Severity
from contract_tests.redaction import Secrets
from contract_tests.report.model import Report
from contract_tests.report.svg import draw


def render(report: Report, secrets: Secrets) -> str:
    """The report as one HTML page that needs nothing else."""
    environment = Environment(
        loader=PackageLoader("contract_tests.report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["prose"] = _prose
    drawings = [(picture, draw(picture), report.about(picture)) for picture in report.pictures]
    drawings.sort(key=lambda drawing: not drawing[2])
    template = environment.get_template("report.html.jinja")
    statuses = sorted({span.label for picture in report.pictures for span in picture.statuses})
    page = template.render(
        report=report, drawings=drawings, statuses=statuses, BROKEN=Outcome.BROKEN, severities=tuple(Severity)
    )
    return secrets.redact(page)


def _prose(text: str) -> Markup:
    """A sentence in which names stand in backticks."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in enumerate(parts)
    )
