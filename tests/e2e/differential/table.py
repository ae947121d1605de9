# The table of cases: what is done, by two people alike, and where the two are meant to see a difference.
import dataclasses
import re
from typing import Any, Callable, Optional


@dataclasses.dataclass(frozen=True)
class Intended:
    """A difference that is meant. `holds(plain, boxed)` says whether it is this difference and no other."""

    reason: str
    holds: Callable[[Any, Any], bool]


@dataclasses.dataclass(frozen=True)
class Case:
    heading: str
    name: str
    run: Callable[["Person"], Any]  # what the person observed: str, int, bytes, None, or lists and dicts of them
    intended: Optional[Intended] = None

    def __str__(self):
        return f"{self.heading}: {self.name}"


class Table:
    """The cases of one heading, in the order in which they are added."""

    def __init__(self, heading):
        self.heading = heading
        self.cases = []

    def command(self, name, command, *options, stdin=b"", intended=None, timeout=30):
        """One `ssh OPTIONS host COMMAND`: its output, errors and status."""

        def run(person):
            return person.ssh(command, *options, stdin=stdin, timeout=timeout)

        self.cases.append(Case(self.heading, name, run, intended))

    def case(self, name, intended=None):
        """Decorates a function that does it as the person that it gets, and returns what was observed."""

        def add(run):
            self.cases.append(Case(self.heading, name, run, intended))
            return run

        return add


def said_instead(plain_text, boxed_text, where="out"):
    """The one observation reads `plain_text` where the other one reads `boxed_text`, and is the same otherwise."""

    def holds(plain, boxed):
        return {**plain, where: plain[where].replace(plain_text, boxed_text)} == boxed and plain_text in plain[where]

    return holds


def normalized(value, person):
    """The observation without what has to differ between two accounts: name, ids, address and process numbers."""
    if isinstance(value, dict):
        return {key: normalized(item, person) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [normalized(item, person) for item in value]
    if isinstance(value, bytes):
        value = value.decode(errors="backslashreplace")
    if isinstance(value, str):
        value = value.replace(person.name, "USER")
        return re.sub(rf"(?<!\d){person.uid}(?!\d)", "UID", value)
    return value
