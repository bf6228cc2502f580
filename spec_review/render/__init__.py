"""In which formats can a report be written?"""

from collections.abc import Callable

from spec_review.render.changelog import as_changelog
from spec_review.render.github import as_annotations
from spec_review.render.html import as_html
from spec_review.render.json_report import as_json
from spec_review.render.markdown import as_markdown
from spec_review.render.sarif import as_sarif
from spec_review.render.text import as_text
from spec_review.report import Report

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_annotations,
    "changelog": as_changelog,
    "html": as_html,
}

__all__ = ["FORMATS"]
