"""Is each invalid document reported in one line with exit code 3, and each unusual one reviewed?"""

import os
import subprocess
from pathlib import Path

import pytest

from spec_review import DocumentError, compare, load, open_source
from spec_review.cli import main
from spec_review.loading import Source

HEAD = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {}\n"
WITH_REFERENCE = HEAD.replace("paths: {}", "paths: {/a: {get: {responses: {'200': {$ref: '%s'}}}}}")

INVALID = {
    "not YAML": (b"openapi: [3.0.3\npaths: {}\n", "not YAML"),
    "a tab": (b"openapi: 3.0.3\n\tpaths: {}\n", "not YAML"),
    "empty": (b"", "is empty"),
    "only a comment": (b"# nothing\n", "is empty"),
    "a list": (b"- openapi\n", "is a list"),
    "a text": (b"openapi\n", "is a string"),
    "not UTF-8": (HEAD.encode() + b"x-name: \xe4\n", "not UTF-8"),
    "a duplicate key": (
        b"openapi: 3.0.3\npaths: {}\npaths: {}\n",
        "duplicate key 'paths', first on line 2",
    ),
    "an alias in itself": (b"openapi: 3.0.3\npaths: &a {b: *a}\n", "alias contains itself"),
    "Swagger 2.0": (b"swagger: '2.0'\npaths: {}\n", "is Swagger 2.0"),
    "no version": (b"paths: {}\n", "has no 'openapi' key"),
    "a later version": (b"openapi: 4.0.0\npaths: {}\n", "'openapi' is '4.0.0'"),
    "a reference to itself": (
        (WITH_REFERENCE % "#/paths/~1a/get/responses/200").encode(),
        "refers to itself",
    ),
    "a remote reference": ((WITH_REFERENCE % "https://example.com/a.yaml").encode(), "remote references"),
    "an absolute path": (
        (WITH_REFERENCE % "/etc/passwd").encode(),
        "bad.yaml: $ref '/etc/passwd' is an absolute path",
    ),
    "too deep": (b"[" * 5000 + b"]" * 5000, "too deeply nested"),
    "too deep by far": (b"[" * 100_000, "bad.yaml:1:401: too deeply nested"),
    "too deep in blocks": (b"- " * 100_000, "bad.yaml:1: too deeply nested"),
    "nested aliases": (
        b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)),
        "bad.yaml:7: more than 5,000,000 values",
    ),
    "a number that is not finite": (
        b"openapi: 3.0.3\nx: 1e999\n",
        "bad.yaml:2: '1e999' is not a finite number",
    ),
    "not a number": (b"openapi: 3.0.3\nx: .nan\n", "bad.yaml:2: '.nan' is not a finite number"),
    "an integer beyond every number": (
        b"openapi: 3.0.3\nx: 1" + b"0" * 400,
        "bad.yaml:2: the integer 100000000000… has more than 300 digits",
    ),
    "a number that is not finite in JSON": (
        b'{"openapi": "3.0.3",\n "x": 1e999}',
        "bad.yaml:2:7: '1e999' is not a finite number",
    ),
    "NaN in JSON": (b'{"openapi": "3.0.3",\n "x": NaN}', "bad.yaml:2:7: 'NaN' is not a finite number"),
    "a duplicate key in JSON": (
        b'{"openapi": "3.0.3", "paths": {},\n "paths": {}}',
        "bad.yaml:2:2: duplicate key 'paths'",
    ),
    "a pattern of parentheses": (
        HEAD.encode() + b"x-a: {pattern: '" + b"(" * 20_000 + b"'}\n",
        "bad.yaml:4: the pattern nests more than 100 groups",
    ),
}


