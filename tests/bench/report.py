# The rows as a table of text and as JSON.
import collections
import json

import rows as r
from rows import AGAIN, EXEC, HOST, LABGPU, SSHD

HEADING = (
    "Each way: median and p95, then the ratio to `host`, the median over the rounds. [ ]: where labgpu's lies, 95 %.\n"
    "`host again` is a second account like `host`: how far it is from 1 is what the machine adds by itself."
)


def table(rows, machine):
    compared, others = _divided(rows)
    parts = [machine, HEADING]
    for what, chosen in compared.items():
        parts += ["", what, _four_ways(chosen)]
    if others:
        parts += ["", _by_themselves(others)]
    notes = list(dict.fromkeys(row.note for row in rows if row.note))
    return "\n".join([*parts, "", *notes, summary(rows), ""])


def markdown(rows):
    """For docs/PERFORMANCE.md: medians, labgpu's ratio with its interval, and what became of the goals."""
    compared, others = _divided(rows)
    parts = []
    for what, chosen in compared.items():
        titles = [what, HOST, AGAIN, EXEC, SSHD, LABGPU, "ratio, or +", "95 %", "goal", ""]
        parts.append(_markdown_table(titles, map(_beside_host, chosen)))
    if others:
        titles = ["by itself", "", "median", "p95", "judged", "95 %", "goal", ""]
        parts.append(_markdown_table(titles, (cells for row in others for cells in _alone(row))))
    return "\n".join(parts)


def as_json(rows, machine):
    found = {"machine": machine, "rows": [r.to_json(row) for row in rows]}
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def from_json(text):
    return [r.from_json(row) for row in json.loads(text)["rows"]]


def summary(rows):
    """One sentence on all the goals."""
    counts = collections.Counter(r.verdict(row) for row in rows if row.limit is not None)
    text = ", ".join(f"{counts[found]} {found}" for found in (r.MET, r.MISSED, r.NOISY) if counts[found])
    return f"{sum(counts.values())} goals: {text}"


def interval_text(row, way):
    low, high = r.interval(row, way)
    form = {"ratio": ".3f", "difference": ".0f" if high >= 100 else ".3f", "value": ".2f"}[row.measure]
    return f"[{low:{form}} {high:{form}}]"


def _four_ways(rows):
    titles = ["", "", HOST, AGAIN, EXEC, SSHD, LABGPU, "", "goal", ""]
    lines = [titles]
    for row in rows:
        cells = [row.work, row.unit, _figures(row, HOST)]
        cells += [_figures(row, way) + _ratio(row, way) for way in (AGAIN, EXEC, SSHD, LABGPU)]
        lines.append([*cells, interval_text(row, LABGPU), *_goal(row)])
    return _columns(lines, texts={0, 1, 8, 9})


def _divided(rows):
    """Those that are compared with a host account, by what is measured, and the others."""
    compared, others = {r.TIME: [], r.PROCESSOR: []}, []
    for row in rows:
        (compared[row.what] if row.base == HOST and HOST in row.samples else others).append(row)
    return {what: chosen for what, chosen in compared.items() if chosen}, others


def _goal(row):
    return [row.goal, r.verdict(row)] if row.limit is not None else ["", ""]


def _markdown_table(titles, lines):
    lines = [titles, ["---"] * len(titles), *lines]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _beside_host(row):
    figures = [_short(r.median(row, way)) if way in row.samples else "" for way in (HOST, AGAIN, EXEC, SSHD, LABGPU)]
    return [f"{row.work}, {row.unit}", *figures, _judged(row), interval_text(row, LABGPU), *_goal(row)]


def _alone(row):
    for way in row.samples:
        figures = [_short(r.median(row, way)), _short(r.p95(row, way))]
        judged = [_judged(row), interval_text(row, way), row.goal, r.verdict(row)] if way == row.judged else [""] * 4
        yield [f"{row.work}, {row.unit}", way, *figures, *judged]


def _judged(row):
    if row.measure == "value":
        return ""
    return f"{r.ratio(row, row.judged):.3f}" if row.measure == "ratio" else f"{r.difference(row, row.judged):+.3g}"


def _by_themselves(rows):
    """What is not compared with a host account: each of its ways with the figures, and what is judged."""
    lines = []
    for row in rows:
        for way in row.samples:
            judged = ["", "", ""]
            if way == row.judged:
                judged = [f"{_judged(row)} {interval_text(row, way)}".lstrip(), row.goal, r.verdict(row)]
            lines.append([row.work, way, row.unit, _figures(row, way), *judged])
    return _columns(lines, texts={0, 1, 2, 5, 6})


def _figures(row, way):
    if way not in row.samples:
        return "-"
    return f"{_short(r.median(row, way))} {_short(r.p95(row, way))}"


def _ratio(row, way):
    return f"  {r.ratio(row, way):.3f}" if way in row.samples else ""


def _short(value):
    """Three digits, and no more after the point than that takes."""
    digits = next((digits for digits, least in enumerate((100, 10, 1)) if value >= least), 3)
    return f"{value:.{digits}f}"


def _columns(lines, texts):
    """`texts`: the numbers of the columns that begin at the left; figures end at the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def aligned(number, cell):
        return cell.ljust(widths[number]) if number in texts else cell.rjust(widths[number])

    return "\n".join("  ".join(aligned(*numbered) for numbered in enumerate(line)).rstrip() for line in lines)
