"""Access Evaluation requests: the rules of AuthZEN 1.0 and of its JSON Schema `authzen-evaluation-request`."""

from dataclasses import dataclass, field

# Which string members each entity must have (AuthZEN 1.0, "Information Model").
REQUIRED = {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}
SEMANTICS = ("execute_all", "deny_on_first_deny", "permit_on_first_permit")


class MalformedRequest(ValueError):
    """The request breaks the AuthZEN schema; the text names the member. Answered with 400."""


@dataclass(frozen=True)
class Evaluation:
    """One question: may `subject` do `action` on `resource`? Every member has been checked."""

    subject: dict
    action: dict
    resource: dict
    context: dict = field(default_factory=dict)

    @classmethod
    def read(cls, document: dict) -> "Evaluation":
        """Checks one request. Members that AuthZEN does not know are ignored. Raises MalformedRequest."""
        if not isinstance(document, dict):
            raise MalformedRequest("an evaluation is not an object")
        entities = {name: _entity(document, name) for name in REQUIRED}
        context = document.get("context", {})
        if not isinstance(context, dict):
            raise MalformedRequest("`context` is not an object")
        return cls(**entities, context=context)


@dataclass(frozen=True)
class Batch:
    """An Access Evaluations request: items not yet checked, since a bad one fails alone (AuthZEN 1.0, "Errors")."""

    items: list
    semantic: str

    @classmethod
    def read(cls, document: dict) -> "Batch | None":
        """The batch, or None if `evaluations` is missing or empty: then it is a single evaluation.
        Raises MalformedRequest."""
        evaluations = document.get("evaluations", [])
        if not isinstance(evaluations, list):
            raise MalformedRequest("`evaluations` is not an array")
        options = document.get("options", {})
        if not isinstance(options, dict):
            raise MalformedRequest("`options` is not an object")
        semantic = options.get("evaluations_semantic", "execute_all")
        if semantic not in SEMANTICS:
            raise MalformedRequest(f"`evaluations_semantic` is none of {', '.join(SEMANTICS)}")
        if not evaluations:
            return None
        # An item replaces a whole default entity, it is never merged into it (entity-level override).
        defaults = {name: document[name] for name in (*REQUIRED, "context") if name in document}
        return cls([{**defaults, **item} if isinstance(item, dict) else item for item in evaluations], semantic)

    def stops_after(self, decision: bool) -> bool:
        """Whether this item's decision ends the batch."""
        return (self.semantic == "deny_on_first_deny" and not decision) or (
            self.semantic == "permit_on_first_permit" and decision)


def _entity(document: dict, name: str) -> dict:
    if name not in document:
        raise MalformedRequest(f"`{name}` is missing")
    entity = document[name]
    if not isinstance(entity, dict):
        raise MalformedRequest(f"`{name}` is not an object")
    for member in REQUIRED[name]:
        if member not in entity:
            raise MalformedRequest(f"`{name}.{member}` is missing")
        if not isinstance(entity[member], str):
            raise MalformedRequest(f"`{name}.{member}` is not a string")
    if not isinstance(entity.get("properties", {}), dict):
        raise MalformedRequest(f"`{name}.properties` is not an object")
    return entity
