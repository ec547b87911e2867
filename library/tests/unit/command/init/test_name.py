"""What a project may be called."""

import keyword
import string
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.command.errors import CommandError
from stepweave.command.init.name import check_name, namespace_for
from stepweave.project.settings import is_namespace


@pytest.mark.parametrize("name", ["claims", "c", "Claims", "claims-intake", "claims_intake", "c3", "a--b", "x" * 64])
def test_a_name_that_nothing_else_has_will_do(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "-x", "_x", "3c", "x-", "x_", "a b", "a.b", "a/b", "a\nb", "\x1b[31m", "ümlaut", "x" * 65,
        "$name", "a'b", 'a"b', "a\\b",
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="cannot be a project's name") as refused:
        check_name(name)
    assert "\n" not in refused.value.message
    assert "\x1b" not in refused.value.message


@pytest.mark.parametrize(
    "name",
    [
        "json", "test", "Types", "asyncio", "None", "cprofile", "import", "yield", "stepweave", "STEPWEAVE", "boto3",
        "pydantic-core", "yaml", "lambdas", "state-machines", "state_machines", "stacks", "scripts", "tests",
        "requirements",
    ],
)  # fmt: skip
def test_what_something_else_is_called_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="cannot be a project's name"):
        check_name(name)


def test_every_name_of_python_itself_is_refused() -> None:
    for name in [*keyword.kwlist, *sys.stdlib_module_names]:
        with pytest.raises(CommandError):
            check_name(name.replace("_", "-"))


@given(st.text(string.ascii_letters + string.digits + "-_", max_size=30))
def test_a_namespace_that_is_made_of_a_name_is_one_or_is_refused(name: str) -> None:
    with suppress(CommandError):
        check_name(name)
        assert is_namespace(namespace_for(name, None))


@pytest.mark.parametrize("namespace", ["", "Claims", "3c", "a-", "a b", "x" * 40, "a\nb"])
def test_a_namespace_that_is_none_is_refused(namespace: str) -> None:
    with pytest.raises(CommandError, match="cannot be a namespace"):
        namespace_for("claims", namespace)
