"""Bring back what failed, once: whoever asks, how often, and at the same time."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stepweave.command.dlq.letter import FailedExecution, FailedInvocation, Letter
from stepweave.command.dlq.mailbox import Mailbox, Message
from stepweave.command.dlq.prospect import Prospect, Way, examine
from stepweave.command.dlq.result import Result, Verdict
from stepweave.command.dlq.settlement import settle
from stepweave.command.errors import CommandError
from stepweave.command.run.reports import resolve_references
from stepweave.command.target.open_target import OpenTarget
from stepweave.contract.reference import REFERENCE_KEY

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_stepfunctions.client import SFNClient


class Redriver:
    """Redrives letters, and removes the messages of those that were accepted.

    Two who do it at once redrive once. A message is locked while it is worked on. Should there be two of one failure,
    Step Functions takes both requests for one: they bear the same token, or start an execution of the same name.

    Parameters
    ----------
    opened : OpenTarget
        Where the letters are.
    mailbox : Mailbox
        Who holds their messages.
    """

    def __init__(self, opened: OpenTarget, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._stepfunctions: SFNClient = opened.client("stepfunctions")
        self._lambda: LambdaClient = opened.client("lambda")
        self._s3: S3Client = opened.client("s3")

    def redrive(self, letter: Letter, messages: Sequence[Message]) -> Result:
        """Redrive a letter.

        Parameters
        ----------
        letter : Letter
            What failed.
        messages : Sequence[Message]
            All messages that tell of it. They are removed if the redrive is accepted, else given back.
        """
        return settle(self._mailbox, messages, lambda: self._act(letter))

    def _act(self, letter: Letter) -> Result:
        match letter:
            case FailedExecution():
                return self._redrive_execution(letter)
            case FailedInvocation():
                return self._invoke(letter)
            case _:
                return Result(Verdict.REFUSED, "it is no message of ours; look at it with `dlq show`")

    def _redrive_execution(self, failed: FailedExecution) -> Result:
        arn = failed.letter.execution
        prospect = examine(self._stepfunctions, failed)
        if prospect.way is Way.REDRIVE:
            try:
                self._stepfunctions.redrive_execution(executionArn=arn, clientToken=failed.token)
            except self._stepfunctions.exceptions.ExecutionNotRedrivable as error:
                # Somebody was faster, by another way than this command; or its fourteen days ended just now.
                prospect = examine(self._stepfunctions, failed)
                if prospect.way is Way.REDRIVE:
                    return Result(Verdict.REFUSED, str(error))
            else:
                return Result(Verdict.REDRIVEN, "runs on from where it failed", arn)
        match prospect.way:
            case Way.OVER:
                return Result(Verdict.REMOVED, prospect.why)
            case Way.NEW:
                return self._start(failed, prospect)
            case _:
                return Result(Verdict.REFUSED, prospect.why)

    def _start(self, failed: FailedExecution, prospect: Prospect) -> Result:
        text = prospect.input if prospect.input is not None else self._input(failed)
        try:
            started = self._stepfunctions.start_execution(
                stateMachineArn=failed.letter.state_machine, name=prospect.new_name, input=text
            )
        except self._stepfunctions.exceptions.ExecutionAlreadyExists:
            # By somebody else, or by this very request if the answer to a first one was lost.
            return Result(Verdict.REMOVED, f"{prospect.new_name} has been started in its place")
        except self._stepfunctions.exceptions.StateMachineDoesNotExist:
            return Result(Verdict.REFUSED, f"its state machine is gone: deploy {failed.owner} again first")
        how = "with the results that are stored" if prospect.reuses else "from its beginning: the name got too long"
        return Result(
            Verdict.REDRIVEN,
            f"started {prospect.new_name} {how} ({prospect.why})",
            started["executionArn"],
        )

    def _input(self, failed: FailedExecution) -> str:
        value = failed.letter.input
        if value is None and not failed.examined:
            raise CommandError("its input was too large for the event, and Step Functions has forgotten the execution")
        if isinstance(value, dict) and set(value) == {REFERENCE_KEY}:
            value = resolve_references(self._s3, value)
        return json.dumps(value)

    def _invoke(self, failed: FailedInvocation) -> Result:
        try:
            self._lambda.invoke(
                FunctionName=failed.function, InvocationType="Event", Payload=failed.payload.encode("utf-8")
            )
        except self._lambda.exceptions.ResourceNotFoundException:
            return Result(Verdict.REFUSED, f"there is no function {failed.owner} any more")
        return Result(Verdict.REDRIVEN, f"invoked {failed.owner} again")
