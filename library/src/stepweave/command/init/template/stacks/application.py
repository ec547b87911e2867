"""What this project deploys beside what Stepweave makes of its workflows and agents."""

from stepweave.cdk import Deployment


def customize(deployment: Deployment) -> None:
    """Change what is deployed, before the templates are written.

    Parameters
    ----------
    deployment : Deployment
        The functions of the agents, the state machines of the workflows, and what both store. For example
        ``deployment.agent("greeter").function`` is the CDK's own function.
    """
