"""The directory of people. What it says of a person counts; what a request says of its subject does not."""

from dataclasses import dataclass
from pathlib import Path

from .document import MalformedDocument, read_object


class MalformedDirectory(ValueError):
    """The directory file cannot be used; the text says why."""


@dataclass(frozen=True)
class Person:
    """Someone or something that logs in. `attributes` is what policies see of the principal."""

    key: str
    attributes: dict


@dataclass(frozen=True)
class Finding:
    """Who a request is about, and by what: `id` or `principal`."""

    person: Person
    by: str


class Directory:
    """People by subject id and by the accounts that are theirs."""

    def __init__(self, document: dict):
        """Reads `{"domains": [...], "people": {key: {...}}}`. Raises MalformedDirectory."""
        self._by_id: dict[str, Person] = {}
        self._by_account: dict[str, Person] = {}
        domains = _strings(document, "domains", [], "directory")
        people = document.get("people")
        if not isinstance(people, dict):
            raise MalformedDirectory("`people` is missing or not an object")
        for key, entry in people.items():
            if not isinstance(entry, dict):
                raise MalformedDirectory(f"{key}: not an object")
            accounts = _strings(entry, "accounts", [key], key)
            ids = [key, *(f"{key}@{domain}" for domain in domains), *_strings(entry, "ids", [], key)]
            attributes = {name: value for name, value in entry.items() if name != "ids"}
            person = Person(key, {**attributes, "accounts": accounts, "person": key})
            for index, names in ((self._by_id, ids), (self._by_account, accounts)):
                for name in names:
                    # Two people with one id would make the answer depend on the order of the file.
                    if index.setdefault(name, person) is not person:
                        raise MalformedDirectory(f"{key}: `{name}` already belongs to {index[name].key}")

    @classmethod
    def load(cls, path: Path) -> "Directory":
        """Raises MalformedDirectory, or OSError if the file cannot be read."""
        try:
            return cls(read_object(path.read_bytes()))
        except MalformedDocument as error:
            raise MalformedDirectory(str(error)) from None

    def find(self, subject_id: str, account: str | None, principals: list) -> Finding | None:
        """The person that `subject_id` names; else the owner of `account`, if the certificate itself vouches for it.

        A key id is free text, so an id unknown here may still come with a principal that the CA signed. An id with a
        domain is not free text: if it names nobody here it is somebody else's, whatever the principals say.
        """
        if subject_id in self._by_id:
            return Finding(self._by_id[subject_id], "id")
        if "@" not in subject_id and account in principals and account in self._by_account:
            return Finding(self._by_account[account], "principal")
        return None


def _strings(entry: dict, name: str, default: list, where: str) -> list:
    value = entry.get(name, default)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise MalformedDirectory(f"{where}: `{name}` is not an array of strings")
    return value
