"""The functions of the library's own that every deployment needs."""

from collections.abc import Mapping

from constructs import Construct

from stepweave.cdk.admission_function import AdmissionFunction
from stepweave.cdk.bundle import Bundle, Bundler
from stepweave.cdk.dead_letter_function import DeadLetterFunction
from stepweave.cdk.naming import ADMISSION, DEAD_LETTERS
from stepweave.cdk.storage import Storage
from stepweave.project.settings import require_project


class SystemFunctions(Construct):
    """What admits the inputs of executions, and what makes dead letters of those that failed: once in a deployment.

    Parameters
    ----------
    storage : Storage
        Where payloads, idempotency records and breakers are.
    bundler : Bundler | None
        What makes their bundles; what makes those of the current folder's project, if not given.

    Attributes
    ----------
    admission : AdmissionFunction
    dead_letters : DeadLetterFunction

    Raises
    ------
    SynthesisError
        If a bundle cannot be made.

    Example
    -------
    >>> system = SystemFunctions(stack, "System", storage=storage)  # doctest: +SKIP
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, storage: Storage, bundler: Bundler | None = None
    ) -> None:
        super().__init__(scope, construct_id)
        bundler = bundler or Bundler.of(require_project(), storage.settings)
        bundles: Mapping[str, Bundle] = bundler.bundle_all([ADMISSION, DEAD_LETTERS])
        self.admission = AdmissionFunction(self, "SystemAdmission", bundle=bundles[ADMISSION], storage=storage)
        self.dead_letters = DeadLetterFunction(self, "SystemDeadLetters", bundle=bundles[DEAD_LETTERS], storage=storage)
