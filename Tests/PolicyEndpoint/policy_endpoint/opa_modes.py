"""What an endpoint that speaks OPA's data API can get wrong: each would be a yes to a client that forgives it."""

from .modes import Mode, forged, status
from .wire import YES, reply


def wrapped(result):
    """An answer of `/v1/data/…` with this result."""
    return reply({"result": result}, echo=False)


def bare(document):
    """An answer of `/v0/data/…`."""
    return reply(document, echo=False)


def demanding(*obligations):
    return wrapped({**YES, "context": {**YES["context"], "obligations": list(obligations)}})


def granting(**members):
    return wrapped({**YES, "context": {"host_grant": {**YES["context"]["host_grant"], **members}}})


# For a client that asks /v1/data/…
WRAPPED_TABLE = (
    Mode("opa-result-absent", "an undefined decision: 200 without `result`", bare({"decision_id": "1", "metrics": {}})),
    Mode("opa-result-empty", "a package without a decision: an empty object", wrapped({})),
    Mode("opa-result-true", "a rule that is a boolean, not an answer", wrapped(True)),
    Mode("opa-result-false", "the same, false", wrapped(False)),
    Mode("opa-result-null", "null", wrapped(None)),
    Mode("opa-result-string", "text that looks like an answer", wrapped('{"decision": true}')),
    Mode("opa-result-number", "a number", wrapped(1)),
    Mode("opa-result-array", "a partial set: a list of answers", wrapped([YES])),
    Mode("opa-result-array-of-pairs", "a list of pairs", wrapped([["decision", True]])),
    Mode("opa-decision-string", "`decision` as text", wrapped({"decision": "true"})),
    Mode("opa-decision-one", "`decision` as a number", wrapped({"decision": 1})),
    Mode("opa-decision-null", "`decision` null", wrapped({"decision": None})),
    Mode("opa-decision-array", "`decision` as a set", wrapped({"decision": [True]})),
    Mode("opa-decision-missing", "a result that says `allow`, as other policies do", wrapped({"allow": True})),
    Mode("opa-bare", "the answer of the other route", bare(YES)),
    Mode("opa-bare-beside-nothing", "the answer of the other route, and a warning", bare({**YES, "warning": {"code": "api_usage_warning"}})),
    Mode("opa-decision-beside-result", "a yes beside a no", bare({"decision": True, "result": {"decision": False}})),
    Mode("opa-wrapped-twice", "a result within the result", wrapped({"result": YES})),
    Mode("opa-result-twice", "a no, then a yes", forged(b'{"result":{"decision":false},"result":{"decision":true}}')),
    Mode("opa-result-case", "`Result`", bare({"Result": YES})),
    Mode("opa-array", "no object at all", forged(b'[{"result":{"decision":true}}]')),
    Mode("opa-context-null", "a context that is null", wrapped({"decision": True, "context": None})),
    Mode("opa-grant-unknown-member", "a grant with an unknown member", granting(sudoers=["ALL"])),
    Mode("opa-grant-null", "a grant that is null", wrapped({"decision": True, "context": {"host_grant": None}})),
    Mode("opa-uid-zero", "the host's ceilings", granting(uid=0)),
    Mode("opa-groups-root", "the host's ceilings", granting(groups=["root"])),
    Mode("opa-obligation-unknown", "a condition that nobody can meet", demanding({"id": "1", "type": "urn:example:unheard-of", "properties": {}})),
    Mode("opa-obligation-step-up", "a condition that a login cannot meet",
         demanding({"id": "1", "type": "step-up", "properties": {"acr_value": "urn:example:loa:3"}})),
    Mode("opa-not-found", "404 with the body of a yes", status(404, body={"result": YES})),
    Mode("opa-undefined-with-a-yes", "404 of the other route, and a yes in it", status(404, body={"code": "undefined_document", **YES})),
    Mode("opa-error-with-a-yes", "500 of an evaluation, and a yes in it", status(500, body={"code": "internal_error", "result": YES})),
    Mode("opa-errors-beside-a-yes", "200 with the errors of an evaluation and no result", bare({"errors": [{"code": "eval_conflict_error"}], **YES})),
)
# For a client that asks /v0/data/…
BARE_TABLE = (
    Mode("opa-bare-empty", "a package without a decision: an empty object", bare({})),
    Mode("opa-bare-undefined", "404 undefined_document", status(404, body={"code": "undefined_document", "message": "document missing or undefined"})),
    Mode("opa-bare-undefined-with-a-yes", "404 undefined_document, and a yes in it", status(404, body={"code": "undefined_document", **YES})),
    Mode("opa-bare-wrapped", "the answer of the other route", bare({"result": YES})),
    Mode("opa-bare-true", "a rule that is a boolean", forged(b"true")),
    Mode("opa-bare-string", "text", forged(b'"true"')),
    Mode("opa-bare-null", "null", forged(b"null")),
    Mode("opa-bare-array", "a list of answers", forged(b'[{"decision":true}]')),
    Mode("opa-bare-decision-string", "`decision` as text", bare({"decision": "true"})),
    Mode("opa-bare-decision-missing", "a document that says `allow`", bare({"allow": True})),
    Mode("opa-bare-context-array", "a context that is a list", bare({"decision": True, "context": [YES]})),
    Mode("opa-bare-grant-unknown-member", "a grant with an unknown member",
         bare({"decision": True, "context": {"host_grant": {"sudoers": ["ALL"]}}})),
)
