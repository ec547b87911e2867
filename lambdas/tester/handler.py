"""Lambda handler of the tester."""

from lambdas.repository.checkout import checkout
from lambdas.runtime.agent_handler import agent_handler
from lambdas.runtime.context import TaskContext
from lambdas.tester.contract import ReachInput, ReachReport, tester
from lambdas.tester.reach import reach


@agent_handler(tester)
def handler(task: ReachInput, _: TaskContext) -> ReachReport:
    """Report what a repository's tests reach."""
    with checkout(task.repo) as tree:
        return reach(tree)
