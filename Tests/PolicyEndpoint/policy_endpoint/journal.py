"""The journal: one JSON line for each request, written before its answer leaves."""

import json
import sys
import threading
from datetime import datetime, timezone
from pathlib import Path


class Journal:
    """Appends to a file, or writes nothing if there is none. Safe from many threads."""

    def __init__(self, path: Path | None):
        """Raises OSError if the file cannot be opened."""
        self._file = None if path is None else path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, **members):
        """One line, flushed: whoever has an answer finds its line here."""
        if self._file is None:
            return
        line = json.dumps({"at": datetime.now(timezone.utc).isoformat(timespec="milliseconds"), **members}, ensure_ascii=True)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    @staticmethod
    def complain(text: str):
        """For the operator, on standard error."""
        print(f"policy endpoint: {text}", file=sys.stderr, flush=True)
