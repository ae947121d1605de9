# The table of cases: what is done, by two people alike, and where the two are meant to see a difference.
import dataclasses
import difflib
import pprint
import re
import time
from concurrent.futures import ThreadPoolExecutor
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
    # Gets a Person; returns what that one observed: str, int, bytes, None, or lists and dicts of them.
    run: Callable[[Any], Any]
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


compared = []  # the cases that were checked, for the summary


def observe(case, person):
    started = time.monotonic()
    return normalized(case.run(person), person), time.monotonic() - started


def difference(on_host, in_container):
    """Both observations, line by line; "-" is the host account's, "+" is labgpu's."""
    texts = [pprint.pformat(value, width=110).splitlines() for value in (on_host, in_container)]
    return "\n" + "\n".join(difflib.ndiff(*texts))


def check(case, plain, boxed):
    """Does the case as both people at once; fails unless they see the same, or what the table says."""
    with ThreadPoolExecutor(2) as pool:
        both = pool.map(lambda person: observe(case, person), (plain, boxed))
        (on_host, host_seconds), (in_container, container_seconds) = both
    compared.append(case)
    if case.intended is None:
        assert in_container == on_host, difference(on_host, in_container)
    else:
        assert in_container != on_host, f"there is no difference any more: {case.intended.reason}"
        assert case.intended.holds(on_host, in_container), difference(on_host, in_container)
    # The shape of time: what returns at once does so for both, what waits waits for both.
    longer = max(host_seconds, container_seconds)
    assert abs(host_seconds - container_seconds) < 1.5 + 0.5 * longer, (host_seconds, container_seconds)
