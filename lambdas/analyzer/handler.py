"""Lambda handler of the analyzer."""

from lambdas.analyzer.analyze import analyze
from lambdas.analyzer.contract import AnalysisInput, QualityReport, analyzer
from lambdas.shared.repository.checkout import checkout
from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.context import TaskContext


@agent_handler(analyzer)
def handler(task: AnalysisInput, _: TaskContext) -> QualityReport:
    """Report how complex and how maintainable a repository's code is."""
    with checkout(task.repo) as tree:
        return analyze(tree, task.lint)
