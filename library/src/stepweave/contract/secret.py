"""A secret that an agent reads at run time, and where it is kept."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from stepweave.contract.option_checks import check_choice, check_text

Store = Literal["secrets-manager", "parameter-store"]

_STORES: Final = ("secrets-manager", "parameter-store")
_NAMES: Final = {
    "secrets-manager": re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}"),
    "parameter-store": re.compile(r"[A-Za-z0-9_.-]{1,1011}|(/[A-Za-z0-9_.-]+){1,15}"),
}
_KEY: Final = re.compile(
    r"arn:(aws[a-z-]*|\$\{AWS::Partition\}):kms:([a-z0-9-]+|\$\{AWS::Region\}):(\d{12}|\$\{AWS::AccountId\})"
    r":key/[A-Za-z0-9-]+"
)


@dataclass(frozen=True)
class Secret:
    """A secret of AWS Secrets Manager, or a parameter of the Parameter Store of AWS Systems Manager.

    Where a contract takes a secret, its name alone will do: one that begins with a slash is a parameter's.

    Parameters
    ----------
    name : str
        Its name, without the six characters that Secrets Manager appends in the ARN.
    store : {"secrets-manager", "parameter-store"}
        Where it is kept.
    key_arn : str | None
        The KMS key that encrypts it, if that is one of your own: the agent may decrypt with it then, through that
        service alone. ``${AWS::Partition}``, ``${AWS::Region}`` and ``${AWS::AccountId}`` stand for those of the
        deployment.

    Raises
    ------
    TypeError
        If an option is of another type.
    ValueError
        If AWS takes no such name, or the key is no ARN of a key.

    Example
    -------
    >>> Secret.of("/claims/mail-password").store
    'parameter-store'
    >>> Secret("claims/payer").arn
    'arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:claims/payer-??????'
    """

    name: str
    store: Store = "secrets-manager"
    key_arn: str | None = None

    def __post_init__(self) -> None:
        check_text("secret: name", self.name)
        check_choice("secret: store", self.store, _STORES)
        if not _NAMES[self.store].fullmatch(self.name):
            raise ValueError(
                f"secret: name {self.name!r} is no name in the {self.store}: use letters, digits and ._-/ as there, "
                "and no ARN"
            )
        if self.key_arn is not None:
            check_text("secret: key_arn", self.key_arn)
            if not _KEY.fullmatch(self.key_arn):
                raise ValueError(
                    f"secret: key_arn {self.key_arn!r} must be the ARN of a key (not of an alias), as in "
                    "'arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/1234abcd-...'"
                )

    @classmethod
    def of(cls, secret: "str | Secret") -> "Secret":
        """Return the secret that a contract means by a name, or that very secret."""
        if isinstance(secret, Secret):
            return secret
        return cls(secret, "parameter-store" if secret.startswith("/") else "secrets-manager")

    @property
    def is_parameter(self) -> bool:
        """Whether it is kept in the Parameter Store."""
        return self.store == "parameter-store"

    @property
    def arn(self) -> str:
        """The ARN, as a policy has it; in that of Secrets Manager ``?`` stands for each character that it chooses."""
        where = "${AWS::Region}:${AWS::AccountId}"
        if self.is_parameter:
            return f"arn:${{AWS::Partition}}:ssm:{where}:parameter/{self.name.removeprefix('/')}"
        return f"arn:${{AWS::Partition}}:secretsmanager:{where}:secret:{self.name}-??????"
