"""Are all texts free of retired words, and are the sentences of the documentation short?"""

from pathlib import Path

import pytest

from tests.repository.sources import ROOT, tracked
from tests.repository.words import EXEMPT, RETIRED, is_read, retired_words, sentences, words

READ = [path for path in tracked() if is_read(path)]
PAGES = [path for path in READ if path.name == "README.md" and len(path.parts) == 1] + [
    path for path in READ if path.parts[0] == "docs" and path.suffix == ".md"
]
MEAN_WORDS = 16


@pytest.mark.parametrize("path", READ, ids=str)
def test_no_retired_word_comes_back(path: Path) -> None:
    found = retired_words(path, (ROOT / path).read_text(encoding="utf-8"))
    assert not found, "\n".join(["retired words:", *found])


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_a_page_has_fewer_than_16_words_per_sentence(path: Path) -> None:
    counts = [words(one) for one in sentences((ROOT / path).read_text(encoding="utf-8"))]
    assert not counts or sum(counts) / len(counts) < MEAN_WORDS


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("mock_server/a.py", '"""A module."""\n\n# The judge decides.\n', 3),
        ("mock_server/a.py", '"""A module.\n\nThe judge decides.\n"""\n', 3),
        ("contract_tests/a.py", 'def a(b):\n    raise ValueError(f"{b} was not judged")\n', 2),
        ("contract_tests/a.py", "def test_the_judge_decides(): pass\n", 1),
        ("contract_tests/a.py", "\nclass WireJudge: pass\n", 2),
        ("docs/a.md", "# A title\n\nThe\njudge decides.\n", 4),
        ("README.md", "The judgement.\n", 1),
        ("openapi/openapi.yaml", "info:\n  description: The judge decides.\n", 2),
        ("mock_server/scenarios/a.yaml", "timeline:\n  - at: 0\n    # The judge decides.\n", 3),
        ("mock_server/scenarios/a.yaml", "summary: The judge decides\n", 1),
        (".github/workflows/a.yml", "name: Judge\n", 1),
        ("clients/a.ts", "let a = 1;\n/* The judge\n decides. */\n", 2),
        ("benchmarks/a.mjs", "let a = 1;\nconsole.log(`the judge`);\n", 2),
    ],
)
def test_a_retired_word_is_reported_with_its_line_and_a_replacement(path: str, text: str, line: int) -> None:
    (found,) = retired_words(Path(path), text)
    assert found.startswith(f"{path}:{line}: '")
    assert found.endswith("': write check, checked, checker or conformance check")
    assert is_read(Path(path))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docs/a.md", "A prejudged case, a misjudgement and a judgemental tone.\n"),
        ("mock_server/a.py", "judge = 1\nprint(judge, f'{judge}')\n"),
        ("clients/a.js", "const judge = 1;\n"),
        ("contract_tests/a.py", 'REPORT = {"teaches": ""}\n'),
        ("mock_server/scenarios/a.yaml", "timeline:\n  - {at: 0, text: A judge decides.}\n"),
        ("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2025-01-01\n\n- The judge.\n"),
        ("docs/a.md", "The limit is over 100.\n"),
    ],
)
def test_other_words_code_and_exempt_texts_are_not_reported(path: str, text: str) -> None:
    assert retired_words(Path(path), text) == []


def test_a_phrase_is_found_across_a_line_break_and_in_any_case() -> None:
    assert retired_words(Path("README.md"), "What it plays If\nnobody chooses.\n")[0].startswith(
        "README.md:1: "
    )
    assert len(retired_words(Path("CHANGELOG.md"), "## [Unreleased]\n\n- The judge.\n")) == 1


def test_every_retired_word_has_a_replacement_and_every_exemption_a_reason() -> None:
    assert all(word.expression.pattern and word.write for word in RETIRED)
    assert all(exempt.because for exempt in EXEMPT)


def test_sentences_are_counted_without_code_tables_and_headings() -> None:
    text = (
        "# A title of five words\n\nOne `two words` [three](a.md). Four\nfive!\n\n"
        "| a | b |\n\n```text\nnot counted\n```\n\n- Six seven\n- Eight.\n"
    )
    assert [words(one) for one in sentences(text)] == [3, 2, 2, 1]
