"""Lambda handler of the tester."""

from lambdas.shared.repository.checkout import checkout
from lambdas.tester.contract import ReachInput, ReachReport, tester
from lambdas.tester.reach import reach
from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.context import TaskContext


@agent_handler(tester)
def handler(task: ReachInput, _: TaskContext) -> ReachReport:
    """Report what a repository's tests reach."""
    with checkout(task.repo) as tree:
        return reach(tree)
