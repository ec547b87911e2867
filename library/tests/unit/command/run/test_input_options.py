"""Inputs are options of ``run``."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field, JsonValue

from stepweave.command.errors import CommandError
from stepweave.command.run.input_options import read_options, usage_of
from stepweave.command.run.inputs import given_input, input_text
from stepweave.contract.argument import Argument
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.inputs import InputField
from stepweave.language.workflow import Workflow, workflow


@workflow(timeout=timedelta(minutes=1))
def optional_inputs(
    note: str, depth: int = 1, isolated: bool = False, tags: list[str] | None = None, some_name: str = "x"
) -> ReplayResult:
    return replayer("t", dependencies=[note, depth, isolated, tags, some_name])


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ([], {}),
        (["--depth", "3"], {"depth": "3"}),
        (["--depth=3", "--isolated"], {"depth": "3", "isolated": True}),
        (["--no-isolated"], {"isolated": False}),
        (["--isolated=true"], {"isolated": "true"}),
        (["--tags", '["a", "b"]'], {"tags": ["a", "b"]}),
        (["--some-name", "--depth"], {"some_name": "--depth"}),
        (["--some-name", "17"], {"some_name": "17"}),
        (["--note", "[x", "--depth=-3"], {"note": "[x", "depth": "-3"}),
    ],
)
def test_options_are_read_by_the_inputs_types(options: list[str], given: dict[str, JsonValue]) -> None:
    assert read_options(optional_inputs, options) == given


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--isolate"], "no such option: --isolate"),
        (["--no-depth"], "no such option: --no-depth"),
        (["extra"], "unexpected argument: extra"),
        (["--depth", "1", "extra"], "unexpected argument: extra"),
        (["--tags", '["a"'], "--tags: not valid JSON, at line 1"),
        (["--tags", '{"a": 1, "a": 2}'], "--tags: not valid JSON: 'a' is given twice"),
        (["--depth"], "--depth needs a value"),
        (["--depth", "1", "--depth=2"], "--depth is given twice"),
        (["--isolated", "--no-isolated"], "given twice"),
    ],
)
def test_wrong_options_are_refused_before_anything_starts(options: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said) as caught:
        read_options(optional_inputs, options)
    assert caught.value.exit_code == 2


def test_they_are_inputs_like_others() -> None:
    given = given_input(optional_inputs, '{"note": "n"}', ["--depth", "3"])
    assert input_text(given.values) == '{"note":"n","depth":3}'
    with pytest.raises(CommandError, match="input 'depth'"):
        given_input(optional_inputs, '{"note": "n"}', ["--depth", "many"])
    with pytest.raises(CommandError, match="both --depth and --input give 'depth'"):
        given_input(optional_inputs, '{"note": "n", "depth": 1}', ["--depth", "2"])


class Folder(BaseModel):
    argument: ClassVar[Argument] = Argument("scripts.folders:prepare", metavar="PATH")
    key: str


@pytest.mark.parametrize(
    ("annotation", "usage"),
    [
        (str, "--it TEXT"),
        (Annotated[int, Field(ge=1)], "--it INTEGER"),
        (float | None, "--it NUMBER"),
        (bool, "--it"),
        (Literal["fast", "slow"], "--it fast|slow"),
        (Literal[1, 2], "--it JSON"),
        (list[str], "--it JSON"),
        (Folder, "--it PATH"),
        (Folder | None, "--it PATH"),
        (Annotated[Folder | None, "a folder"], "--it PATH"),
        (list[Folder], "--it JSON"),
    ],
)
def test_how_an_input_is_given_follows_from_its_type(annotation: object, usage: str) -> None:
    assert usage_of(InputField("it", annotation)) == usage


def test_an_input_called_like_an_option_of_the_commands_is_given_as_json() -> None:
    assert usage_of(InputField("name", str)) == "--input '{\"name\": ...}'"


def test_an_input_called_like_the_negation_of_another_is_itself() -> None:
    def odd(cache: bool, no_cache: int) -> None: ...

    made = Workflow(odd, timedelta(minutes=1))
    assert read_options(made, ["--cache", "--no-cache", "3"]) == {"cache": True, "no_cache": "3"}
