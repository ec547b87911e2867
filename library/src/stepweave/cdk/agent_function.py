"""One agent in AWS: its function, its logs, its queue of failed invocations, and its role."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from stepweave.cdk.agent_permissions import filled_in
from stepweave.cdk.agent_role import AgentRole
from stepweave.cdk.bundle import Bundler
from stepweave.cdk.bundled_function import BundledFunction, FunctionNetwork, FunctionShape
from stepweave.cdk.function_code import FunctionCode, built_image_code, bundle_code, stored_image_code
from stepweave.cdk.storage import Storage
from stepweave.contract.agent import Agent
from stepweave.contract.function_options import is_image_uri
from stepweave.project.settings import require_project


class AgentFunction(BundledFunction):
    """The Lambda function of an agent, set up as the agent's contract says.

    Where functions run locally, they have no layers, no images and no networks, since none of these is there.

    Parameters
    ----------
    agent : Agent
        The agent's contract.
    storage : Storage
        Where payloads, idempotency records, gates and breakers are.
    bundler : Bundler | None
        What makes its bundle; what makes those of the current folder's project, if not given.
    log_group : logs.ILogGroup | None
        A log of yours that it writes to; one of its own if None.
    vpc : ec2.IVpc | None
        A network of yours that it is attached to, in place of one that the contract names.
    security_groups : Sequence[ec2.ISecurityGroup]
        Its security groups there; one of its own if none is given.

    Attributes
    ----------
    agent : Agent
    function : lambda_.Function
    live : lambda_.Alias
        What state machines call.
    log_group : logs.ILogGroup
    invocations : sqs.Queue
        The asynchronous invocations that failed for good.

    Raises
    ------
    SynthesisError
        If the agent cannot be bundled, or no setting names the network that its contract leaves to the settings.

    Example
    -------
    >>> payer = AgentFunction(stack, "Payer", agent=payer_contract, storage=storage, vpc=vpc)  # doctest: +SKIP
    >>> ledger.grant_read_write_data(payer.function)  # doctest: +SKIP
    """

    def __init__(  # noqa: PLR0913
        self,
        scope: Construct,
        construct_id: str,
        *,
        agent: Agent[Any, Any],
        storage: Storage,
        bundler: Bundler | None = None,
        log_group: logs.ILogGroup | None = None,
        vpc: ec2.IVpc | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] = (),
    ) -> None:
        settings = storage.settings
        network = FunctionNetwork()
        if not settings.runs_locally and vpc is not None:
            network = FunctionNetwork(vpc=vpc, security_groups=security_groups)
        elif not settings.runs_locally and agent.vpc is not None:
            network = FunctionNetwork(ids=settings.network(agent.name, agent.vpc))
        environment = {"STEPWEAVE_GATES_TABLE": storage.gates_table.table_name}
        if agent.breaker is not None:
            environment["STEPWEAVE_BREAKERS_TABLE"] = storage.breakers_table.table_name
            environment["STEPWEAVE_EVENT_BUS"] = storage.event_bus.event_bus_name
        super().__init__(
            scope,
            construct_id,
            shape=FunctionShape(
                folder=agent.name,
                description=f"Stepweave agent {agent.name}",
                timeout=agent.timeout,
                memory_mb=agent.memory_mb,
                ephemeral_storage_mb=agent.ephemeral_storage_mb,
                reserved_concurrency=agent.reserved_concurrency,
                provisioned_concurrency=agent.provisioned_concurrency,
                platform=settings.platform(agent.architecture),
                log_level=agent.log_level,
                layers=() if settings.runs_locally else tuple(filled_in(layer) for layer in agent.layers),
            ),
            code=_code(scope, agent, storage, bundler or Bundler.of(require_project(), settings)),
            role=lambda function, log: AgentRole(
                function, "Role", agent=agent, log_group=log, storage=storage, in_network=network.is_any
            ),
            storage=storage,
            environment={**agent.environment, **environment},
            log_group=log_group,
            network=network,
        )
        self.agent = agent


def is_bundled(agent: Agent[Any, Any], *, runs_locally: bool) -> bool:
    """Tell whether an agent's function needs a bundle: all do but those whose image is there already."""
    return runs_locally or agent.image is None or not is_image_uri(agent.image)


def _code(scope: Construct, agent: Agent[Any, Any], storage: Storage, bundler: Bundler) -> FunctionCode:
    settings = storage.settings
    if agent.image is not None and not is_bundled(agent, runs_locally=settings.runs_locally):
        return stored_image_code(scope, agent.image, bundler.handler(agent.name))
    if agent.architecture is not None:
        bundler = bundler.built_for(settings.platform(agent.architecture))
    bundle = bundler.bundle(agent.name)
    if agent.image is None or settings.runs_locally:
        return bundle_code(bundle, settings.python)
    return built_image_code(bundler.project.root / agent.image, bundle, settings.platform(agent.architecture))
