"""A folder of Cedar policies, and what their annotations say."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import cedarpy

LANGUAGE = re.compile(r"(reason_user|reason_admin|requires)_([a-z]{2,3}(?:_[A-Za-z0-9]{2,8})*)")
GRANTS = {"grant_groups", "grant_shell", "grant_max_session_seconds"}


class MalformedPolicy(ValueError):
    """A policy file cannot be used; the text names file and policy."""


@dataclass(frozen=True)
class Policy:
    """One policy's annotations. Texts are keyed by language tag (BCP 47)."""

    name: str
    effect: str
    groups: list = field(default_factory=list)
    shell: str | None = None
    max_session_seconds: int | None = None
    grants: bool = False
    reason_user: dict = field(default_factory=dict)
    reason_admin: dict = field(default_factory=dict)
    requires: dict = field(default_factory=dict)
    requestable: str | None = None  # the template of the approval that lifts it

    @classmethod
    def read(cls, source: str, effect: str, annotations: dict) -> "Policy":
        """Raises MalformedPolicy for an annotation that is unknown, or useless with this effect: misspelt, it would
        silently grant nothing or explain nothing."""
        annotations = {name: text or "" for name, text in annotations.items()}  # `@name` alone is null in Cedar's JSON
        texts = {"reason_user": {}, "reason_admin": {}, "requires": {}}
        granted = GRANTS & annotations.keys()
        for name, text in annotations.items():
            match = LANGUAGE.fullmatch(name)
            if match:
                texts[match[1]][match[2].replace("_", "-")] = text
            elif name not in GRANTS | {"id", "description", "requestable"}:
                raise MalformedPolicy(f"{source}: unknown annotation @{name}")
        if (granted or texts["requires"]) and effect != "permit":
            raise MalformedPolicy(f"{source}: @grant_… and @requires_… belong on a permit")
        if (texts["reason_user"] or texts["reason_admin"] or "requestable" in annotations) and effect != "forbid":
            raise MalformedPolicy(f"{source}: @reason_… and @requestable belong on a forbid")
        seconds = annotations.get("grant_max_session_seconds")
        if seconds is not None and not re.fullmatch(r"[1-9][0-9]{0,8}", seconds, re.ASCII):
            raise MalformedPolicy(f"{source}: @grant_max_session_seconds is not a positive number of seconds")
        return cls(annotations.get("id") or source, effect, annotations.get("grant_groups", "").split(),
                   annotations.get("grant_shell"), None if seconds is None else int(seconds), bool(granted), **texts,
                   requestable=None if "requestable" not in annotations else annotations["requestable"] or "approval")


class Policies:
    """The policy set that Cedar decides with, and each policy by the id that Cedar's diagnostics give it."""

    def __init__(self, folder: Path):
        """Reads every *.cedar in `folder`, in order of name. Raises MalformedPolicy, OSError."""
        files = sorted(folder.glob("*.cedar"))
        if not files:
            raise MalformedPolicy(f"{folder}: no *.cedar file here")
        self.by_id: dict[str, Policy] = {}
        texts = []
        for file in files:
            texts.append(file.read_text(encoding="utf-8"))
            before = len(self.by_id)
            parsed = _parsed(file.name, texts[-1])
            for number in range(len(parsed)):
                # Cedar names policies policy0, policy1 … in the order of the text it is given.
                policy = parsed[f"policy{number}"]
                self.by_id[f"policy{before + number}"] = Policy.read(
                    f"{file.name}, policy {number + 1}", policy["effect"], policy.get("annotations", {}))
        whole = "\n".join(texts)
        effects = {key: policy["effect"] for key, policy in _parsed(str(folder), whole).items()}
        if effects != {key: policy.effect for key, policy in self.by_id.items()}:
            raise MalformedPolicy(f"{folder}: the files mean something else together than alone")
        names = [policy.name for policy in self.by_id.values()]
        for name in names:
            if names.count(name) > 1:
                raise MalformedPolicy(f"{folder}: two policies have the @id {name}")
        self.set = cedarpy.PolicySet.from_str(whole)

    def named(self, ids: list) -> list[Policy]:
        """The policies with these ids, in the order of the files: Cedar reports them in none."""
        return [policy for key, policy in self.by_id.items() if key in ids]


def _parsed(source: str, text: str) -> dict:
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        raise MalformedPolicy(f"{source}: {error}") from None
    if parsed["templates"]:
        raise MalformedPolicy(f"{source}: templates are not used here")
    return parsed["staticPolicies"]
