"""How is a report written for the test views of CI servers?"""

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from contract_tests.checks import REGISTRY
from contract_tests.findings import Finding, Outcome, Severity
from contract_tests.plain_text import log_lines
from contract_tests.redaction import Secrets
from contract_tests.report.model import INTERNAL_ERROR, NOT_CHECKED, Report

SUITE = "tune-check"


def render(report: Report, secrets: Secrets) -> str:
    """The report as JUnit XML: one test case for each check, and one for the verdict."""
    cases = [_verdict(report), *(_case(slug, report) for slug in _slugs(report))]
    suite = ElementTree.Element("testsuite", _numbers(cases))
    suite.set("timestamp", report.timestamp)
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in {"target": report.target, **report.details}.items():
        if value:
            ElementTree.SubElement(properties, "property", name=name, value=_clean(value, secrets))
    suite.extend(cases)
    for element in suite.iter():
        element.text = _clean(element.text, secrets) if element.text else None
        element.attrib.update({name: _clean(value, secrets) for name, value in element.attrib.items()})
    root = ElementTree.Element("testsuites", {"name": SUITE})
    root.append(suite)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _numbers(cases: Iterable[ElementTree.Element]) -> dict[str, str]:
    """The attributes of the suite."""
    every = list(cases)
    count = {
        name: sum(one.find(name) is not None for one in every) for name in ("failure", "error", "skipped")
    }
    return {
        "name": SUITE,
        "tests": str(len(every)),
        "failures": str(count["failure"]),
        "errors": str(count["error"]),
        "skipped": str(count["skipped"]),
    }


def _slugs(report: Report) -> Iterator[str]:
    """The checks that were made, and what else there are findings about."""
    found = [one.slug for one in (*report.findings, *(one for one, _ in report.accepted))]
    yield from dict.fromkeys([*report.tried, *found])


def _verdict(report: Report) -> ElementTree.Element:
    """The case that says whether anything was checked. Otherwise a session without checks would be green."""
    case = ElementTree.Element("testcase", classname=SUITE, name="verdict")
    if report.exit_code in (NOT_CHECKED, INTERNAL_ERROR):
        ElementTree.SubElement(case, "error", message=report.reason, type=report.verdict)
    else:
        lines = [f"{report.verdict}: {report.reason}"]
        lines += [f"known difference that is gone: {one}" for one in report.gone]
        ElementTree.SubElement(case, "system-out").text = "\n".join(lines)
    return case


def _case(slug: str, report: Report) -> ElementTree.Element:
    check = REGISTRY.get(slug)
    topic = check.topic if check else "session"
    case = ElementTree.Element("testcase", classname=f"{SUITE}.{topic}", name=slug)
    mine = [one for one in report.findings if one.slug == slug]
    failures = [one for one in mine if one.severity(report.threshold) is Severity.FAILURE]
    others = [one for one in mine if one not in failures]
    conclusive = not mine or any(one.outcome is Outcome.BROKEN for one in mine)
    if failures:
        failure = ElementTree.SubElement(case, "failure", message=_message(failures[0]), type="violation")
        failure.text = "\n\n".join(map(_text, failures))
    elif not conclusive:
        ElementTree.SubElement(case, "skipped", message=f"{others[0].outcome}: {others[0].seen}")
    lines = [f"{one.severity(report.threshold)}: {_text(one)}" for one in others if conclusive]
    lines += [f"known difference: {why}: {_text(one)}" for one, why in report.accepted if one.slug == slug]
    if lines:
        ElementTree.SubElement(case, "system-out").text = "\n\n".join(lines)
    return case


def _message(finding: Finding) -> str:
    return f"{finding.fact} {finding.place}: {finding.seen}; expected {finding.expected}"


def _text(finding: Finding) -> str:
    """Everything about one finding, one line each."""
    rows = {
        "where": finding.place,
        "seen": finding.seen,
        "expected": finding.expected,
        "often": finding.often,
        "fact": f"{finding.fact} ({finding.grade}, {finding.source})",
        "advice": finding.advice,
        "reproduce": finding.curl,
    }
    lines = [f"{name}: {value}" for name, value in rows.items() if value]
    return "\n".join([*lines, *(["", finding.script] if finding.script else [])])


def _clean(text: str, secrets: Secrets) -> str:
    return log_lines(secrets.redact(text))
