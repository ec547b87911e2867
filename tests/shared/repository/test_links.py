"""Where links lead, against what the operating system says."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.shared.repository.links import leaves_tree

parts = st.sampled_from(["a", "b", "c", "..", ".", ""])
targets = st.lists(parts, min_size=1, max_size=5).map("/".join).filter(bool)
links_of_a_tree = st.dictionaries(st.sampled_from(["a", "b", "c", "d/a", "d/b", "d/e/a"]), targets, max_size=5)


@given(links_of_a_tree)
@settings(max_examples=300, deadline=None)
def test_a_link_that_is_said_to_stay_inside_does(links: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as outer:
        top = Path(outer).resolve() / "tree"
        (top / "d" / "e").mkdir(parents=True)
        staying = {path: target for path, target in links.items() if not leaves_tree(path, links)}
        for path, target in staying.items():
            (top / path).symlink_to(target)
        for path in staying:
            assert Path(os.path.realpath(top / path)).is_relative_to(top)


@given(links_of_a_tree)
def test_leaving_out_links_that_leave_changes_nothing_for_the_others(links: dict[str, str]) -> None:
    staying = {path: target for path, target in links.items() if not leaves_tree(path, links)}
    assert not any(leaves_tree(path, staying) for path in staying)


@pytest.mark.parametrize(
    ("links", "path", "leaves"),
    [
        ({"a": "b"}, "a", False),
        ({"a": "."}, "a", False),
        ({"a": "/etc/passwd"}, "a", True),
        ({"a": "//"}, "a", True),
        ({"a": ".."}, "a", True),
        ({"a": "../tree/a"}, "a", True),
        ({"d/a": ".."}, "d/a", False),
        ({"d/a": "../.."}, "d/a", True),
        ({"up": "d/top", "d/top": ".."}, "up", False),
        ({"a": "up/..", "up": "."}, "a", True),
        ({"a": "b", "b": "c", "c": "../x"}, "a", True),
        ({"a": "b/x", "b": "/"}, "a", True),
        ({"a": "b", "b": "a"}, "a", True),
        ({"a": "a//a"}, "a", True),
        ({f"{n}": f"{n + 1}" for n in range(39)}, "0", False),
    ],
)
def test_examples(links: dict[str, str], path: str, leaves: bool) -> None:
    assert leaves_tree(path, links) is leaves
