"""The place whose state a person wants to look at or change, as it is: nothing is started or deployed for that."""

from stepweave.command.errors import CommandError
from stepweave.command.project import project_names
from stepweave.command.target.open_target import OpenTarget, at_local_endpoint
from stepweave.command.target.running_daemon import daemon_endpoint
from stepweave.command.target.target import Place, choose_target, deployed_on_aws, user_session


def deployed_target(endpoint_url: str | None, *, local: bool, environment: str | None = None) -> OpenTarget:
    """Find the place: the endpoint that was given, else AWS if the stacks are there, else the local cloud that is up.

    Parameters
    ----------
    endpoint_url : str | None
        What the user asked for.
    local : bool
        Whether the user asked for this machine.
    environment : str | None
        The environment that the user asked for.

    Raises
    ------
    CommandError
        If there is none.
    """
    names = project_names(environment)
    target = choose_target(
        endpoint_url, local=local, daemon=daemon_endpoint, aws=lambda: deployed_on_aws(names), user=user_session
    )
    if target.place is Place.IN_PROCESS:
        raise CommandError(
            "there is nothing to look at: no local cloud is up" + ("" if local else ", and AWS has no stacks of ours"),
            "start a local cloud that stays (stepweave local up), or deploy to AWS (make deploy)",
        )
    if target.session is not None:
        return OpenTarget(target.session, target.endpoint_url, local=False, names=names)
    return at_local_endpoint(target.endpoint_url or "", names=names)
