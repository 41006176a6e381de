"""Ways in which an access request service can go wrong or do wrong. Each damages an approval that would otherwise let
somebody in: only a client that forgives the damage does."""

import time
from dataclasses import dataclass
from typing import Callable

from .desk import PROBLEM, REQUESTS

EVIL = "https://evil.example.com/access/v1/requests"
PAST, FUTURE = "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"


@dataclass(frozen=True)
class Trick:
    """`stage` says when: `offer` and `again` change the context of a decision, `submission` and `status` write an answer."""

    name: str
    attacks: str
    stage: str
    act: Callable


def offer(**members):
    """The offer says this as well, or instead; None takes a member out."""
    def act(answer):
        changed = {**answer["context"]["access_request"], **members}
        answer["context"]["access_request"] = {name: item for name, item in changed.items() if item is not None}
    return act


def beside(**members):
    """The denial's context says this as well, or instead; None takes a member out."""
    def act(answer):
        answer["context"] = {name: item for name, item in {**answer["context"], **members}.items() if item is not None}
    return act


def both(*acts):
    def act(answer):
        for one in acts:
            one(answer)
    return act


def answer(code=None, /, content="application/json", headers=(), result=True, approval=None, document=None, **task):
    """The proper answer, changed: members of the task, of the approval (None takes one out), or something else altogether."""
    def act(exchange, proper_status, proper):
        changed = {**proper, "task": {name: item for name, item in {**proper["task"], **task}.items() if item is not None}}
        if not result:
            changed.pop("result", None)
        elif "result" in changed:
            whole = {**changed["result"]["approval"], **(approval or {})}
            changed["result"] = {**changed["result"], "approval": {name: item for name, item in whole.items() if item is not None}}
        exchange.send_json_as(document if document is not None else changed, code or proper_status, content, headers)
    return act


def mode(name):
    def act(exchange, status, proper):
        exchange.send_json_as({**proper, "result": {**proper["result"], "mode": name}}, status, "application/json", ())
    return act


def problem(status, name, content="application/problem+json"):
    return answer(status, content=content, document={"type": PROBLEM + name, "title": name, "status": status})


def raw(data, content="application/json"):
    def act(exchange, status, proper):
        exchange.send(status, [("Content-Type", content)], data)
    return act


def huge(exchange, status, proper):
    exchange.send_json_as({**proper, "padding": "x" * (10 << 20)}, status, "application/json", ())


def slow(exchange, status, proper):
    time.sleep(10)
    exchange.send_json_as(proper, status, "application/json", ())


def drip(exchange, status, proper):
    exchange.raw(exchange.head(status, [("Content-Type", "application/json"), ("Content-Length", "5000")]))
    for _ in range(100):
        exchange.raw(b" ")
        time.sleep(0.2)


def close(exchange, status, proper):
    exchange.hang_up()


REDIRECT = [("Location", REQUESTS + "/elsewhere")]
RETRY = {"next_action": "retry", "access_request": None, "reason": None}

