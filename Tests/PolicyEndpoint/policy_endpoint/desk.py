"""Approvals: the AuthZEN Access Request and Approval Profile (draft 1), as far as a host needs it.

A forbid with `@requestable("template")` is a no that can be asked about. Whoever asks gets a task; somebody approves or denies
it over the control interface; with the approval the same question is decided anew, by the same policies, which see
`context.approved`. An approval holds for the very subject, action and resource that it was asked for, and for its time."""

import hashlib
import hmac
import json
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

REQUESTS = "/access/v1/requests"
PROBLEM = "urn:openid:authzen:access-request:error:"
OFFER_SECONDS = 600
TASK_SECONDS = 3600
VERDICTS = {"approve": "approved", "deny": "denied", "cancel": "cancelled", "expire": "expired", "fail": "failed"}


class Problem(Exception):
    """An error answer of the profile."""

    STATUSES = {"not_requestable": 400, "expired_denial": 410, "invalid_denial_binding": 400, "duplicate_request": 409, "unknown_task": 404,
                "task_expired": 410, "invalid_task_state": 409}

    def __init__(self, name: str, detail: str):
        super().__init__(detail)
        self.status = self.STATUSES[name]
        self.document = {"type": PROBLEM + name, "title": name.replace("_", " "), "status": self.status, "detail": detail}


class UnknownRequest(ValueError):
    """There is no such request, or no such verdict; the text says which."""


def now() -> datetime:
    return datetime.now(timezone.utc)


