#!/usr/bin/python3
# Counts the tests in result folders, after a line for each that failed: JUnit XML, and files named `steps` with lines
# "passed NAME" or "failed NAME".
import collections
import pathlib
import sys
import xml.etree.ElementTree


def outcome(case):
    """passed, failed or skipped; and what a failed test said first."""
    for kind in ("failure", "error"):
        found = case.find(kind)
        if found is not None:
            said = found.get("message") or found.text or ""
            return "failed", " ".join(said.split())[:300]
    # GoogleTest gives a disabled test the status "notrun".
    if case.find("skipped") is not None or case.get("status") == "notrun":
        return "skipped", ""
    return "passed", ""


def results(folder):
    """The outcome, name and words of each test."""
    for path in sorted(pathlib.Path(folder).rglob("*.xml")):
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            name = f"{path.parent.name}: {case.get('classname')}.{case.get('name')}"
            result, said = outcome(case)
            yield result, name, said
    for path in sorted(pathlib.Path(folder).rglob("steps")):
        for line in path.read_text().splitlines():
            result, _, name = line.partition(" ")
            yield result, f"{path.parent.name}: {name}", ""


def main():
    counts = collections.Counter()
    for folder in sys.argv[1:]:
        for result, name, said in results(folder):
            counts[result] += 1
            if result == "failed":
                print(f"failed {name}" + (f": {said}" if said else ""))
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")


main()
