"""Lambda handler of the security scanner."""

from lambdas.security_scanner.contract import ScanInput, SecurityReport, security_scanner
from lambdas.security_scanner.scan import scan
from lambdas.shared.repository.checkout import checkout
from stepweave import TaskContext, agent_handler


@agent_handler(security_scanner)
def handler(task: ScanInput, _: TaskContext) -> SecurityReport:
    """Report what bandit finds in a repository."""
    with checkout(task.repo) as tree:
        return scan(tree, isolated=task.isolated)
