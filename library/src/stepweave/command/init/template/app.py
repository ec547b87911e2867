"""The CDK application: ``cdk synth``, ``cdk deploy`` and plain ``python app.py`` all start here."""

import sys

from stepweave.cdk.application import add_stacks, create_app
from stepweave.cdk.dag_deployment import DagDeployment
from stepweave.cdk.errors import SynthesisError
from stepweave.compiler.compile import compile_workflow
from stepweave.functions.replayer.contract import replayer
from stepweave.graph.errors import WorkflowError
from stepweave.project.catalog import workflows


def main() -> None:
    """Write the cloud assembly of all workflows, and of the DAG file that the context names."""
    try:
        app = create_app()
        compiled = [compile_workflow(workflow) for workflow in workflows().values()]
        dag = DagDeployment.from_context(app.node.try_get_context)
        add_stacks(app, compiled, dag=None if dag is None else dag.compile(), kept=[replayer])
    except (SynthesisError, WorkflowError) as error:
        sys.exit(f"app.py: {error}")
    app.synth()


if __name__ == "__main__":
    main()
