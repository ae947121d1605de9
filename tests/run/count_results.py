#!/usr/bin/python3
# Counts the tests in result folders: JUnit XML, and files named `steps` with lines "passed NAME" or "failed NAME".
import collections
import pathlib
import sys
import xml.etree.ElementTree


def outcome(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    # GoogleTest gives a disabled test the status "notrun".
    if case.find("skipped") is not None or case.get("status") == "notrun":
        return "skipped"
    return "passed"


def outcomes(folder):
    for path in sorted(pathlib.Path(folder).rglob("*.xml")):
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            yield outcome(case)
    for path in sorted(pathlib.Path(folder).rglob("steps")):
        for line in path.read_text().splitlines():
            yield line.split()[0]


def main():
    counts = collections.Counter(result for folder in sys.argv[1:] for result in outcomes(folder))
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")


main()
