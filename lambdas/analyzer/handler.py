"""Lambda handler of the analyzer."""

from lambdas.analyzer.analyze import analyze
from lambdas.analyzer.contract import AnalysisInput, QualityReport, analyzer
from lambdas.shared.repository.checkout import checkout
from stepweave import TaskContext, agent_handler


@agent_handler(analyzer)
def handler(task: AnalysisInput, _: TaskContext) -> QualityReport:
    """Report how complex and how maintainable a repository's code is."""
    with checkout(task.repo) as tree:
        return analyze(tree, task.lint)
