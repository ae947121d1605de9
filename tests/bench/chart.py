# The rows that are compared with a host account, as bars in an SVG.
import html

import rows as r
from rows import EXEC, HOST, LABGPU, SSHD

WAYS = {EXEC: "#b07aa1", SSHD: "#9c9c9c", LABGPU: "#2f6fb0"}
LONGEST = 2.0  # ratios beyond are cut off, and their bars say how large they are
WIDTH, LABELS, RIGHT = 870, 280, 90
BAR, GAP, TOP = 9, 9, 62
FONT = "font-family='sans-serif' font-size='12'"


def chart(rows):
    rows = [row for row in rows if (row.measure, row.base, row.what) == ("ratio", HOST, r.TIME) and not row.at_least]
    group = BAR * len(WAYS) + GAP
    height = TOP + group * len(rows) + 30
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' {FONT}>",
        f"<rect width='{WIDTH}' height='{height}' fill='#ffffff'/>",
        _text(10, 20, "Time beside an ordinary account of the same server (1.0); shorter is better", weight="bold"),
        *_legend(),
        *_scale(height - 24),
    ]
    for number, row in enumerate(rows):
        parts += _group(row, TOP + number * group)
    return "\n".join([*parts, "</svg>", ""])


def _x(ratio):
    return LABELS + min(ratio, LONGEST) / LONGEST * (WIDTH - LABELS - RIGHT)


def _text(x, y, text, anchor="start", weight="normal", color="#222222"):
    style = f"text-anchor='{anchor}' font-weight='{weight}' fill='{color}'"
    return f"<text x='{x:.1f}' y='{y:.1f}' {style}>{html.escape(text)}</text>"


def _line(ratio, top, bottom, color, dashes=""):
    x = _x(ratio)
    return f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{top}' y2='{bottom}' stroke='{color}' stroke-dasharray='{dashes}'/>"


def _legend():
    for number, (way, color) in enumerate(WAYS.items()):
        x = LABELS + number * 130
        yield f"<rect x='{x}' y='32' width='10' height='10' fill='{color}'/>"
        yield _text(x + 15, 42, way)
    x = LABELS + len(WAYS) * 130
    yield f"<line x1='{x}' x2='{x}' y1='31' y2='43' stroke='#c03030' stroke-width='2'/>"
    yield _text(x + 6, 42, "labgpu's goal")


def _scale(bottom):
    for tenths in range(0, int(LONGEST * 10) + 1, 5):
        ratio = tenths / 10
        yield _line(ratio, TOP - 8, bottom, "#222222" if ratio == 1 else "#d0d0d0")
        yield _text(_x(ratio), bottom + 16, f"{ratio:.1f}", anchor="middle")


def _group(row, top):
    """The bars of one kind of work, under each other, and its goal as a line across labgpu's."""
    yield _text(LABELS - 10, top + BAR * len(WAYS) / 2 + 4, row.work, anchor="end")
    for number, (way, color) in enumerate(WAYS.items()):
        if way not in row.samples:
            continue
        y, ratio = top + number * BAR, r.ratio(row, way)
        yield f"<rect x='{LABELS}' y='{y}' width='{_x(ratio) - LABELS:.1f}' height='{BAR - 1}' fill='{color}'/>"
        if ratio > LONGEST:
            yield _text(_x(LONGEST) + 5, y + BAR, f"{ratio:.1f}", color=color)
        elif way == LABGPU:
            noisy = " (noisy)" if r.verdict(row) == r.NOISY else ""
            yield _text(_x(max(ratio, row.limit or 0)) + 6, y + BAR, f"{ratio:.2f}{noisy}", color=color)
    if row.limit is not None:
        y, x = top + BAR * (len(WAYS) - 1), _x(row.limit)
        yield f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{y - 1}' y2='{y + BAR}' stroke='#c03030' stroke-width='2'/>"
