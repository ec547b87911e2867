"""Lambda handler of the security scanner."""

from lambdas.repository.checkout import checkout
from lambdas.runtime.agent_handler import agent_handler
from lambdas.runtime.context import TaskContext
from lambdas.security_scanner.contract import ScanInput, SecurityReport, security_scanner
from lambdas.security_scanner.scan import scan


@agent_handler(security_scanner)
def handler(task: ScanInput, _: TaskContext) -> SecurityReport:
    """Report what bandit finds in a repository."""
    with checkout(task.repo) as tree:
        return scan(tree)
