"""The decorator that makes a workflow of a Python function."""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NoReturn, TypeAlias

from stepweave.contract.calls import recording
from stepweave.contract.function_name import check_function_name
from stepweave.contract.option_checks import check_number, check_whole_seconds
from stepweave.graph.arguments import inputs_in
from stepweave.graph.dag import MAX_TOLERANCE, TOLERANCE, Dag, Task
from stepweave.graph.errors import WorkflowError
from stepweave.graph.location import SourceLocation
from stepweave.language.call_site import call_site, shown
from stepweave.language.inputs import read_signature
from stepweave.language.placeholder import check_own
from stepweave.language.source_check import check_source
from stepweave.language.task import TaskHandle, check_used_itself
from stepweave.language.trace import Trace
from stepweave.language.types import accepts, accepts_failure, type_name

MAX_NAME = 48
"""A state machine is called ``stepweave-NAME``, one of a nested execution more than that; AWS takes 80 characters."""

Summarize: TypeAlias = Callable[[Any], Iterable[tuple[str, str]]]
"""Makes of a workflow's output what a person reads: pairs of label and text, a line each."""

_NAME = re.compile(rf"[A-Za-z0-9-]{{1,{MAX_NAME}}}")
_MAX_TIMEOUT_SECONDS = 365 * 24 * 3600


