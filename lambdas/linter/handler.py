"""Lambda handler of the linter."""

from lambdas.linter.contract import LintInput, LintReport, linter
from lambdas.linter.lint import lint
from lambdas.linter.ruff_settings import fence
from lambdas.shared.repository.checkout import checkout
from stepweave import TaskContext, agent_handler


@agent_handler(linter)
def handler(task: LintInput, _: TaskContext) -> LintReport:
    """Report what ruff finds in a repository."""
    with checkout(task.repo) as tree:
        fence(tree)
        return lint(tree, isolated=task.isolated)
