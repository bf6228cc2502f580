"""Is the key kept out of all output, in every encoding?"""

import base64
import html
import json
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, quote_plus

import pytest

from contract_tests.observations.exchange import Exchange
from contract_tests.redaction import KEY_VARIABLE, Secrets, secrets_in

KEY = "sk-tune-Ab/c+1é'\"x7Qz"
ORDINARY = "sk-tune-4f9Lq81aZpW3"

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "JSON": json.dumps,
    "percent-encoded": quote,
    "percent-encoded with everything": lambda key: "".join(f"%{octet:02X}" for octet in key.encode()),
    "form-encoded": quote_plus,
    "percent-encoded twice": lambda key: quote(quote(key)),
    "HTML": html.escape,
    "HTML numbers": lambda key: "".join(f"&#{ord(letter)};" for letter in key),
    "Python's repr": repr,
    "bytes' repr": lambda key: repr(key.encode()),
    "a shell word": shlex.quote,
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 of a user's name and the key": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "base64 with two letters before": lambda key: base64.b64encode(f"ab{key}!".encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
    "in a URL's userinfo": lambda key: f"https://{quote(key, safe='')}@host/v1",
    "in a query": lambda key: f"https://host/v1?key={quote_plus(key)}&limit=1",
}


@pytest.mark.parametrize("key", [KEY, ORDINARY])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_key_is_found_in_every_form(form: Callable[[str], str], key: str) -> None:
    text = f"before {form(key)} after"
    found = Secrets(key).redact(text)
    assert Secrets(key).found_in(text)
    assert found.startswith("before ")
    assert found.endswith(" after")
    assert "TUNE_API_KEY" in found
    assert not Secrets(key).found_in(found)
    assert all(piece not in found for piece in (key[:12], key[-8:], form(key)))


def test_most_of_a_key_is_redacted_too() -> None:
    assert Secrets(ORDINARY).redact(f'"{ORDINARY[:-1]}"') == '"${TUNE_API_KEY:0:19}"'


@pytest.mark.parametrize("key", [KEY, ORDINARY, "sk-tune-\u212a4f9Lq81aZp", "two words, one key", "test"])
def test_what_is_found_is_redacted(key: str) -> None:
    secrets = Secrets(key)
    texts = [form(key[: len(key) - cut]) for form in FORMS.values() for cut in range(len(key))]
    texts += [text.lower() for text in texts] + [f"Ünï {text}" for text in texts]
    for text in texts:
        assert not secrets.found_in(text) or secrets.redact(text) != text
        assert not secrets.found_in(secrets.redact(text)), text


def test_the_prefix_of_all_keys_is_not_redacted() -> None:
    assert Secrets(ORDINARY).redact("keys look like sk-tune-...") == "keys look like sk-tune-..."


def test_another_key_is_not_redacted() -> None:
    invented = "sk-tune-zzzzzzzzzzzzzzzzzzzzzz"
    assert Secrets(ORDINARY).redact(invented) == invented


def test_a_short_key_is_redacted_only_as_a_whole_word() -> None:
    assert Secrets("test").redact("the latest test, test-run") == f"the latest {KEY_VARIABLE}, test-run"


def test_a_longer_secret_is_redacted_before_one_that_it_contains() -> None:
    assert Secrets("sk-tune-4f9L", ORDINARY).redact(ORDINARY) == KEY_VARIABLE


def test_userinfo_and_bearer_tokens_are_always_redacted() -> None:
    text = Secrets().redact("http://me:hush@proxy:3128 Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.x")
    assert "hush" not in text
    assert "eyJ" not in text


def test_secrets_are_recognized_by_the_names_of_headers_and_parameters() -> None:
    headers = [("Cookie", "session=0123456789abcdef; theme=dark"), ("Accept", "application/json")]
    found = secrets_in(headers, "https://u:hushhush@host/v1/threads?api_key=abcdefgh12&limit=1000000000")
    assert found == {"session=0123456789abcdef; theme=dark", "0123456789abcdef", "hushhush", "abcdefgh12"}


def test_numbers_and_null_are_not_secrets() -> None:
    headers = [("X-Max-Tokens", "1000"), ("Authorization", "null"), ("X-Tune-Key", "sk-1")]
    assert secrets_in(headers, "https://host/v1/threads?after=thread_1") == {"sk-1"}


EXCHANGE = Exchange(
    method="POST",
    url="http://127.0.0.1:1/v1/threads",
    operation=None,
    path_parameters={},
    query=(),
    request_headers=(("X-Tune-Key", ORDINARY), ("Content-Type", "application/json")),
    request_body=b'{"title": "$(touch /tmp/never) `id` \\"quoted\\" it\'s"}',
    sent=0.0,
    received=1.0,
    secrets=Secrets(ORDINARY),
)


def words(curl: str, key: str) -> list[str]:
    """The words of a command line, as a shell with the key expands them."""
    script = curl.replace("curl ", "printf '%s\\0' ", 1)
    done = subprocess.run(
        ["bash", "-c", script], env={"TUNE_API_KEY": key}, capture_output=True, text=True, check=True
    )
    return done.stdout.split("\0")


@pytest.mark.parametrize(
    "sent", [ORDINARY, ORDINARY[:-1], f"{ORDINARY}x", ORDINARY.swapcase(), "sk-tune-other"]
)
def test_a_curl_line_repeats_the_key_without_showing_it(sent: str) -> None:
    exchange = replace(EXCHANGE, request_headers=(("X-Tune-Key", sent),))
    assert ORDINARY[:-1].lower() not in exchange.curl().lower()
    assert f"X-Tune-Key: {sent}" in words(exchange.curl(), ORDINARY)


def test_the_shell_does_not_interpret_the_body_in_a_curl_line() -> None:
    body = EXCHANGE.request_body.decode()
    leaky = replace(EXCHANGE, request_body=f"{body} {ORDINARY}".encode())
    assert body in words(EXCHANGE.curl(), ORDINARY)
    assert f"{body} {ORDINARY}" in words(leaky.curl(), ORDINARY)
