"""Is an error of the checker itself reported quickly, whatever its traceback?"""

from types import SimpleNamespace
from typing import Any

import pytest

from contract_tests.session.plugin import ResultsPlugin


def test_an_error_with_a_long_traceback_is_reported_as_plain_text() -> None:
    with pytest.raises(RuntimeError) as error:
        _deep(200)
    call: Any = SimpleNamespace(excinfo=error)
    hook = ResultsPlugin.pytest_runtest_makereport(SimpleNamespace(), call)  # type: ignore[arg-type]
    next(hook)
    hook.close()
    assert isinstance(call.excinfo.value, pytest.fail.Exception)
    assert not call.excinfo.value.pytrace
    assert "RuntimeError: at the bottom" in str(call.excinfo.value)


def _deep(levels: int) -> None:
    if levels:
        _deep(levels - 1)
    raise RuntimeError("at the bottom")
