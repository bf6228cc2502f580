"""Is no part of a key left in a text, in whichever form a deployment wrote it, and in linear time?"""

import random
import time

import pytest

from contract_tests.redaction import Secrets
from tests.hostile.key_forms import FORMS, leaks, new_key
from tests.hostile.seeds import EXAMPLES, seed

KEYS = max(3, EXAMPLES // 100)
ROUNDS = [1, 2, 3]


@pytest.mark.parametrize("number", ROUNDS)
@pytest.mark.parametrize("form", FORMS)
def test_no_part_of_a_key_is_left_in_any_form(form: str, number: int) -> None:
    source = random.Random(f"{seed(number)} {form}")
    for _ in range(KEYS):
        key = new_key(source, source.randrange(12, 48))
        text = f"[{FORMS[form](key)}]"
        found = Secrets(key).redact(text)
        assert not list(leaks(found, key)), (key, text, found)
        assert found != text, (key, text)


@pytest.mark.parametrize("number", ROUNDS)
def test_no_piece_of_nine_characters_is_left(number: int) -> None:
    source = random.Random(seed(number))
    for _ in range(KEYS):
        key = new_key(source)
        start = source.randrange(len(key) - 9)
        piece = key[start : start + source.randrange(9, len(key) - start + 1)]
        for name in ("plain", "hexadecimal", "base64 after one character", "percent-encoded", "upper case"):
            text = f"({FORMS[name](piece)})"
            assert Secrets(key).redact(text) != text, (key, piece, name)


def test_a_masked_key_is_redacted_but_is_not_the_key() -> None:
    found = Secrets("sk-tune-4f9Lq81aZpW3")
    assert not found.found_in("Incorrect key provided: sk-tune-4f9***pW3")
    assert found.redact("sk-tune-4f9***pW3") == "${TUNE_API_KEY:0:11}***pW3"
    assert found.found_in("c2stdHVuZS00ZjlMcTgxYVpwVzM=")
    assert found.found_in("sk-tune-4f9Lq81a")


def test_eight_characters_are_not_a_secret() -> None:
    assert Secrets("sk-tune-4f9Lq81aZpW3").redact("4f9Lq81a or q81aZpW3") == "4f9Lq81a or q81aZpW3"


PATTERNS = [
    "\\", "&amp;", "%25", "&#0", "&#", "%", "\\u", "0x", "\n ", "=\n", "\u0336", "://", "bearer ",
    "sk-tune", "4f9Lq", "&amp;#", "://a@", "7", "7 ", "Bearer aaaaaaaaaaaaa=", "sk-tune-4f9Lq81aZpW3",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_redaction_takes_linear_time(pattern: str) -> None:
    secret = Secrets("sk-tune-4f9Lq81aZpW3")

    def seconds(characters: int) -> float:
        text = pattern * (characters // len(pattern))
        taken = []
        for _ in range(3):
            begin = time.process_time()
            secret.redact(text)
            taken.append(time.process_time() - begin)
        return min(taken)

    assert seconds(200_000) < 16 * max(0.005, seconds(25_000))
