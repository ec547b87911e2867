"""The place whose state a person wants to look at or change, as it is: nothing is started or deployed for that."""

from stepweave.cdk.project_names import project_names
from stepweave.command.errors import CommandError
from stepweave.command.target.choice import TargetChoice, target_choice
from stepweave.command.target.open_target import OpenTarget, at_local_endpoint, at_remote_target
from stepweave.command.target.running_daemon import daemon_endpoint
from stepweave.command.target.target import Place, aws_session, choose_target, user_session


def deployed_target(endpoint_url: str | None, *, aws: bool, local: bool, environment: str | None = None) -> OpenTarget:
    """Find the place that the options of a subcommand name: see `target_choice`.

    Parameters
    ----------
    endpoint_url : str | None
        The value of ``--endpoint-url``.
    aws, local : bool
        Whether ``--aws`` and ``--local`` are given.
    environment : str | None
        The value of ``--environment``.

    Raises
    ------
    CommandError
        If there is none.
    """
    return chosen_target(target_choice(endpoint_url, aws=aws, local=local, environment=environment))


def chosen_target(choice: TargetChoice) -> OpenTarget:
    """Find the place that a person has chosen.

    Raises
    ------
    CommandError
        If there is none.
    """
    names = project_names(choice.environment)
    target = choose_target(choice, daemon=daemon_endpoint, aws=aws_session, user=user_session)
    if target.place is Place.OWN:
        raise CommandError(
            "there is nothing to look at: no local cloud is up",
            "start one that stays (stepweave local up), or look at AWS (--aws)",
        )
    if target.session is not None:
        return at_remote_target(target, target.session, names)
    return at_local_endpoint(target.endpoint_url or "", names=names)
