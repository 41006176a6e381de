"""Decisions of Rego policies, by regopy (rego-cpp): the values of `data.…`, as OPA's data API gives them."""

import json
import re
import threading
from pathlib import Path

from regopy import Interpreter, RegoError

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class MalformedRego(ValueError):
    """A file cannot be used; the text names it."""


class FailedEvaluation(Exception):
    """The engine could not evaluate a question; the text says why. OPA answers it with 500."""


class Undefined(Exception):
    """No rule has a value there."""


class RegoPolicies:
    """Every *.rego of a folder, as one set of modules. Safe from many threads."""

    def __init__(self, folder: Path):
        """Raises MalformedRego, OSError."""
        self._modules = [(file.name, file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.rego"))]
        self._lock = threading.Lock()
        if not self._modules:
            raise MalformedRego(f"{folder}: no *.rego file here")
        for name, text in self._modules:
            try:
                Interpreter().add_module(name, text)
            except RegoError as error:
                raise MalformedRego(f"{name}: {error}") from None
        try:
            self.value(["sojourn"], {})  # compiles them together
        except FailedEvaluation as error:
            raise MalformedRego(f"{folder}: {error}") from None
        except Undefined:
            pass

    def value(self, path: list[str], question) -> object:
        """The document at `path` beneath `data`, with `question` as `input`. Raises Undefined, FailedEvaluation."""
        if not path or not all(NAME.fullmatch(part) for part in path):
            raise Undefined
        with self._lock:
            try:
                interpreter = Interpreter()
                for name, text in self._modules:
                    interpreter.add_module(name, text)
                interpreter.set_input(question)
                output = interpreter.query("data." + ".".join(path))
            except RegoError as error:
                raise FailedEvaluation(str(error)) from None
            if not output.ok():
                raise FailedEvaluation(str(output))
            text = str(output)
        if text == "undefined":
            raise Undefined
        return json.loads(text)["expressions"][0]
