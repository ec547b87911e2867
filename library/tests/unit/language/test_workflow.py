"""What a workflow function becomes, and what is said where it cannot become anything."""

import contextlib
import copy
import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from stepweave.compiler.compile import compile_workflow
from stepweave.contract.agent import Agent
from stepweave.contract.failure import TaskFailure
from stepweave.contract.retry import Retry
from stepweave.graph.arguments import Constant, ListOf, MapOf, ResultOf, WorkflowInput
from stepweave.graph.errors import WorkflowError
from stepweave.language.workflow import Workflow, workflow


class Text(BaseModel):
    text: str


class Count(BaseModel):
    count: int


class Nothing(BaseModel):
    pass


class Words(BaseModel):
    text: Text | None = None
    texts: list[Text] = []
    named: dict[str, Text] = {}
    times: int = 1


class Tolerant(BaseModel):
    text: Text | TaskFailure


class Strict(BaseModel):
    text: Text


write = Agent(name="write", input=Nothing, output=Text)
read = Agent(name="read", input=Words, output=Count)
check = Agent(name="check", input=Strict, output=Count)
watch = Agent(name="watch", input=Tolerant, output=Count)


def test_data_and_control_edges_come_from_use_and_after() -> None:
    @workflow(timeout=timedelta(minutes=2))
    def book(times: int) -> Count:
        """Write and read.

        More.
        """
        first = write("first")
        second = write("second").after(first)
        return read(text=first, texts=[first, second], named={"a": second}, times=times)

    dag = book.trace()
    assert dag.name == "book"
    assert dag.description == "Write and read."
    assert [one.name for one in dag.inputs] == ["times"]
    assert dag.timeout == timedelta(minutes=2)
    assert dag.dependencies == {"first": set(), "second": {"first"}, "read": {"first", "second"}}
    assert dict(dag.by_id["read"].arguments) == {
        "text": ResultOf("first"),
        "texts": ListOf((ResultOf("first"), ResultOf("second"))),
        "named": MapOf((("a", ResultOf("second")),)),
        "times": WorkflowInput("times"),
    }
    assert dag.by_id["second"].uses == set()
    assert dag.result == "read"


def test_a_fallback_is_no_node_of_its_own_and_its_needs_are_those_of_its_task() -> None:
    @workflow()
    def book() -> Count:
        text = write("text")
        other = write("other")
        later = write("later").after(other)
        spare = read("spare", text=text).after(later)
        return check("count", text=text).fallback(spare.fallback(read("last")))

    dag = book.trace()
    assert [task.id for task in dag.tasks] == ["text", "other", "later", "count"]
    assert [task.id for task in dag.by_id["count"].alternatives] == ["count", "spare", "last"]
    assert dag.dependencies["count"] == {"text", "later"}
    assert compile_workflow(book).agents == (check, read, write)


def test_a_fallback_that_is_returned_is_refused() -> None:
    @workflow()
    def book() -> Text:
        instead = write("instead")
        write("a").fallback(instead)
        return instead

    with pytest.raises(WorkflowError, match="fallback of 'a'"):
        book.trace()


def test_retry_and_timeout_override_the_contract() -> None:
    @workflow()
    def book() -> None:
        write("plain")
        write("own").retry(attempts=7, max_delay=timedelta(seconds=9)).timeout(timedelta(seconds=5))

    dag = book.trace()
    assert dag.by_id["plain"].retry == Retry()
    assert dag.by_id["own"].retry == Retry(attempts=7, max_delay=timedelta(seconds=9))
    assert dag.by_id["own"].timeout == timedelta(seconds=5)
    assert dag.by_id["plain"].timeout > write.timeout


def test_constants_take_the_form_of_the_contract() -> None:
    @workflow()
    def book() -> None:
        read(text=Text(text="a"), times=3)

    assert dict(book.trace().tasks[0].arguments) == {"text": Constant({"text": "a"}), "times": Constant(3)}


