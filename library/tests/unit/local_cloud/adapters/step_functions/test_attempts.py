"""How far an execution has come, and what a redrive makes of it."""

from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.adapters.step_functions.attempts import Attempt, Progress


def progress(finished: bool, parts: list[Progress]) -> Progress:
    """A program that has finished, or is in a state with such parts."""
    made = Progress()
    made.enter("State", "Parallel", {"n": 1}, {}, 2)
    made.parts = dict(enumerate(parts))
    if finished:
        made.finish("output")
    return made


PROGRESSES = st.recursive(
    st.builds(progress, st.booleans(), st.just([])),
    lambda parts: st.builds(progress, st.booleans(), st.lists(parts, max_size=4)),
    max_leaves=12,
)


def check(before: Progress) -> None:
    finished = {index for index, part in before.parts.items() if part.is_finished}
    before.begin_parts()
    assert {index for index, part in before.parts.items() if part.is_finished} == finished
    for part in before.parts.values():
        assert part.resumes is not part.is_finished
        if not part.is_finished:
            check(part)
    before.begin_parts()
    assert not before.parts  # a retry begins anew


@given(st.lists(PROGRESSES, max_size=4))
def test_a_redrive_keeps_what_has_finished_at_every_level(parts: list[Progress]) -> None:
    whole = progress(finished=False, parts=parts)
    whole.prepare_redrive(reruns_finished=False)
    assert whole.resumes
    check(whole)


@given(st.integers(1, 4), st.integers(0, 4))
def test_results_that_were_too_large_are_made_again_if_all_are_there(finished: int, unfinished: int) -> None:
    whole = progress(False, [progress(index < finished, []) for index in range(finished + unfinished)])
    whole.prepare_redrive(reruns_finished=True)
    whole.begin_parts()
    assert bool(whole.parts) is bool(unfinished)


def test_what_is_to_be_done_at_the_end_is_done_once() -> None:
    attempt, done = Attempt(Progress()), list[str]()
    attempt.at_end(lambda: done.append("end"))
    attempt.end()
    attempt.end()
    assert (done, attempt.is_over) == (["end"], True)
