import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from stepweave.command.errors import CommandError
from stepweave.command.run.inputs import MAX_INPUT_BYTES, GivenInput, check_input, given_input, input_text
from stepweave.contract.argument import Argument
from stepweave.language.workflow import Workflow


class Options(BaseModel):
    depth: int
    mode: Literal["fast", "slow"] = "fast"


class Folder(BaseModel):
    argument: ClassVar[Argument] = Argument("scripts.nowhere:prepare", metavar="PATH")
    key: str


def read(folder: Folder) -> None: ...
def tune(options: Options, share: Annotated[float, Field(ge=0, le=1)], schema: str) -> None: ...
def compare(old: Folder, new: Folder | None = None, depth: int = 1) -> None: ...
def nothing() -> None: ...


def made(function: Callable[..., object]) -> Workflow:
    return Workflow(function, timedelta(minutes=1))


GOOD = {"options": {"depth": 3}, "share": 0.5, "schema": "x"}


def test_inputs_are_checked_and_completed() -> None:
    checked = given_input(made(tune), json.dumps(GOOD))
    assert json.loads(input_text(checked.values)) == {**GOOD, "options": {"depth": 3, "mode": "fast"}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"share": 2}, "input 'share'"),
        ({"options": {"depth": "deep"}}, "input 'options.depth'"),
        ({"options": {"depth": 1, "mode": "odd"}}, "input 'options.mode'"),
        ({"other": 1}, "input 'other' is unknown"),
        ({"schema": None}, "input 'schema'"),
    ],
)
def test_a_wrong_input_is_named(change: dict[str, object], said: str) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        given_input(made(tune), json.dumps({**GOOD, **change}))
    assert refused.value.exit_code == 2


@given(st.sets(st.sampled_from(sorted(GOOD))))
def test_every_missing_input_is_named(missing: set[str]) -> None:
    given_inputs = json.dumps({name: value for name, value in GOOD.items() if name not in missing})
    if not missing:
        given_input(made(tune), given_inputs)
        return
    with pytest.raises(CommandError) as refused:
        given_input(made(tune), given_inputs)
    for name in missing:
        assert f"input {name!r} is missing" in refused.value.message


def test_options_and_json_together_give_all_inputs() -> None:
    options = ["--options", '{"depth": 3}', "--share=0.5"]
    assert given_input(made(tune), '{"schema": "x"}', options) == given_input(made(tune), json.dumps(GOOD))


def test_what_is_made_of_a_word_is_neither_checked_nor_sent_as_it_is() -> None:
    assert given_input(made(read), None, ["--folder", "here"]) == GivenInput({}, {"folder": "here"})
    several = given_input(made(compare), '{"depth": 2}', ["--new", "there", "--old=here"])
    assert several == GivenInput({"depth": 2}, {"old": "here", "new": "there"})


def test_it_may_be_given_as_json_too() -> None:
    assert given_input(made(read), '{"folder": {"key": "k"}}') == GivenInput({"folder": {"key": "k"}}, {})
    mixed = given_input(made(compare), '{"old": {"key": "k"}}', ["--new", "there"])
    assert mixed == GivenInput({"old": {"key": "k"}}, {"new": "there"})


@pytest.mark.parametrize(
    ("function", "text", "options", "said", "hint"),
    [
        (read, None, [], "input 'folder' is missing", "add --folder PATH; read takes folder"),
        (tune, None, [], "input 'share' is missing", "add --options JSON --share NUMBER --schema TEXT; "),
        (read, '{"folder": {"key": "k"}}', ["--folder", "x"], "both --folder and --input give 'folder'", "leave one"),
        (compare, None, ["--new", "x"], "input 'old' is missing", "add --old PATH"),
        (nothing, None, ["--folder", "x"], "no such option: --folder", "see `stepweave run nothing --help`"),
        (nothing, '{"x": 1}', [], "input 'x' is unknown", "nothing takes no input"),
    ],
)
def test_what_does_not_fit_says_what_would(
    function: Callable[..., object], text: str | None, options: list[str], said: str, hint: str
) -> None:
    with pytest.raises(CommandError) as refused:
        given_input(made(function), text, options)
    assert said in refused.value.message
    assert refused.value.hint.startswith(hint)


def test_values_that_are_made_otherwise_are_not_missing() -> None:
    assert check_input(made(compare), {"depth": 2}, ["old"]) == {"depth": 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,\n "b" 2}', "line 2, column 6"),
        ("", "line 1, column 1"),
        ("[1]", "must be a JSON object, not an array"),
        ("null", "must be a JSON object, not null"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": 1, "a": 2}', "'a' is given twice"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_text_that_is_no_json_object_is_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(CommandError) as refused:
        given_input(made(nothing), text)
    assert said in refused.value.message


def test_an_input_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "in.json"
    file.write_text(json.dumps(GOOD), encoding="utf-8-sig")
    assert given_input(made(tune), f"@{file}").values["share"] == 0.5


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot read .*missing\.json: No such file"):
        given_input(made(tune), f"@{tmp_path}/missing.json")
    with pytest.raises(CommandError, match=r"cannot read .*: Is a directory"):
        given_input(made(tune), f"@{tmp_path}")
    file = tmp_path / "in.json"
    file.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(CommandError, match=r"in\.json: not UTF-8 text, at byte 7"):
        given_input(made(tune), f"@{file}")
    file.write_text('{\n"a": }')
    with pytest.raises(CommandError, match=r"in\.json: not valid JSON, at line 2, column 6"):
        given_input(made(tune), f"@{file}")


def test_an_input_larger_than_step_functions_takes_is_refused() -> None:
    fits = MAX_INPUT_BYTES - len('{"text":""}')
    input_text({"text": "x" * fits})
    with pytest.raises(CommandError, match=f"the input is {MAX_INPUT_BYTES + 1} bytes"):
        input_text({"text": "x" * (fits + 1)})