@pytest.mark.parametrize(("content", "message"), INVALID.values(), ids=INVALID.keys())
def test_an_invalid_document_exits_with_3_and_one_line(
    content: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(HEAD)
    bad.write_bytes(content)
    for arguments in ([str(good), str(bad)], [str(bad), str(good)]):
        assert main(arguments) == 3
        output = capsys.readouterr()
        assert output.out == ""
        assert message in output.err
        assert "bad.yaml" in output.err
        assert output.err.count("\n") == 1


def test_a_duplicate_key_is_reported_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("openapi: 3.0.3\npaths: {}\npaths: {}\n")
    with pytest.raises(DocumentError, match=r"a\.yaml:3: duplicate key 'paths'"):
        load(open_source(str(file)))


UNUSUAL = {
    "Windows line ends and a byte order mark": "\ufeff" + HEAD.replace("\n", "\r\n"),
    "null instead of objects and lists": """
openapi: 3.0.0
paths: {/a: {post: {parameters: null, responses: null, requestBody: {content: null}}}, /b: null}
components: null
servers: null
security: null
tags: null
""",
    "values of the wrong type": """
openapi: 3.0.0
paths:
  /a:
    get:
      tags: a
      security: [a]
      parameters: [{in: query}, {name: b}]
      responses:
        200:
          content:
            application/json:
              schema: {type: [string, any], required: true, enum: a, minimum: x, pattern: '[', properties: []}
""",
    "anchors and merged keys": """
openapi: 3.0.0
x: &common {description: Fine}
paths: {/a: {get: {responses: {200: {<<: *common}}}}}
""",
    "strings that YAML 1.1 reads as other types": """
openapi: 3.0.0
paths:
  /a:
    get:
      parameters: [{in: query, name: on, schema: {enum: [yes, no, 12:30, 2024-01-01]}}]
      responses: {}
""",
}


@pytest.mark.parametrize("content", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_an_unusual_document_is_reviewed(content: str, tmp_path: Path) -> None:
    file, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    file.write_bytes(content.encode())
    other.write_bytes(content.encode() + b"x-more: 1\n")
    assert compare(load(open_source(str(file))), load(open_source(str(other)))) == []


def test_strings_that_yaml_1_1_reads_as_other_types_stay_strings() -> None:
    document = load(Source("a.yaml", b"openapi: 3.0.0\nx: [yes, off, 12:30, 2024-01-01, 1e3, 0x10, null]\n"))
    assert document.content["x"] == ["yes", "off", "12:30", "2024-01-01", 1000.0, 16, None]


def test_references_to_other_files_are_resolved_in_the_tree_and_in_a_revision(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.write("api/openapi.yaml", WITH_REFERENCE % "parts/answers.yaml#/Good")
    part = (
        "Good: {description: D, content: {application/json: {schema: {$ref: '#/Name'}}}}\nName: {type: %s}\n"
    )
    repository.write("api/parts/answers.yaml", part % "string")
    repository.commit()
    repository.write("api/parts/answers.yaml", part % "integer")
    base = load(open_source("HEAD:api/openapi.yaml", tmp_path))
    head = load(open_source(str(tmp_path / "api/openapi.yaml")))
    errors = [change for change in compare(base, head) if change.level == "error"]
    assert [change.id for change in errors] == ["response-body-type-widened"]
    assert errors[0].base is not None
    assert str(errors[0].base) == "HEAD:api/parts/answers.yaml:2"


def test_a_path_in_a_revision_counts_from_the_root_or_the_current_directory(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.write("api/openapi.yaml", HEAD)
    repository.commit()
    for where, path in ((tmp_path, "api/openapi.yaml"), (tmp_path / "api", "openapi.yaml")):
        assert load(open_source(f"HEAD:{path}", where)).content["paths"] == {}


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("HEAD:gone.yaml", "no file 'gone.yaml' at revision 'HEAD'"),
        ("nowhere:a.yaml", "unknown revision 'nowhere'"),
        ("--output=x:a.yaml", "is not a revision"),
    ],
)
def test_a_revision_that_cannot_be_loaded_is_reported_with_the_reason(
    argument: str, message: str, tmp_path: Path
) -> None:
    repository = Repository(tmp_path)
    repository.write("a.yaml", HEAD)
    repository.commit()
    with pytest.raises(DocumentError, match=message):
        open_source(argument, tmp_path)


def test_a_revision_needs_a_repository(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="not in a git repository"):
        open_source("HEAD:a.yaml", tmp_path)


def test_a_directory_is_not_a_document(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="is a directory"):
        open_source(str(tmp_path))


class Repository:
    """A git repository for a test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._git("init", "--quiet", "--initial-branch=main")

    def write(self, name: str, text: str) -> None:
        """Write a file of the working tree."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def commit(self) -> None:
        """Commit everything."""
        self._git("add", ".")
        self._git("-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "All")

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.path, check=True, capture_output=True)


JSON = '{"openapi": "3.0.3", "info": {"title": "%s", "version": "1"}, "paths": {}}'


@pytest.mark.parametrize("title", ["\\ud83d\\udc4d", "\x9f", "\\ud83d alone", "\\/", "tab:\\t"])
def test_json_is_read_as_json(title: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("base.json", "head.json"):
        (tmp_path / name).write_text(JSON % title, encoding="utf-8")
    assert main([str(tmp_path / "base.json"), str(tmp_path / "head.json")]) == 0
    assert "Nothing changed." in capsys.readouterr().out


def test_a_place_in_json_has_its_line() -> None:
    text = '{"openapi": "3.0.3",\n "a": [1, {"b":\n "x",\n "c\\u0041": {}}],\n "d": "}"\n}'
    parsed = load(Source("a.json", text.encode())).parsed
    assert [parsed.line(path) for path in ((), ("a",), ("a", "1", "b"), ("a", "1", "cA"), ("d",))] == [
        1,
        2,
        2,
        4,
        5,
    ]
    assert parsed.line(("a", "7", "gone")) == 2


DANGLING = {
    "a reference to nothing": (
        WITH_REFERENCE % "#/components/responses/Gone",
        "'#/components/responses/Gone' does not",
    ),
    "a file that is missing": (WITH_REFERENCE % "gone.yaml#/a", "no file 'gone.yaml'"),
    "a mapping to nothing": (
        HEAD + "x-s: {oneOf: [], discriminator: {propertyName: k, mapping: {a: Gone, b: ../../../x.yaml}}}\n",
        "the discriminator maps 'a' to 'Gone', which does not exist",
    ),
    "a reference to a text": (HEAD + "x-s: {description: {$ref: intro.md}}\n", "refers to a text"),
}


@pytest.mark.parametrize(("content", "warning"), DANGLING.values(), ids=DANGLING.keys())
def test_what_points_nowhere_is_a_warning_with_its_position(
    content: str, warning: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "intro.md").write_text("# *Hello*: [\n")
    (tmp_path / "a.yaml").write_text(content)
    document = load(open_source("a.yaml"))
    assert any(one.startswith(("a.yaml:3: ", "a.yaml:4: ")) and warning in one for one in document.warnings)
    assert compare(document, load(open_source("a.yaml"))) == []


def test_nothing_outside_of_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("description: secret\n")
    folder = tmp_path / "api"
    folder.mkdir()
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    os.mkfifo(folder / "pipe.yaml")
    (folder / "a.yaml").write_text(WITH_REFERENCE % "pipe.yaml")
    with pytest.raises(DocumentError, match="not a regular file"):
        load(open_source(str(folder / "a.yaml")))
    for reference in ("../secret.yaml", "link.yaml", ".//../secret.yaml", "%2e%2e/secret.yaml"):
        (folder / "a.yaml").write_text(WITH_REFERENCE % reference)
        loaded = load(open_source(str(folder / "a.yaml")))
        assert any("leads outside" in warning for warning in loaded.warnings)
        assert "secret.yaml" not in {Path(name).name for name in loaded.others}


def test_a_reference_may_lead_to_any_file_of_the_repository(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.write("shared/answer.yaml", "description: D\n")
    repository.write("api/a.yaml", WITH_REFERENCE % "../shared/answer.yaml")
    repository.commit()
    assert not load(open_source(str(tmp_path / "api/a.yaml"))).warnings
    assert not load(open_source("HEAD:api/a.yaml", tmp_path)).warnings
    repository.write("api/a.yaml", WITH_REFERENCE % "../.git/config")
    loaded = load(open_source(str(tmp_path / "api/a.yaml")))
    assert any("leads outside" in warning for warning in loaded.warnings)
    assert not loaded.others


def test_an_integer_of_any_size_is_compared() -> None:
    text = HEAD.replace(
        "paths: {}",
        "paths: {/a: {post: {requestBody: {content: {application/json: {schema: "
        "{type: integer, maximum: %d}}}}, responses: {}}}}",
    )
    changes = compare(*(load(Source(f"{most}.yaml", (text % 10**most).encode())) for most in (40, 30)))
    assert [change.id for change in changes if change.level == "error"] == ["request-body-maximum-lowered"]