def test_an_optional_result_may_go_where_none_or_a_failure_is_welcome() -> None:
    @workflow()
    def book() -> None:
        first = write().optional()
        read("r", text=first)
        watch("w", text=first)

    assert book.trace().by_id["write"].optional


# Each of these is wrong at the line marked "here".


def unknown_agent() -> Workflow:
    @workflow()
    def book() -> Count:
        return raed("r")  # type: ignore[name-defined]  # noqa: F821 - here

    return book


def cycle() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        second = write("second").after(first)
        first.after(second)  # here
        return first

    return book


def after_itself() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        return first.after(first)  # here

    return book


def duplicate_id() -> Workflow:
    @workflow()
    def book() -> Text:
        write("same")
        return write("same")  # here

    return book


def wrong_type() -> Workflow:
    @workflow()
    def book() -> Count:
        count = read("r")
        return check("c", text=count)  # here

    return book


def wrong_input_type() -> Workflow:
    @workflow()
    def book(text: str) -> Count:
        return read("r", times=text)  # here

    return book


def wrong_constant() -> Workflow:
    @workflow()
    def book() -> Count:
        return read("r", times="often")  # here

    return book


def wrong_item() -> Workflow:
    @workflow()
    def book() -> Count:
        return read("r2", texts=[read("r1")])  # here

    return book


def list_for_one() -> Workflow:
    @workflow()
    def book() -> Count:
        return check("c", text=[write()])  # here

    return book


def unknown_input() -> Workflow:
    @workflow()
    def book() -> Count:
        return read("r", words=write())  # here

    return book


def missing_input() -> Workflow:
    @workflow()
    def book() -> Count:
        return check("c")  # here

    return book


def fallback_of_another_type() -> Workflow:
    @workflow()
    def book() -> Text:
        return write().fallback(read("instead"))  # here

    return book


def fallback_twice() -> Workflow:
    @workflow()
    def book() -> Text:
        instead = write("instead")
        write("a").fallback(instead)
        return write("b").fallback(instead)  # here

    return book


def fallback_of_itself() -> Workflow:
    @workflow()
    def book() -> Text:
        first, second = write("a"), write("b")
        first.fallback(second)
        return second.fallback(first)  # here

    return book


def two_fallbacks() -> Workflow:
    @workflow()
    def book() -> Text:
        return write("a").fallback(write("b")).fallback(write("c"))  # here

    return book


def optional_fallback() -> Workflow:
    @workflow()
    def book() -> Text:
        return write("a").fallback(write("b").optional())  # here

    return book


def fallback_used_itself() -> Workflow:
    @workflow()
    def book() -> Count:
        instead = write("instead")
        write("a").fallback(instead)
        return read(text=instead)  # here

    return book


def after_a_fallback() -> Workflow:
    @workflow()
    def book() -> Text:
        instead = write("instead")
        write("a").fallback(instead)
        return write("b").after(instead)  # here

    return book


def fallback_that_is_no_task() -> Workflow:
    @workflow()
    def book() -> Text:
        return write("a").fallback(write)  # here

    return book


def optional_to_strict() -> Workflow:
    @workflow()
    def book() -> Count:
        return check("c", text=write().optional())  # here

    return book


def foreign_result() -> Workflow:
    kept: list[object] = []

    @workflow()
    def other() -> Text:
        kept.append(write("theirs"))
        return write("own")

    other.trace()

    @workflow()
    def book() -> Count:
        return check("c", text=kept[0])  # here

    return book


def condition() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        if first:  # here
            return write("second")
        return first

    return book


def field() -> Workflow:
    @workflow()
    def book() -> Text:
        return read("r", times=write("w").text)  # here

    return book


def comparison() -> Workflow:
    @workflow()
    def book(times: int) -> Text:
        return write("many" if times > 3 else "few")  # here

    return book