TABLE = (
    # The denial
    Trick("offer-elsewhere", "a person's reason, and the host's token, sent to a stranger", "offer", offer(endpoint=EVIL)),
    Trick("offer-other-port", "an origin compared without its port", "offer", offer(endpoint="http://127.0.0.1:1" + REQUESTS)),
    Trick("offer-user-name", "a URL whose host looks like ours", "offer", offer(endpoint="http://127.0.0.1:8181@evil.example.com/")),
    Trick("offer-over", "a denial that nobody may ask about any more", "offer", offer(expires_at=PAST)),
    Trick("offer-without-end", "a denial that can be asked about for ever", "offer", offer(expires_at=None)),
    Trick("offer-odd-end", "an end that is no time", "offer", offer(expires_at="soon")),
    Trick("offer-unbound", "nothing that ties the request to the denial", "offer", both(beside(evaluation_id=None), offer(binding_token=None))),
    Trick("offer-string", "an offer that is no object", "offer", beside(access_request="yes")),
    Trick("offer-form", "data that a login cannot supply", "offer", offer(form_url="https://evil.example.com/form")),
    Trick("offer-schema", "data that a login cannot supply", "offer", offer(request_schema_url=EVIL)),
    Trick("offer-other-token", "a binding token that is another denial's", "offer", offer(binding_token="v1.00")),
    # The answer to a request; the proper one is 201 with an approval
    Trick("submit-status-elsewhere", "being led to a stranger for the status", "submission", answer(202, status="pending", result=False, status_endpoint=EVIL)),
    Trick("submit-no-status-endpoint", "a task that nobody can look at", "submission", answer(202, status="pending", result=False, status_endpoint=None)),
    Trick("submit-no-id", "a task without an id", "submission", answer(id=None)),
    Trick("submit-unknown-status", "a status that is not approved", "submission", answer(status="granted")),
    Trick("submit-pending-with-result", "the result read before the status", "submission", answer(202, status="pending")),
    Trick("submit-denied-with-result", "the result read before the status", "submission", answer(status="denied")),
    Trick("submit-no-result", "the status alone taken for an approval", "submission", answer(result=False)),
    Trick("submit-unknown-mode", "a mode that is not understood", "submission", mode("grant")),
    Trick("submit-no-end", "an approval that holds for ever", "submission", answer(approval={"approved_until": None})),
    Trick("submit-odd-end", "an end that is no time", "submission", answer(approval={"approved_until": 4102444800})),
    Trick("submit-over", "an approval that is over", "submission", answer(approval={"approved_until": PAST})),
    Trick("submit-longer", "an approval that was made to hold longer: the policy does not know it", "submission", answer(approval={"approved_until": FUTURE})),
    Trick("submit-no-approval-id", "an approval without an id", "submission", answer(approval={"id": None})),
    Trick("submit-other-approval", "an approval that the policy never gave", "submission", answer(approval={"id": "apr_0"})),
    Trick("submit-other-state", "an approval whose state was changed", "submission", answer(approval={"state": "x"})),
    Trick("submit-bundle", "the aggregate of a bundle that nobody asked for", "submission", answer(items=[{"status": "denied"}])),
    Trick("submit-200", "a status that is no answer to a request", "submission", answer(200)),
    Trick("submit-204", "a status that is no answer to a request", "submission", answer(204)),
    Trick("submit-redirect", "following redirects", "submission", answer(307, headers=REDIRECT)),
    Trick("submit-400", "an error with the body of an approval", "submission", answer(400)),
    Trick("submit-403", "a host that may not ask", "submission", answer(403)),
    Trick("submit-500", "an error with the body of an approval", "submission", answer(500)),
    Trick("submit-503", "being put off", "submission", answer(503, headers=[("Retry-After", "1")])),
    Trick("submit-not-requestable", "the profile's own error", "submission", problem(400, "not_requestable")),
    Trick("submit-expired-denial", "the profile's own error", "submission", problem(410, "expired_denial")),
    Trick("submit-bad-binding", "the profile's own error", "submission", problem(400, "invalid_denial_binding")),
    Trick("submit-duplicate", "the profile's own error", "submission", problem(409, "duplicate_request")),
    Trick("submit-html", "a portal's page over an approval", "submission", answer(content="text/html")),
    Trick("submit-garbage", "bytes that are no JSON", "submission", raw(b"\x00{{{")),
    Trick("submit-array", "a document that is no object", "submission", raw(b'[{"task":{"id":"x","status":"approved"}}]')),
    Trick("submit-huge", "the response cap", "submission", huge),
    Trick("submit-slow", "a host that waits", "submission", slow),
    Trick("submit-drip", "deadlines that begin anew with each byte", "submission", drip),
    Trick("submit-close", "no answer", "submission", close),
    Trick("submit-wait-for-ever", "a Retry-After that nobody means", "submission",
          answer(202, status="pending", result=False, headers=[("Retry-After", "99999999999999999999")])),
    Trick("submit-wait-negative", "a Retry-After in the past", "submission", answer(202, status="pending", result=False, headers=[("Retry-After", "-5")])),
    # The status of a task; the proper one is approved
    Trick("status-other-task", "another task's approval", "status", answer(id="arq_0")),
    Trick("status-unknown", "a status that is not approved", "status", answer(status="done")),
    Trick("status-partial", "a bundle's status", "status", answer(status="partial")),
    Trick("status-no-result", "the status alone taken for an approval", "status", answer(result=False)),
    Trick("status-unknown-mode", "a mode that is not understood", "status", mode("")),
    Trick("status-redirect", "following redirects", "status", answer(302, headers=REDIRECT)),
    Trick("status-202", "a status that is no answer to a look", "status", answer(202)),
    Trick("status-404", "a task that is gone", "status", problem(404, "unknown_task")),
    Trick("status-410", "a task that is over", "status", problem(410, "task_expired")),
    Trick("status-500", "an error with the body of an approval", "status", answer(500)),
    Trick("status-html", "a portal's page over an approval", "status", answer(content="text/html")),
    Trick("status-huge", "the response cap", "status", huge),
    Trick("status-slow", "a host that waits", "status", slow),
    Trick("status-garbage", "bytes that are no JSON", "status", raw(b"approved")),
    Trick("status-wait-for-ever", "a Retry-After that nobody means", "status",
          answer(status="pending", result=False, headers=[("Retry-After", "999999")])),
    # The decision with the approval
    Trick("again-no", "an approval taken for a decision", "again", beside(next_action="none", access_request=None, reason="policy_denied")),
    Trick("again-plain-no", "an approval taken for a decision", "again", beside(next_action=None, access_request=None, reason=None)),
    Trick("again-request", "asking for ever", "again", beside(next_action="request")),
    Trick("again-request-nothing", "a new request that cannot be made", "again", beside(next_action="request", access_request=None)),
    Trick("again-retry", "trying for ever", "again", beside(**RETRY, retry_after=0)),
    Trick("again-retry-late", "waiting for ever", "again", beside(**RETRY, retry_after=10 ** 12)),
    Trick("again-retry-negative", "arithmetic on the wait", "again", beside(**RETRY, retry_after=-(10 ** 12))),
    Trick("again-yes-over", "a yes whose approval is over", "yes", beside(approval={"id": "a", "approved_until": PAST})),
    Trick("again-yes-without-end", "a yes whose approval has no end", "yes", beside(approval={"id": "a"})),
    Trick("again-yes-odd", "a yes whose approval is no object", "yes", beside(approval="yes")),
)
TRICKS = {trick.name: trick for trick in TABLE}