def text(moment: datetime) -> str:
    """RFC 3339, in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def scope(document: dict) -> str:
    """What an approval is for: subject, action and resource, member by member, without the actor (`subject.properties.act`)."""
    parts = {name: document.get(name) for name in ("subject", "action", "resource")}
    if isinstance(parts["subject"], dict) and isinstance(parts["subject"].get("properties"), dict):
        properties = {name: item for name, item in parts["subject"]["properties"].items() if name != "act"}
        parts["subject"] = {**parts["subject"], "properties": properties}
    return json.dumps(parts, sort_keys=True)


@dataclass
class Task:
    """One request for access and what became of it."""

    id: str
    scope: str
    asked: dict
    key: str | None
    expires: datetime
    status: str = "pending"
    approval: dict | None = None
    until: datetime | None = None
    polls: int = field(default=0)


class Desk:
    """Offers, requests and approvals, in memory. Safe from many threads."""

    def __init__(self):
        self.base_url = ""
        self.approves_at_once = False  # every request is approved when it is made (201)
        self.seconds = 3600  # that an approval holds, if nobody says otherwise
        self._secret = secrets.token_bytes(32)
        self._denials: dict[str, tuple[str, datetime]] = {}
        self._tasks: dict[str, Task] = {}
        self._lock = threading.RLock()

    # Denials

    def offer(self, evaluation, template: str) -> dict:
        """What a requestable no says beside its reasons."""
        identifier, at = "eval_" + secrets.token_hex(12), now()
        expires = at + timedelta(seconds=OFFER_SECONDS)
        asked = scope(self._document(evaluation))
        with self._lock:
            self._denials[identifier] = (asked, expires)
        return {"evaluation_id": identifier, "evaluated_at": text(at), "reason": "approval_required",
                "access_request": {"endpoint": self.base_url + REQUESTS, "template": template, "expires_at": text(expires),
                                   "binding_token": self._token(identifier, asked, text(expires)),
                                   "display": {"title": "Approval needed", "description": "Somebody else has to approve this login."}}}

    def judge(self, evaluation) -> tuple[dict | None, str | None]:
        """The approval that a question carries: (the approval, None) if it holds for this question, (None, a reason code) if not,
        (None, None) if it carries none."""
        carried = evaluation.context.get("approval")
        if carried is None:
            return None, None
        with self._lock:
            task = next((task for task in self._tasks.values() if task.approval is not None and isinstance(carried, dict)
                         and task.approval["id"] == carried.get("id")), None)
        if task is None or not hmac.compare_digest(json.dumps(task.approval, sort_keys=True).encode(), json.dumps(carried, sort_keys=True).encode()):
            return None, "approval_unverifiable"
        if task.scope != scope(self._document(evaluation)):
            return None, "out_of_scope"
        if task.until <= now() or task.status != "approved":
            return None, "approval_expired"
        return task.approval, None

    # Requests

    def submit(self, document: dict, key: str | None) -> tuple[int, Task]:
        """201 for what is approved at once, else 202. Raises Problem."""
        denial = document.get("denial")
        if not isinstance(denial, dict):
            raise Problem("invalid_denial_binding", "there is no denial")
        with self._lock:
            for task in self._tasks.values():
                if key is not None and task.key == key:
                    if task.asked != document:
                        raise Problem("duplicate_request", "the key was used for another request")
                    return (201 if task.status == "approved" else 202), task
            known = self._denials.get(denial.get("evaluation_id"))
            if known is None or denial.get("binding_token") != self._token(denial["evaluation_id"], known[0], denial.get("expires_at")):
                raise Problem("invalid_denial_binding", "the denial is not one of this endpoint's")
            if known[0] != scope(document):
                raise Problem("invalid_denial_binding", "the request is for something else than the denial")
            if known[1] < now():
                raise Problem("expired_denial", "the denial is too old")
            task = Task("arq_" + secrets.token_hex(16), known[0], document, key, now() + timedelta(seconds=TASK_SECONDS))
            self._tasks[task.id] = task
            if self.approves_at_once:
                self._settle(task, "approve", self.seconds)
            return (201 if task.status == "approved" else 202), task

    def task(self, identifier: str) -> Task:
        """Raises Problem."""
        with self._lock:
            task = self._tasks.get(identifier)
            if task is None:
                raise Problem("unknown_task", "there is no such task")
            if task.expires < now():
                raise Problem("task_expired", "the task is over")
            task.polls += 1
            return task

    def document(self, task: Task) -> dict:
        """A task as its status endpoint shows it."""
        url = f"{self.base_url}{REQUESTS}/{task.id}"
        description = {"pending": "Somebody has been asked to approve it.", "approved": "Approved.", "denied": "Denied.", "cancelled": "Withdrawn."}
        shown = {"id": task.id, "status": task.status, "status_endpoint": url, "expires_at": text(task.expires),
                 "links": {"ticket": f"https://tickets.example.com/{task.id[4:12]}", "review": url + "/review", "cancel": url + "/cancel"},
                 "display": {"title": "Access request", "description": description.get(task.status, task.status)}}
        result = {"result": {"mode": "reevaluate", "approval": task.approval}} if task.status == "approved" else {}
        return {"task": shown, **result}

    # The other side

    def settle(self, who: dict, verdict: str, seconds: int) -> int:
        """Decides the pending requests that `who` names: `{"id": …}`, `{"account": …}`, or all. How many there were.
        Raises UnknownRequest."""
        if verdict not in VERDICTS:
            raise UnknownRequest(f"no verdict {verdict!r}: {', '.join(VERDICTS)}")
        with self._lock:
            tasks = [task for task in self._tasks.values() if task.status == "pending" and who.get("id") in (None, task.id)
                     and who.get("account") in (None, _account(task.asked))]
            for task in tasks:
                self._settle(task, verdict, seconds)
            return len(tasks)

    def revoke(self) -> int:
        """Takes every approval back."""
        with self._lock:
            approved = [task for task in self._tasks.values() if task.status == "approved"]
            for task in approved:
                task.status = "cancelled"
            return len(approved)

    @property
    def summary(self) -> list:
        """All requests, oldest first."""
        with self._lock:
            return [{"id": task.id, "status": task.status, "account": _account(task.asked), "polls": task.polls, "key": task.key,
                     "justification": (task.asked.get("context") or {}).get("business_justification")} for task in self._tasks.values()]

    def _settle(self, task: Task, verdict: str, seconds: int):
        task.status = VERDICTS[verdict]
        if verdict == "approve":
            task.until = now() + timedelta(seconds=seconds)
            task.approval = {"id": "apr_" + secrets.token_hex(16), "approved_at": text(now()), "approved_until": text(task.until),
                             "state": {"v": 1, "task": self._token(task.id), "note": "é \u2028 /"}}

    def _token(self, *parts) -> str:
        return "v1." + hmac.new(self._secret, json.dumps(parts).encode(), hashlib.sha256).hexdigest()

    @staticmethod
    def _document(evaluation) -> dict:
        return {"subject": evaluation.subject, "action": evaluation.action, "resource": evaluation.resource}


def _account(document: dict) -> str | None:
    properties = document.get("action", {}).get("properties")
    return properties.get("account") if isinstance(properties, dict) else None
