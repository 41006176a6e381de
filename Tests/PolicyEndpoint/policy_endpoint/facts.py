"""An AuthZEN evaluation in Cedar's terms: entities, their attributes, and the context."""

import ipaddress
import re
from datetime import datetime, timezone

from .evaluation import Evaluation
from .directory import Directory, Finding

# Cedar's JSON escapes. From outside they would turn a plain property into an entity or an extension value.
RESERVED = {"__entity", "__extn", "__expr"}
TYPE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(::[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)  # Cedar grammar, Path
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)  # RFC 3339, section 5.6


class Inexpressible(ValueError):
    """A property has no counterpart in Cedar; the text names it. The decision is no."""


def value(thing, where="property"):
    """A JSON value as Cedar's JSON form has it. Cedar has neither null nor fractions nor integers past 64 bits:
    null members are left out (AuthZEN: the same as absent), such numbers become their text. Raises Inexpressible."""
    if isinstance(thing, dict):
        if RESERVED & thing.keys():
            raise Inexpressible(f"{where}: the member name {sorted(RESERVED & thing.keys())[0]} is reserved")
        return {name: value(item, f"{where}.{name}") for name, item in thing.items() if item is not None}
    if isinstance(thing, list):
        return [value(item, where) for item in thing if item is not None]
    if isinstance(thing, float) or (isinstance(thing, int) and not -2**63 <= thing < 2**63):
        return str(thing)
    return thing


def moment(text) -> dict:
    """What policies see of an RFC 3339 time, in UTC; nothing at all if it is none, so that rules on time refuse."""
    if not isinstance(text, str) or not TIME.fullmatch(text):
        return {}
    try:
        at = datetime.fromisoformat(text).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return {}
    return {"time": {"__extn": {"fn": "datetime", "arg": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"}},
            "hour": at.hour, "minute": at.minute, "weekday": at.strftime("%A"), "day": at.isoweekday()}


def address(text) -> dict:
    """The source address as Cedar's `ip` value; nothing if it is none."""
    try:
        plain = str(ipaddress.ip_address(text.split("%")[0]))
    except (ValueError, AttributeError):
        return {}
    return {"source_ip": {"__extn": {"fn": "ip", "arg": plain}}}


class Facts:
    """All that the policies may look at for one evaluation."""

    DERIVED = {"time", "hour", "minute", "weekday", "day", "source_ip", "action", "account", "service", "approved", "approval"}

    def __init__(self, evaluation: Evaluation, directory: Directory | None, approved: bool = False):
        """With a directory, the principal is the person found there (or nobody, without attributes); without one,
        the principal is the request's subject with its properties (the certification fixture). Raises Inexpressible."""
        subject, resource = evaluation.subject, evaluation.resource
        for name, entity in (("subject", subject), ("resource", resource)):
            if not TYPE.fullmatch(entity["type"]):
                raise Inexpressible(f"{name}.type: Cedar has no such type name")
        action = value(evaluation.action.get("properties", {}), "action")
        self.account = action["account"] if isinstance(action.get("account"), str) else None
        self.finding = self._find(evaluation, directory)
        if directory is None:
            person, attributes = subject["id"], value(subject.get("properties", {}), "subject")
        elif self.finding is None:
            person, attributes = subject["id"], {}
        else:
            person, attributes = self.finding.person.key, value(self.finding.person.attributes, "directory")
        self.principal = {"type": subject["type"], "id": person}
        self.resource = {"type": resource["type"], "id": resource["id"]}
        self.labels = self._labels(resource)
        described = value(resource.get("properties", {}), "resource")
        self.entities = [{"uid": self.principal, "attrs": attributes, "parents": []}]
        if self.principal != self.resource:
            self.entities.append({"uid": self.resource, "attrs": described, "parents": []})
        elif directory is None:
            # Someone asking about themselves is one entity. The directory's person takes nothing from the request.
            self.entities[0]["attrs"] = {**described, **attributes}
        # Derived members come from one place only: a request that brings its own `hour` is not believed.
        told = {name: item for name, item in evaluation.context.items() if name not in self.DERIVED}
        self.context = {**value(told, "context"), "action": action, "approved": approved, **moment(evaluation.context.get("time")),
                        **address(evaluation.context.get("source_ip")),
                        **{name: action[name] for name in ("account", "service") if isinstance(action.get(name), str)}}
        self.request = {"principal": self.principal, "action": {"type": "Action", "id": evaluation.action["name"]},
                        "resource": self.resource, "context": self.context}

    def _find(self, evaluation: Evaluation, directory: Directory | None) -> Finding | None:
        if directory is None:
            return None
        credential = evaluation.context.get("credential")
        principals = credential.get("principals") if isinstance(credential, dict) else None
        return directory.find(evaluation.subject["id"], self.account, principals if isinstance(principals, list) else [])

    @staticmethod
    def _labels(resource: dict) -> dict:
        labels = resource.get("properties", {}).get("labels")
        return labels if isinstance(labels, dict) else {}