class Workflow:
    """A workflow: a function whose calls of agents are the tasks, and whose data flow is the graph.

    Parameters
    ----------
    function : Callable
        The author's function. It runs once, at build time, on placeholders.
    timeout : timedelta
        How long an execution may take, whole seconds.
    tolerance : float
        How much longer than its critical path it may be expected to take for the sake of fewer transitions.
    summary : str | Summarize | None
        What makes of its output what ``stepweave run`` shows; a text names it as ``module:function``.
    """

    def __init__(
        self,
        function: Callable[..., object],
        timeout: timedelta,
        tolerance: float = TOLERANCE,
        summary: str | Summarize | None = None,
    ) -> None:
        self.function = function
        self.timeout = timeout
        self.tolerance = tolerance
        self.summary = summary
        self.name = function.__name__.replace("_", "-")
        self.location = SourceLocation(shown(function.__code__.co_filename), function.__code__.co_firstlineno)
        self.inputs, self.output = read_signature(function, self.location)
        self._check_options()
        self._check_summary()

    @property
    def description(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def module(self) -> str:
        """The module that defines the function."""
        return self.function.__module__

    def trace(self) -> Dag:
        """Run the function on placeholders and return its graph.

        Raises
        ------
        WorkflowError
            If the function uses the language wrongly or fails.
        """
        check_source(self.function)
        trace = Trace(self.name)
        placeholders = {field.name: trace.input(field) for field in self.inputs}
        with recording(trace):
            try:
                returned = self.function(**placeholders)
            except WorkflowError:
                raise
            except Exception as error:
                raise self._failure(error) from error
        tasks = trace.tasks()
        self._check_inputs_used(tasks)
        return Dag(
            name=self.name,
            description=self.description,
            inputs=tuple(field.declared() for field in self.inputs),
            tasks=tasks,
            result=self._result(trace, returned),
            timeout=self.timeout,
            tolerance=self.tolerance,
        )

    def _failure(self, error: Exception) -> WorkflowError:
        """Say where in the author's source the function failed."""
        own = [
            SourceLocation(shown(frame.filename), frame.lineno or self.location.line)
            for frame in traceback.extract_tb(error.__traceback__)
            if shown(frame.filename) == self.location.file
        ]
        remedy = ""
        if isinstance(error, NameError):
            remedy = "if it is an agent, import it from its contract: from lambdas.<agent>.contract import <agent>"
        return WorkflowError(
            f"{type(error).__name__} while workflow {self.name!r} was built: {error}",
            own[-1] if own else self.location,
            remedy,
        )

    def _result(self, trace: Trace, returned: object) -> str | None:
        if returned is None and self.output in (None, type(None)):
            return None
        if not isinstance(returned, TaskHandle):
            raise WorkflowError(
                f"workflow {self.name!r} returns {returned!r}",
                self.location,
                f"return the result of the task that makes its {type_name(self.output)}, or annotate it '-> None'",
            )
        check_own(trace, returned, self.location)
        record = returned._record  # noqa: SLF001 - the trace made it
        check_used_itself(record, self.location)
        if not accepts(self.output, record.agent.output):
            raise WorkflowError(
                f"workflow {self.name!r} returns {returned!r}, a {type_name(record.agent.output)}, but is declared to "
                f"return {type_name(self.output)}",
                self.location,
                "return another task, or change the annotation",
            )
        if record.optional and not accepts_failure(self.output):
            raise WorkflowError(
                f"workflow {self.name!r} returns {returned!r}, which is optional and may have no result",
                self.location,
                f"annotate it '-> {type_name(self.output)} | TaskFailure', or do not make the task optional",
            )
        return record.id

    def _check_inputs_used(self, tasks: tuple[Task, ...]) -> None:
        arguments = (argument for task in tasks for one in task.alternatives for _, argument in one.arguments)
        used = {name for argument in arguments for name in inputs_in(argument)}
        for field in self.inputs:
            if field.name not in used:
                raise WorkflowError(
                    f"workflow {self.name!r} never uses its input {field.name!r}",
                    self.location,
                    "hand it to an agent, or remove the parameter: who starts an execution would have to give it for "
                    "nothing",
                )

    def _check_options(self) -> None:
        try:
            check_whole_seconds(f"workflow {self.name!r}: timeout", self.timeout, 1, _MAX_TIMEOUT_SECONDS)
            check_number(f"workflow {self.name!r}: tolerance", self.tolerance, 0, MAX_TOLERANCE)
        except (TypeError, ValueError) as error:
            raise WorkflowError(
                str(error),
                self.location,
                "correct it in @workflow(...): the timeout is a timedelta of at most 365 days, and a tolerance of 0.02 "
                "allows two hundredths more than the critical path",
            ) from error
        if not _NAME.fullmatch(self.name):
            raise WorkflowError(
                f"workflow {self.name!r} has a name that its state machine cannot have",
                self.location,
                f"name the function with at most {MAX_NAME} ASCII letters, digits and underscores",
            )

    def _check_summary(self) -> None:
        remedy = "name a function of the output as 'module:function', or give the function"
        if isinstance(self.summary, str):
            try:
                check_function_name(self.summary)
            except ValueError:
                raise WorkflowError(
                    f"workflow {self.name!r} has the summary {self.summary!r}", self.location, remedy
                ) from None
        elif self.summary is not None and not callable(self.summary):
            raise WorkflowError(f"workflow {self.name!r} has the summary {self.summary!r}", self.location, remedy)

    def __call__(self, *_args: object, **_inputs: object) -> NoReturn:
        """Refuse to be called: a workflow runs on Step Functions."""
        raise WorkflowError(
            f"workflow {self.name!r} is called like a function",
            call_site(),
            f"run it with 'stepweave run {self.name}'",
        )

    def __repr__(self) -> str:
        return f"<workflow {self.name}>"


def workflow(
    *,
    timeout: timedelta = timedelta(hours=1),
    tolerance: float = TOLERANCE,
    summary: str | Summarize | None = None,
) -> Callable[[Callable[..., object]], Workflow]:
    """Make a workflow of a function.

    Parameters
    ----------
    timeout : timedelta
        How long an execution may take: whole seconds, at most 365 days.
    tolerance : float
        How much longer than its critical path it may be expected to take for the sake of fewer transitions: 0.02 is
        two hundredths. It counts only where the durations of tasks are known.
    summary : str | Summarize | None
        What ``stepweave run`` shows of the output instead of its JSON: a function that is given the output, as its type
        has it, and returns pairs of label and text. A label that ends in ``failed`` is shown in red. Named by text,
        ``module:function``, it is imported only for that.

    Example
    -------
    >>> @workflow(timeout=timedelta(minutes=15))  # doctest: +SKIP
    ... def word_count(texts: Texts) -> Published:
    ...     text = reader("read", texts=texts)
    ...     return publisher("publish", words=counter("count_words", text=text))
    """
    if callable(timeout):
        raise WorkflowError("@workflow is used without parentheses", call_site(), "write @workflow()")
    return lambda function: Workflow(function, timeout, tolerance, summary)