def id_with_a_line_break() -> Workflow:
    @workflow()
    def book() -> Text:
        return write("my\ntask")  # here

    return book


def id_not_ascii() -> Workflow:
    @workflow()
    def book() -> Text:
        return write("überprüfen")  # here

    return book


def id_too_long() -> Workflow:
    @workflow()
    def book() -> Text:
        return write("x" * 81)  # here

    return book


def positional_input() -> Workflow:
    @workflow()
    def book() -> Count:
        return read(write())  # here

    return book


def bad_retry() -> Workflow:
    @workflow()
    def book() -> Text:
        return write().retry(interval=timedelta(seconds=90))  # here

    return book


def bad_timeout() -> Workflow:
    @workflow()
    def book() -> Text:
        return write().timeout(timedelta(hours=1))  # here

    return book


def raising() -> Workflow:
    @workflow()
    def book() -> Text:
        return {"a": write()}["b"]  # here

    return book


def calls_a_workflow() -> Workflow:
    @workflow()
    def inner() -> Text:
        return write()

    @workflow()
    def book() -> Text:
        return inner()  # here

    return book


def tries() -> Workflow:
    @workflow()
    def book() -> Text:
        try:  # here
            first = write("first")
        except Exception:  # noqa: BLE001
            first = write("second")
        return first

    return book


def cleans_up() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        try:  # here
            return first
        finally:
            write("second")

    return book


def _placed_in_a_try() -> Text:
    try:  # there
        return write("first")
    except ValueError:
        return write("second")


def suppresses() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        with contextlib.suppress(Exception):  # here
            write("second")
        return first

    return book


def unused_input() -> Workflow:
    @workflow()  # here
    def book(times: int, unused: int) -> Count:
        return read(times=times)

    return book


def awaits() -> Workflow:
    @workflow()  # here
    async def book() -> Text:
        return write()

    return book


def yields() -> Workflow:
    @workflow()  # here
    def book() -> Text:  # type: ignore[misc]
        yield write()

    return book


def compares_with_none() -> Workflow:
    @workflow()
    def book(times: int) -> Count:
        return read("r") if times is None else read("r", times=times)  # here

    return book


def compares_a_result_with_none() -> Workflow:
    @workflow()
    def book() -> Text:
        first, second = write("first"), write("second").optional()
        return first if second is not None else write("third")  # here

    return book


def matches() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        match first:  # here
            case None:
                return write("second")
        return first

    return book


def asks_for_type() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first").optional()
        return write("second") if isinstance(first, TaskFailure) else first  # here

    return book


def representation() -> Workflow:
    @workflow()
    def book() -> Count:
        first = write("first")
        return read(named={f"{first!r}": first})  # here

    return book


def text() -> Workflow:
    @workflow()
    def book() -> Count:
        return read(named={f"about {write('first')}": write("second")})  # here

    return book


def forgotten_call() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        first.optional  # noqa: B018  # here
        return first

    return book


def asserts() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        assert first  # here
        return first

    return book


def loops() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        for each in first:  # here
            write(each)
        return first

    return book


def loops_while() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        while not first:  # here
            first = write("again")
        return first

    return book


def looks_inside() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        if "a" in first:  # here
            return write("second")
        return first

    return book


def unites() -> Workflow:
    @workflow()
    def book() -> Text:
        return write("first") | write("second")  # here

    return book


def keeps_in_it() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        first.note = "important"  # here
        return first

    return book


def enters() -> Workflow:
    @workflow()
    def book() -> Text:
        first = write("first")
        with first:  # here
            pass
        return first

    return book


def copies() -> Workflow:
    @workflow()
    def book() -> Text:
        return copy.copy(write("first"))  # here

    return book


def no_tasks() -> Workflow:
    @workflow()
    def book() -> None:
        pass

    return book


