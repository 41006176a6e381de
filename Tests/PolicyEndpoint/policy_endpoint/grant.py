"""What a yes gives: the grants of all permits that determined it, merged."""

from .policies import Policy


class ConflictingGrants(ValueError):
    """Two permits give what cannot be merged; the text names them. The decision is no."""


def merged(permits: list[Policy]) -> dict | None:
    """`host_grant` as the answer's context carries it, or None if no permit grants anything of its own.

    Groups add up. Of several session limits (seconds) the shortest counts, since each permit holds only that long.
    Two different shells cannot both be meant. Raises ConflictingGrants.
    """
    granting = [permit for permit in permits if permit.grants]
    if not granting:
        return None
    grant: dict = {"groups": list(dict.fromkeys(group for permit in granting for group in permit.groups))}
    shells = {permit.shell: permit.name for permit in granting if permit.shell is not None}
    if len(shells) > 1:
        raise ConflictingGrants(f"{' and '.join(shells.values())} grant different shells: {', '.join(shells)}")
    if shells:
        grant["shell"] = next(iter(shells))
    limits = [permit.max_session_seconds for permit in granting if permit.max_session_seconds is not None]
    if limits:
        grant["max_session_seconds"] = min(limits)
    return grant
