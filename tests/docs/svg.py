"""How is a small picture drawn that can be read on a light and on a dark page?

A picture has its own background, so it is legible anywhere; the reader's browser chooses the colours.
"""

from collections.abc import Iterable, Mapping
from html import escape

LIGHT = {
    "paper": "#ffffff",
    "frame": "#d0d7de",
    "ink": "#1f2328",
    "faint": "#59636e",
    "waiting": "#bf8700",
    "working": "#0969da",
    "done": "#1a7f37",
    "stopped": "#cf222e",
}
DARK = {
    "paper": "#0d1117",
    "frame": "#3d444d",
    "ink": "#f0f6fc",
    "faint": "#9198a1",
    "waiting": "#d29922",
    "working": "#4493f8",
    "done": "#3fb950",
    "stopped": "#f85149",
}


def picture(width: int, height: int, title: str, shapes: Iterable[str]) -> str:
    """An SVG of this size; the title is read aloud where the picture cannot be seen."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" role="img" font-size="15"'
        ' font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">',
        f"<title>{escape(title)}</title>",
        f"<style>{_style()}</style>",
        f'<rect class="paper" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>',
        *shapes,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _style() -> str:
    rules = [
        _variables(LIGHT),
        f"@media(prefers-color-scheme:dark){{{_variables(DARK)}}}",
        ".paper{fill:var(--paper);stroke:var(--frame)}",
        ".line{stroke:var(--faint);fill:none;stroke-width:1.5}",
        ".grid{stroke:var(--frame)}",
        "text{fill:var(--ink)}",
        "text.faint{fill:var(--faint)}",
        *(
            f".{name}{{fill:var(--{name})}} text.{name}{{fill:var(--{name})}}"
            for name in ("waiting", "working", "done", "stopped")
        ),
        *(
            f".{name}-line{{stroke:var(--{name});fill:none;stroke-width:2}}"
            for name in ("waiting", "working", "done", "stopped", "faint")
        ),
    ]
    return "".join(rules)


def _variables(colors: Mapping[str, str]) -> str:
    return f":root{{{';'.join(f'--{name}:{color}' for name, color in colors.items())}}}"


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start", size: int = 0) -> str:
    """Words at a place."""
    given = {"class": kind, "text-anchor": "" if anchor == "start" else anchor, "font-size": size or ""}
    return f'<text x="{x:g}" y="{y:g}"{_attributes(given)}>{escape(words)}</text>'


def bar(x: float, y: float, width: float, height: float, kind: str, radius: float = 3, hint: str = "") -> str:
    """A bar, with words that show when a pointer rests on it."""
    inner = f"<title>{escape(hint)}</title>" if hint else ""
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"'
    return f'<rect class="{kind}" {place}>{inner}</rect>'


def dot(x: float, y: float, radius: float, kind: str, hint: str = "") -> str:
    """A dot, with words that show when a pointer rests on it."""
    inner = f"<title>{escape(hint)}</title>" if hint else ""
    return f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="{radius:g}">{inner}</circle>'


def path(steps: str, kind: str, marker: str = "") -> str:
    """A line, with an arrowhead at its end if a marker is named."""
    end = f' marker-end="url(#{marker})"' if marker else ""
    return f'<path class="{kind}" d="{steps}"{end}/>'


def _attributes(given: dict[str, object]) -> str:
    return "".join(f' {name}="{value}"' for name, value in given.items() if value != "")
