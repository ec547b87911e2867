"""Deal with a dead letter whose messages are locked: they go if it was dealt with, and stay if not."""

from collections.abc import Callable, Sequence

from stepweave.command.dlq.mailbox import Mailbox, Message
from stepweave.command.dlq.result import Result, Verdict
from stepweave.command.explanation import explain


def settle(mailbox: Mailbox, messages: Sequence[Message], act: Callable[[], Result]) -> Result:
    """Deal with a letter, and remove its messages or give them back.

    Parameters
    ----------
    mailbox : Mailbox
        Who holds the messages.
    messages : Sequence[Message]
        All messages that tell of the letter.
    act : Callable[[], Result]
        Deals with it. What it raises means that it did not, and is the reason if it is a known error.
    """
    if not mailbox.keep(messages):
        mailbox.give_back(messages)
        return Result(Verdict.REFUSED, "somebody else is working on it, or took it while others were dealt with")
    try:
        result = act()
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        result = Result(Verdict.REFUSED, known.message)
    if result.verdict is Verdict.REFUSED:
        mailbox.give_back(messages)
    else:
        for message in messages:
            mailbox.remove(message)
    return result