WRONG = {
    unknown_agent: ["'raed' is not defined", "import it from its contract"],
    cycle: ["first -> second -> first", "remove one"],
    after_itself: ["wait for one another"],
    duplicate_id: ["two tasks have the id 'same'", "an id of its own"],
    wrong_type: ["<task r of agent read> is a Count", "takes Text"],
    wrong_input_type: ["<workflow input text> is a str", "takes int"],
    wrong_constant: ["does not take 'often'", "type int"],
    wrong_item: ["is a Count", "takes Text"],
    list_for_one: ["takes Text, not a list"],
    unknown_input: ["no input 'words'", "it takes text, texts, named, times"],
    missing_input: ["lacks the input 'text'", "text=..."],
    fallback_of_another_type: ["returns a Count, not a Text", "the same model, or one derived from it"],
    fallback_twice: ["'instead' cannot be the fallback of 'b'", "with another task id"],
    fallback_of_itself: ["'a' cannot be the fallback of 'b'"],
    two_fallbacks: ["'a' has the fallback 'b' already", "b.fallback(c)"],
    optional_fallback: ["'b' is optional and the fallback of 'a'", "make 'a' optional"],
    fallback_used_itself: ["'instead' is used, but it is the fallback of 'a'", "use 'a'"],
    after_a_fallback: ["'instead' is used, but it is the fallback of 'a'", "use 'a'"],
    fallback_that_is_no_task: ["which is no task", "pass what the call of an agent returned"],
    optional_to_strict: ["is optional", "Text | TaskFailure"],
    foreign_result: ["belongs to workflow 'other'", "'book'"],
    condition: ["used as a condition", "hand it to an agent"],
    field: ["by its field 'text'"],
    comparison: ["the workflow input 'times' is used in a comparison"],
    id_with_a_line_break: ["'my\\ntask'", "U+000A", "use letters"],
    id_not_ascii: ["'überprüfen'", "use letters"],
    id_too_long: ["81 characters", "80"],
    positional_input: ["as its task's id", "by name"],
    bad_retry: ["max_delay", "longer than interval"],
    bad_timeout: ["1:00:00", "at most"],
    raising: ["KeyError", "'b'"],
    tries: ["a 'try' in a workflow function", ".optional()", ".fallback(...)"],
    cleans_up: ["a 'try' in a workflow function"],
    suppresses: ["a task is called inside a 'with'", ".optional()"],
    unused_input: ["never uses its input 'unused'", "remove the parameter"],
    awaits: ["async function", "write 'def'"],
    yields: ["generator", "return"],
    compares_with_none: ["'times' is compared by 'is'", "hand it to an agent"],
    compares_a_result_with_none: ["'second' is compared by 'is'"],
    matches: ["'first' is matched"],
    asks_for_type: ["'first' is given to isinstance()"],
    representation: ["'first' is used as text"],
    text: ["is used as text"],
    forgotten_call: ["'first.optional' does nothing", "task.optional()"],
    asserts: ["used as a condition"],
    loops: ["used in a loop"],
    loops_while: ["used as a condition"],
    looks_inside: ["used in a loop"],
    unites: ["used in arithmetic"],
    keeps_in_it: ["used to keep 'note' in it"],
    enters: ["in a 'with'"],
    copies: ["as something to copy"],
    calls_a_workflow: ["called like a function", "stepweave run inner"],
}


@pytest.mark.parametrize("make", WRONG, ids=lambda make: make.__name__)
def test_a_mistake_is_reported_at_its_line_with_a_remedy(make: Callable[[], Workflow]) -> None:
    with pytest.raises(WorkflowError) as caught:
        compile_workflow(make())
    source, first = inspect.getsourcelines(make)
    here = first + next(number for number, line in enumerate(source) if line.rstrip().endswith("here"))
    assert caught.value.location is not None
    assert caught.value.location.file.endswith("test_workflow.py")
    assert caught.value.location.line == here
    for part in WRONG[make]:
        assert part in str(caught.value)


