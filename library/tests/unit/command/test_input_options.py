"""Inputs that have defaults are options of ``run``."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import JsonValue

from stepweave.command.errors import CommandError
from stepweave.command.input_options import read_options
from stepweave.command.run.inputs import check_input
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.workflow import workflow


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
    ],
)
def test_options_are_read_by_the_inputs_types(options: list[str], given: dict[str, JsonValue]) -> None:
    assert read_options(optional_inputs, options) == given


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--isolate"], "no such option: --isolate"),
        (["--note", "x"], "no such option: --note"),
        (["extra"], "no such option: extra"),
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
    checked = check_input(optional_inputs, '{"note": "n"}', repository=False, options=["--depth", "3"])
    assert checked.to_json() == '{"note":"n","depth":3}'
    with pytest.raises(CommandError, match="input 'depth'"):
        check_input(optional_inputs, '{"note": "n"}', repository=False, options=["--depth", "many"])
    with pytest.raises(CommandError, match="both --depth and --input give 'depth'"):
        check_input(optional_inputs, '{"note": "n", "depth": 1}', repository=False, options=["--depth", "2"])
