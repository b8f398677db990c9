"""Roles in words: as a line of code for the adapter, as a list, as a note."""

import json
from collections.abc import Sequence

from gradcheck_rnn.analytic.roles import Roles
from gradcheck_rnn.findings import Finding


def inferred_roles(roles: Roles, keys: Sequence[str] = (), *, by_loss: bool) -> tuple[Finding, ...]:
    """Note what the user's names are taken for, where they are not the described ones, and what `keys` were taken."""
    renamed = list_renamed(roles)
    if not renamed and not keys:
        return ()
    why = "your loss is the described one under them" if by_loss else "by names and shapes alone"
    taken = [f"your names are taken for: {renamed}"] if renamed else []
    taken += [f"your net is taken for one of {joined_keys(keys)}"] if keys else []
    mending = [f"{as_code(roles)} in the adapter"] if renamed else []
    mending += [f"{joined_keys(keys)} in the configuration"] if keys else []
    finding = Finding(
        kind="inferred-roles",
        term="parameters",
        message=f"{', and '.join(taken)} ({why})",
        help=f"{', '.join(mending)} {'say' if len(mending) > 1 else 'says'} so for good",
        parameters=tuple(roles.described),
        evidence={"roles": _declared(roles), "keys": list(keys), "confirmed_by_loss": by_loss},
    )
    return (finding,)


def convention_of_gradients(keys: Sequence[str]) -> Finding:
    """Note the conventions that were taken because the user's gradients are of them."""
    return Finding(
        kind="inferred-roles",
        term="model",
        message=f"{joined_keys(keys)} inferred: from your gradients, for there is no loss",
        help=f"{joined_keys(keys)} in the configuration {'say' if len(keys) > 1 else 'says'} so for good",
        evidence={"keys": list(keys), "confirmed_by_loss": False},
    )


def untold_convention(tied: Sequence[Sequence[str]], elsewhere: Sequence[str]) -> Finding:
    """Note conventions that nothing tells: `tied` are the keys of those that agree equally, or equally little.

    `elsewhere` are keys under which the user's gradients would agree, though the configuration states others.
    """
    open_keys = list(dict.fromkeys(key.partition(":")[0] for keys in tied for key in keys))
    message = f"your gradients do not tell {joined_keys(open_keys)}, and there is no loss that would"
    help_text = f"state {joined_keys(open_keys)} in the configuration: right code of another convention looks wrong"
    if elsewhere:
        help_text = f"{joined_keys(elsewhere)} would describe your gradients"
    return Finding(
        kind="inferred-roles",
        term="model",
        message=message,
        help=help_text,
        evidence={"keys": open_keys, "would_agree": list(elsewhere)},
    )


def as_code(roles: Roles) -> str:
    """Return the ROLES that an adapter would declare."""
    return f"ROLES = {json.dumps(_declared(roles))}"


def list_renamed(roles: Roles) -> str:
    """List what is called otherwise than described, as `U = W_xh, b_ih + b_hh = b_h, Wx = [W_xi W_xf W_xg W_xo]`."""
    names: dict[str, str] = {}
    for name, role in roles.described.items():
        described = f"[{role}]" if name in roles.blocks else role
        names[described] = f"{names[described]} + {name}" if described in names else name
    return ", ".join(f"{own} = {role}" for role, own in names.items() if own != role)


def joined_keys(keys: Sequence[str]) -> str:
    """List keys of the YAML with their values."""
    return " and ".join(f"`{key}`" for key in keys)


def _declared(roles: Roles) -> dict[str, object]:
    """What ROLES gives each array: a described name, a list of blocks, or a list of rows of blocks."""
    declared: dict[str, object] = dict(roles.described)
    for name, grid in roles.blocks.items():
        rows = [list(row) for row in grid]
        declared[name] = rows[0] if len(rows) == 1 else rows
    return declared
