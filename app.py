"""The CDK application: ``cdk synth``, ``cdk deploy`` and plain ``python app.py`` all start here."""

import sys

from stepweave.cdk.node import use_packaged_node

use_packaged_node()  # before aws_cdk is imported, which starts Node.js

from stepweave.cdk.application import add_stacks, create_app  # noqa: E402
from stepweave.cdk.dag_deployment import DagDeployment  # noqa: E402
from stepweave.cdk.errors import SynthesisError  # noqa: E402
from stepweave.compiler.compile import compile_workflow  # noqa: E402
from stepweave.functions.replayer.contract import replayer  # noqa: E402
from stepweave.graph.errors import WorkflowError  # noqa: E402
from stepweave.project.catalog import workflows  # noqa: E402


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
