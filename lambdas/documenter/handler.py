"""Lambda handler of the documenter."""

from lambdas.documenter.contract import DocumentationInput, DocumentationReport, documenter
from lambdas.documenter.document import document
from lambdas.shared.repository.checkout import checkout
from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.context import TaskContext


@agent_handler(documenter)
def handler(task: DocumentationInput, _: TaskContext) -> DocumentationReport:
    """Report how much of a repository's public API is documented, and outline it."""
    with checkout(task.repo) as tree:
        return document(tree, task.quality)
