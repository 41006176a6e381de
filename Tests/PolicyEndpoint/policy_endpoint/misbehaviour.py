"""The switch that says whether, how often and to whom the endpoint misbehaves."""

import threading
from dataclasses import dataclass, field

from .modes import TABLE, Mode

OPTIONAL = {"custom": {"headers", "json", "text"}}  # options without a default
WELL_BEHAVED = "none"


class UnknownMisbehaviour(ValueError):
    """There is no such mode, or it has no such option; the text says which."""


@dataclass
class Misbehaviour:
    """A mode with its options. `count` is how many more answers it spoils, None for all; `account` and `subject`
    limit it to questions about these."""

    mode: Mode
    options: dict = field(default_factory=dict)
    count: int | None = None
    account: str | None = None
    subject: str | None = None

    @classmethod
    def read(cls, document: dict, table: tuple = TABLE) -> "Misbehaviour | None":
        """`{"mode": …, "count": …, "account": …, "subject": …, option: …}`; None for the mode `none`.
        Raises UnknownMisbehaviour."""
        given = dict(document)
        name = given.pop("mode", None)
        count, account, subject = (given.pop(member, None) for member in ("count", "account", "subject"))
        if count is not None and (type(count) is not int or count < 1):
            raise UnknownMisbehaviour("`count` is not a positive integer")
        if name == WELL_BEHAVED:
            return None
        mode = next((mode for mode in table if mode.name == name), None)
        if mode is None:
            raise UnknownMisbehaviour(f"no mode {name!r}; GET /modes lists them")
        for option, setting in given.items():
            if option not in mode.options and option not in OPTIONAL.get(name, ()):
                raise UnknownMisbehaviour(f"{name} has no option `{option}`")
            default = mode.options.get(option)
            if default is not None and (type(setting) not in (int, float) or setting < 0):
                raise UnknownMisbehaviour(f"`{option}` is not a number")
        headers = given.get("headers", {})
        if not isinstance(headers, dict) or not all(isinstance(text, str) and text.isascii() for text in headers.values()):
            raise UnknownMisbehaviour("`headers` is not an object of ASCII strings")
        if not isinstance(given.get("text", ""), str):
            raise UnknownMisbehaviour("`text` is not a string")
        return cls(mode, {**mode.options, **given}, count, account, subject)

    @property
    def name(self) -> str:
        return self.mode.name

    @property
    def summary(self) -> dict:
        """What GET /misbehave shows."""
        return {"mode": self.name, "count": self.count, "account": self.account, "subject": self.subject, **self.options}

    def act(self, exchange, answer: dict):
        """Answers wrongly."""
        self.mode.act(exchange, answer, self.options)

    def concerns(self, document: dict) -> bool:
        """Whether this question is one to spoil."""
        return (self.account in (None, _text(document, "action", "properties", "account"))
                and self.subject in (None, _text(document, "subject", "id")))


class Switch:
    """At most one misbehaviour at a time; safe from many threads."""

    def __init__(self, misbehaviour: Misbehaviour | None = None, table: tuple = TABLE):
        self.table = table
        self._misbehaviour = misbehaviour
        self._lock = threading.Lock()

    def set(self, misbehaviour: Misbehaviour | None):
        with self._lock:
            self._misbehaviour = misbehaviour

    @property
    def summary(self) -> dict:
        with self._lock:
            return {"mode": WELL_BEHAVED} if self._misbehaviour is None else self._misbehaviour.summary

    def take(self, document: dict) -> Misbehaviour | None:
        """The misbehaviour for this question, counted down."""
        with self._lock:
            current = self._misbehaviour
            if current is None or not current.concerns(document):
                return None
            if current.count is not None:
                current.count -= 1
                if current.count == 0:
                    self._misbehaviour = None
            return current


def _text(document, *path):
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document
