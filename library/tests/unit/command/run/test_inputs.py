import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from lambdas.shared.repository.contract import RepoRef
from stepweave.command.errors import CommandError
from stepweave.command.run.inputs import MAX_INPUT_BYTES, check_input
from stepweave.language.workflow import Workflow

REPO = RepoRef(bucket="b", key="repositories/k.tar.gz", sha256="0" * 64, name="demo")


class Options(BaseModel):
    depth: int
    mode: Literal["fast", "slow"] = "fast"


def review(repo: RepoRef) -> None: ...
def tune(options: Options, share: Annotated[float, Field(ge=0, le=1)], schema: str) -> None: ...
def compare(old: RepoRef, new: RepoRef) -> None: ...
def nothing() -> None: ...


def made(function: Callable[..., object]) -> Workflow:
    return Workflow(function, timedelta(minutes=1))


GOOD = {"options": {"depth": 3}, "share": 0.5, "schema": "x"}


def test_inputs_are_checked_and_completed() -> None:
    checked = check_input(made(tune), json.dumps(GOOD), repository=False)
    assert json.loads(checked.to_json()) == {**GOOD, "options": {"depth": 3, "mode": "fast"}}


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
        check_input(made(tune), json.dumps({**GOOD, **change}), repository=False)
    assert refused.value.exit_code == 2


@given(st.sets(st.sampled_from(sorted(GOOD))))
def test_every_missing_input_is_named(missing: set[str]) -> None:
    given_inputs = json.dumps({name: value for name, value in GOOD.items() if name not in missing})
    if not missing:
        check_input(made(tune), given_inputs, repository=False)
        return
    with pytest.raises(CommandError) as refused:
        check_input(made(tune), given_inputs, repository=False)
    for name in missing:
        assert f"input {name!r} is missing" in refused.value.message


def test_a_repository_fills_its_input() -> None:
    checked = check_input(made(review), None, repository=True)
    assert json.loads(checked.to_json(REPO)) == {"repo": REPO.model_dump(mode="json")}


def test_a_repository_may_be_given_by_reference() -> None:
    text = json.dumps({"repo": REPO.model_dump(mode="json")})
    assert json.loads(check_input(made(review), text, repository=False).to_json()) == json.loads(text)


@pytest.mark.parametrize(
    ("function", "text", "repository", "said"),
    [
        (review, None, False, "needs a repository: its input 'repo'"),
        (review, json.dumps({"repo": REPO.model_dump(mode="json")}), True, "both --repo and --input give 'repo'"),
        (nothing, None, True, "takes no repository"),
        (compare, None, True, "several repositories: old, new"),
    ],
)
def test_repositories_that_do_not_fit(
    function: Callable[..., object], text: str | None, repository: bool, said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        check_input(made(function), text, repository=repository)


def test_the_last_repository_that_is_missing_is_filled() -> None:
    old = json.dumps({"old": REPO.model_dump(mode="json")})
    assert check_input(made(compare), old, repository=True).repository == "new"


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
        check_input(made(nothing), text, repository=False)
    assert said in refused.value.message


def test_an_input_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "in.json"
    file.write_text(json.dumps(GOOD), encoding="utf-8-sig")
    assert check_input(made(tune), f"@{file}", repository=False).values["share"] == 0.5


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot read .*missing\.json: No such file"):
        check_input(made(tune), f"@{tmp_path}/missing.json", repository=False)
    with pytest.raises(CommandError, match=r"cannot read .*: Is a directory"):
        check_input(made(tune), f"@{tmp_path}", repository=False)
    file = tmp_path / "in.json"
    file.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(CommandError, match=r"in\.json: not UTF-8 text, at byte 7"):
        check_input(made(tune), f"@{file}", repository=False)
    file.write_text('{\n"a": }')
    with pytest.raises(CommandError, match=r"in\.json: not valid JSON, at line 2, column 6"):
        check_input(made(tune), f"@{file}", repository=False)


def test_an_input_larger_than_step_functions_takes_is_refused() -> None:
    def long(text: str) -> None: ...

    fits = MAX_INPUT_BYTES - len('{"text":""}')
    check_input(made(long), json.dumps({"text": "x" * fits}), repository=False).to_json()
    with pytest.raises(CommandError, match=f"the input is {MAX_INPUT_BYTES + 1} bytes"):
        check_input(made(long), json.dumps({"text": "x" * (fits + 1)}), repository=False).to_json()
