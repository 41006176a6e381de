"""Decisions: what Cedar says of an evaluation, and why, in the words of the policies."""

from dataclasses import dataclass, field

import cedarpy

from .desk import Desk
from .directory import Directory
from .evaluation import Evaluation
from .facts import Facts, Inexpressible
from .grant import ConflictingGrants, merged
from .policies import Policies, Policy


@dataclass(frozen=True)
class Decision:
    """An AuthZEN decision, and for the journal what led to it."""

    allowed: bool
    context: dict = field(default_factory=dict)
    policies: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    person: str | None = None
    found_by: str | None = None

    @property
    def answer(self) -> dict:
        """The decision as AuthZEN 1.0 carries it."""
        return {"decision": self.allowed, **({"context": self.context} if self.context else {})}

    @property
    def trace(self) -> dict:
        """What the journal adds to the answer."""
        return {"policies": self.policies, "errors": self.errors, "person": self.person, "found_by": self.found_by}


class DecisionPoint:
    """Cedar, with one set of policies and one directory."""

    def __init__(self, policies: Policies, directory: Directory | None, desk: Desk | None = None):
        self._policies = policies
        self._directory = directory
        self.desk = desk or Desk()

    def decide(self, evaluation: Evaluation) -> Decision:
        """Never raises for what a request says: what cannot be evaluated is a no, with `reason_admin` saying why."""
        try:
            approval, unfit = self.desk.judge(evaluation)
            facts = Facts(evaluation, self._directory, approved=approval is not None)
        except Inexpressible as error:
            return _broken([str(error)], {})
        found = facts.finding
        trace = {} if found is None else {"person": found.person.key, "found_by": found.by}
        result = cedarpy.is_authorized(facts.request, self._policies.set, facts.entities)
        errors = result.diagnostics.errors
        if errors:
            # Cedar skips a policy that fails to evaluate. A skipped forbid would make a yes out of a no.
            return _broken(errors, trace)
        determining = self._policies.named(result.diagnostics.reasons)
        trace["policies"] = [policy.name for policy in determining]
        if not result.allowed:
            context = self._refusal(evaluation, facts, determining)
            return Decision(False, {**context, **self._remedy(evaluation, determining, approval, unfit)}, **trace)
        try:
            grant = merged(determining)
        except ConflictingGrants as error:
            return _broken([str(error)], trace)
        held = {} if approval is None else {"approval": {name: approval[name] for name in ("id", "approved_until")}}
        return Decision(True, {**({} if grant is None else {"host_grant": grant}), **held}, **trace)

    def _remedy(self, evaluation: Evaluation, forbids: list[Policy], approval: dict | None, unfit: str | None) -> dict:
        """What an approval can do about a no: nothing, unless all that forbids it can be asked about."""
        if approval is not None:
            return {"next_action": "none", "reason": "policy_denied"}
        if not forbids or any(forbid.requestable is None for forbid in forbids):
            return {} if unfit is None else {"next_action": "none", "reason": unfit}
        offer = self.desk.offer(evaluation, forbids[0].requestable)
        if unfit == "approval_unverifiable":
            return {"next_action": "none", "reason": unfit}
        return offer if unfit is None else {**offer, "next_action": "request", "reason": unfit}

    def _refusal(self, evaluation: Evaluation, facts: Facts, forbids: list[Policy]) -> dict:
        user = _joined([forbid.reason_user for forbid in forbids]) or {"en": _unpermitted(facts)}
        admin = _joined([forbid.reason_admin for forbid in forbids])
        asked = f"{evaluation.action['name']} for {evaluation.subject['id']} on {evaluation.resource['id']}"
        names = ", ".join(forbid.name for forbid in forbids) or "no policy permits it"
        why = admin.get("en", user.get("en", "")) if forbids else self._ways()
        return {"reason_user": user, "reason_admin": {**admin, "en": f"{asked}: {names}. {why}".strip()}}

    def _ways(self) -> str:
        """What would have been permitted, in the words of the permits."""
        ways = [policy.requires["en"] for policy in self._policies.by_id.values() if "en" in policy.requires]
        return f"It takes one of these: {'; '.join(ways)}." if ways else ""


def _unpermitted(facts: Facts) -> str:
    """The sentence for a refusal that no forbid explains: who has no permission, and where."""
    attributes = {} if facts.finding is None else facts.finding.person.attributes
    who = ", ".join(str(attributes[name]) for name in ("employment", "role", "department") if name in attributes)
    where = ", ".join(f"{name}={text}" for name, text in sorted(facts.labels.items())) or "without labels"
    return f"No policy permits you{f' ({who})' if who else ''} this, here ({where})."


def _joined(texts: list[dict]) -> dict:
    """The sentences of several policies, language by language."""
    languages = dict.fromkeys(language for text in texts for language in text)
    return {language: " ".join(text[language] for text in texts if language in text) for language in languages}


def _broken(errors: list, trace: dict) -> Decision:
    return Decision(False, {"reason_user": {"en": "The policy could not be evaluated. Please tell the administrators."},
                            "reason_admin": {"en": "; ".join(errors)}}, errors=errors, **trace)
