"""JSON as AuthZEN means it (RFC 7493, I-JSON): unique names, UTF-8, finite numbers."""

import json

DEEPEST = 64  # levels of nesting: well within what Python's and Cedar's own readers and writers can stand


class MalformedDocument(ValueError):
    """The bytes are not an I-JSON object; the text says why. AuthZEN answers it with 400."""


def _unique(pairs):
    document = dict(pairs)
    if len(document) != len(pairs):
        raise MalformedDocument("a member name occurs twice in one object")
    return document


def _refuse_constant(name):
    raise MalformedDocument(f"{name} is not a JSON number")


def _require_shallow(document):
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise MalformedDocument("the body is nested too deeply")
        level = [item for thing in level if isinstance(thing, (dict, list))
                 for item in (thing.values() if isinstance(thing, dict) else thing)]


def read_object(data: bytes) -> dict:
    """The JSON object in `data`. Raises MalformedDocument."""
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
        _require_shallow(document)
        # A lone surrogate escape decodes to text that no UTF-8 can carry: neither the log nor Cedar could hold it.
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except MalformedDocument:
        raise
    except RecursionError:
        raise MalformedDocument("the body is nested too deeply") from None
    except UnicodeError:
        raise MalformedDocument("the body is not UTF-8") from None
    except ValueError as error:
        raise MalformedDocument(f"the body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise MalformedDocument("the body is not a JSON object")
    return document