def test_a_try_in_a_function_that_the_workflow_calls_is_found_too() -> None:
    @workflow()
    def book() -> Text:
        return _placed_in_a_try()

    with pytest.raises(WorkflowError, match="a task is called inside a 'try'") as caught:
        book.trace()
    source, first = inspect.getsourcelines(_placed_in_a_try)
    there = first + next(number for number, line in enumerate(source) if line.rstrip().endswith("there"))
    assert caught.value.location is not None
    assert caught.value.location.line == there


def test_a_refusal_that_is_caught_counts_all_the_same() -> None:
    def looked_into(text: Any) -> None:
        try:
            if text:
                return
        except Exception:  # noqa: BLE001 - what is tested
            return

    @workflow()
    def book() -> Text:
        first = write("first")
        looked_into(first)
        return first

    with pytest.raises(WorkflowError, match="used as a condition"):
        book.trace()


def test_python_that_runs_at_build_time_is_welcome() -> None:
    many: int | None = 3

    def chained(first: object, number: int) -> object:
        return read(f"read_{number}", text=first)

    with contextlib.suppress(KeyError):

        @workflow()
        def book() -> None:
            """Write, then read."""
            with contextlib.nullcontext(many) as count:
                numbers = range(count or 0)
            if many is not None:
                first = write("first")
            [chained(first, number) for number in numbers]
            while numbers:
                numbers = numbers[1:]
                check(f"check_{len(numbers)}", text=first)

        assert len(book.trace().tasks) == 7


def test_an_input_that_only_a_fallback_uses_is_used() -> None:
    @workflow()
    def book(times: int) -> Count:
        return read("a").fallback(read("b", named={}, texts=[], times=times))

    assert [one.name for one in book.trace().inputs] == ["times"]


def test_an_empty_workflow_is_refused() -> None:
    with pytest.raises(WorkflowError, match="has no tasks"):
        compile_workflow(no_tasks())


def test_an_agent_outside_a_workflow_is_refused() -> None:
    with pytest.raises(RuntimeError, match="outside a @workflow function"):
        write()


def _untyped(times) -> Text:  # type: ignore[no-untyped-def]
    return write()


def _unreturned(times: int):  # type: ignore[no-untyped-def]
    return write()


def _variadic(*times: int) -> Text:
    return write()


def _defaulted(times: int = "three") -> Text:  # type: ignore[assignment]
    return write()


def _undefined(times: "Missing") -> Text:  # type: ignore[name-defined]  # noqa: F821
    return write()


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (_untyped, "'times' of workflow '_untyped' has no type"),
        (_unreturned, "does not say what it returns"),
        (_variadic, "name each input"),
        (_defaulted, "has the default 'three': Input should be a valid integer"),
        (_undefined, "not defined"),
    ],
)
def test_a_signature_that_cannot_be_typed_is_refused(function: Callable[..., object], problem: str) -> None:
    with pytest.raises(WorkflowError, match=problem) as caught:
        workflow()(function)
    assert caught.value.location is not None
    assert caught.value.location.line == function.__code__.co_firstlineno


def test_a_wrong_return_is_refused() -> None:
    @workflow()
    def wrong() -> Count:
        return write()

    @workflow()
    def none() -> Count:  # type: ignore[return]
        write()

    @workflow()
    def failing() -> Text:
        return write().optional()

    for book, problem in ((wrong, "declared to return Count"), (none, "returns None"), (failing, "is optional")):
        with pytest.raises(WorkflowError, match=problem):
            book.trace()


@pytest.mark.parametrize("timeout", [timedelta(0), timedelta(milliseconds=1500), timedelta(days=400)])
def test_a_workflow_timeout_is_whole_seconds_up_to_a_year(timeout: timedelta) -> None:
    with pytest.raises(WorkflowError, match="timeout"):

        @workflow(timeout=timeout)
        def book() -> None:
            write()
