# When the traced processes had a processor, and when all that had something to do waited for one that others had.
import collections

IDLE = "0"  # the process that a processor runs which has nothing to do


class ProcessorTime:
    """`running`: by process, when it ran. `queued`: when at least one waited behind other work. Lists of (begin, end)."""

    def __init__(self, events, traced):
        self.running = collections.defaultdict(list)
        self.queued = []
        since, waiting, traced = {}, {}, set(traced)
        for event in events:
            if event.name == "sched_process_fork":
                traced.add(int(event.field("child_pid")))
            elif event.name.startswith("sched_wakeup"):
                waiting.setdefault(int(event.field("pid")), event.at)
            elif event.name == "sched_switch":
                gone, come = int(event.field("prev_pid")), int(event.field("next_pid"))
                if gone in since:
                    self.running[gone].append((since.pop(gone), event.at))
                waiting.pop(gone, None)
                if gone in traced and event.field("prev_state").startswith("R"):
                    waiting[gone] = event.at
                if come in traced:
                    since[come] = event.at
                    begin = waiting.pop(come, event.at)
                    # Waking an idle processor is the login's own cost, and is not counted as waiting.
                    if event.field("prev_pid") != IDLE:
                        self.queued.append((begin, event.at))

    def used_by(self, process):
        return sum(end - begin for begin, end in self.running[process])

    def used(self):
        return sum(map(self.used_by, list(self.running)))

    def waited(self, begin, end):
        """How long in that time nobody ran, and somebody waited for others to leave a processor."""
        edges = [(at, change, 0) for one in self.queued for at, change in zip(one, (1, -1), strict=True)]
        edges += [(at, 0, change) for times in self.running.values() for one in times for at, change in zip(one, (1, -1), strict=True)]
        queued = running = 0
        before, total = begin, 0.0
        for at, more_queued, more_running in sorted(edges):
            at = min(max(at, begin), end)
            if queued and not running:
                total += at - before
            before = at
            queued += more_queued
            running += more_running
        return total
