"""Finds statements of roles that nothing needs, by replaying what was decided.

A local cloud that is started with ``STEPWEAVE_LOCAL_PERMISSIONS_LOG`` writes into that folder, when it stops, for each
statement of each role of its stacks whether anything that was allowed would have been refused without it.
``python -m stepweave.local_cloud.permissions.replay FOLDER [REASONS]`` reads what many of them wrote, and lists the
statements that none of them needed and for which no reason is given.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from stepweave.local_cloud.permissions.callers import RoleSession
from stepweave.local_cloud.permissions.evaluation import Policies, Request, evaluate
from stepweave.local_cloud.permissions.policy import policy_of

LOG_VARIABLE: Final = "STEPWEAVE_LOCAL_PERMISSIONS_LOG"
_SUFFIX: Final = re.compile(r"-[0-9A-Za-z]{12}$")
_DEFAULT: Final = "DefaultPolicy"  # the CDK's own, whose name begins with that of its role
_HASH: Final = re.compile(r"[0-9A-F]{8}$")

Decided = Iterable[tuple[Request, Policies]]


@dataclass(frozen=True)
class StatementUse:
    """A statement of a role, and what needed it.

    Attributes
    ----------
    role : str
        The role's name, without what CloudFormation made unique of it.
    policy : str
        The policy's name.
    index : int
        Which of its statements.
    actions : tuple of str
        Its actions.
    needed : tuple of str
        Of the actions that were asked for, those that would have been refused without the statement.
    """

    role: str
    policy: str
    index: int
    actions: tuple[str, ...]
    needed: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, int]:
        """What it is known by."""
        return self.role, self.policy, self.index

    def __str__(self) -> str:
        return f"{self.role} / {self.policy} / {self.index}: {', '.join(self.actions)}"


def statement_uses(decided: Decided, roles: Mapping[str, Mapping[str, str]]) -> list[StatementUse]:
    """Replay what was decided for each role, with each of its statements taken out.

    Parameters
    ----------
    decided
        What was allowed, and the policies that decided it.
    roles
        The documents of roles, by the names of their policies, by the roles' ARNs.
    """
    by_role: dict[str, list[tuple[Request, Policies]]] = {}
    for request, policies in decided:
        if isinstance(request.caller, RoleSession):
            by_role.setdefault(request.caller.role_arn, []).append((request, policies))
    uses = []
    for arn, documents in roles.items():
        for name, document in documents.items():
            policy = policy_of(document, name)
            for index, statement in enumerate(policy.statements):
                needed = {
                    request.action.lower()
                    for request, policies in by_role.get(arn, ())
                    if policy in policies.identity
                    and not evaluate(request, policies.without(policy, statement)).is_allowed
                }
                role = stable_name(arn.rpartition("/")[2])
                uses.append(
                    StatementUse(role, stable_name(name), index, statement.actions.patterns, tuple(sorted(needed)))
                )
    return uses


def stable_name(name: str) -> str:
    """Return a name without what CloudFormation and the CDK made unique of it.

    Example
    -------
    >>> stable_name("Agents-ReaderRole07D5A14E-9OXJOOBJH0DF")
    'Agents-ReaderRole'
    >>> stable_name("ReaderRoleDefaultPolicyE2A1C3B4")
    'DefaultPolicy'
    """
    stable = _HASH.sub("", _SUFFIX.sub("", name))
    return _DEFAULT if stable.endswith(_DEFAULT) else stable


def write_uses(uses: Iterable[StatementUse], folder: Path) -> None:
    """Write what one local cloud has learnt."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{uuid.uuid4()}.json").write_text(json.dumps([asdict(use) for use in uses]))


def read_uses(folder: Path) -> list[StatementUse]:
    """Read what all local clouds have learnt, each statement once."""
    found: dict[tuple[str, str, int], StatementUse] = {}
    for file in sorted(folder.glob("*.json")):
        for fields in json.loads(file.read_text()):
            use = StatementUse(**{**fields, "actions": tuple(fields["actions"]), "needed": tuple(fields["needed"])})
            known = found.get(use.key, use)
            actions, needed = {*known.actions, *use.actions}, {*known.needed, *use.needed}
            found[use.key] = replace(use, actions=tuple(sorted(actions)), needed=tuple(sorted(needed)))
    return sorted(found.values(), key=lambda use: use.key)


@dataclass(frozen=True)
class Expectations:
    """What is known of statements before. All patterns may have wildcards.

    Attributes
    ----------
    reasons : mapping
        Why a statement may be there although nothing here needs it, by ``role / policy``.
    alike : tuple of str
        Roles that one construct makes, for each agent or workflow: what one of them needs, the others may have.
    alone : tuple of str
        Roles that are not, although they are called like these.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    alike: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()

    def group(self, use: StatementUse) -> object:
        """Return what a statement has in common with those that are judged together with it."""
        patterns = () if any(fnmatchcase(use.role, each) for each in self.alone) else self.alike
        role = next((each for each in patterns if fnmatchcase(use.role, each)), use.role)
        return role, use.policy, use.actions if role != use.role else use.index

    def has_reason(self, use: StatementUse) -> bool:
        """Tell whether a statement may be there although nothing needs it."""
        return any(fnmatchcase(f"{use.role} / {use.policy}", pattern) for pattern in self.reasons)


def unneeded(uses: Iterable[StatementUse], expected: Expectations) -> list[StatementUse]:
    """Return the statements that nothing needed and for which no reason is given, one of those that are alike."""
    groups: dict[object, list[StatementUse]] = {}
    for use in uses:
        groups.setdefault(expected.group(use), []).append(use)
    return [group[0] for group in groups.values() if not any(use.needed or expected.has_reason(use) for use in group)]


def main(arguments: list[str]) -> int:
    """List the statements that nothing needed."""
    folder, *files = map(Path, arguments)
    given: dict[str, Any] = json.loads(files[0].read_text()) if files else {}
    expected = Expectations(given.get("reasons", {}), tuple(given.get("alike", ())), tuple(given.get("alone", ())))
    uses = read_uses(folder)
    found = unneeded(uses, expected)
    for use in found:
        sys.stdout.write(f"nothing needs {use}\n")
    sys.stdout.write(f"{len(uses)} statements of roles, {len(found)} of which nothing needs\n")
    return 1 if found or not uses else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
