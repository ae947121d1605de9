# What the events of one login tell: how long each part of it took, in milliseconds.
import collections

from kernel_trace import Event
from processor import ProcessorTime

SESSION_COMMAND = "/usr/libexec/labgpu/labgpu-session"
SHELL = "/bin/bash"

# The module's entry points, by the name of their event.
PROBES = {
    "account": "pam_sm_acct_mgmt",
    "setcred": "pam_sm_setcred",
    "open": "pam_sm_open_session",
    "close": "pam_sm_close_session",
}


class Login:
    """One `ssh HOST true`, from the fork of the listener's child to the end of the last process of sshd's."""

    def __init__(self, events: list[Event], listener, traced):
        self.events = events
        self.times = ProcessorTime(events, traced)
        self.begun = next(e.at for e in events if e.name == "sched_process_fork" and e.process == listener)
        self.shell = self._first("sched_process_exec", f"filename={SHELL}")
        self.session = self._first("sched_process_exec", f"filename={SESSION_COMMAND}")
        # Who becomes the session command, or the shell where there is none.
        self.command = self.session or self.shell
        self.forked = self._first("sched_process_fork", f"child_pid={self.command.process}")

    def _first(self, name, words):
        return next((e for e in self.events if e.name == name and words in e.text.split()), None)

    def _exit(self, process):
        return next(e.at for e in self.events if e.name == "sched_process_exit" and e.process == process)

    def spans(self, probe):
        """When each call of that function began and ended, and in which process."""
        entered = {}
        for event in self.events:
            if event.name == probe:
                entered[event.process] = event.at
            elif event.name == f"{probe}_returns":
                yield entered.pop(event.process), event.at, event.process

    def _took(self, begin, end):
        """Milliseconds, without the time in which all of the login waited for other work on the machine."""
        return (end - begin - self.times.waited(begin, end)) * 1e3

    def module(self, probe):
        return sum(self._took(begin, end) for begin, end, _ in self.spans(probe))

    def fork_to_shell(self):
        """From sshd's fork of the process that is to be the command, to the shell's execve."""
        return self._took(self.forked.at, self.shell.at)

    def session_to_shell(self):
        return self._took(self.session.at, self.shell.at)

    def shell_to_end(self):
        """From the shell's end to the end of what sshd waits for: nothing where that is the shell."""
        return self._took(self._exit(self.shell.process), self._exit(self.command.process))

    def before_the_shell(self):
        return self._took(self.begun, self.shell.at)

    def processor(self, process=None):
        """Milliseconds on a processor of that process, or of all that were traced."""
        return (self.times.used() if process is None else self.times.used_by(process)) * 1e3

    def calls(self, begin, end, process):
        """System calls of a process within that time: by name, their number and milliseconds."""
        found = collections.defaultdict(lambda: [0, 0.0])
        entered = None
        for event in self.events:
            if event.process != process or not begin <= event.at <= end or not event.name.startswith("sys_"):
                continue
            # An entry is `sys_NAME(ARGUMENTS)`, a return `sys_NAME -> VALUE`.
            if not event.text.startswith(" -> "):
                entered = event.at
            elif entered is not None:
                found[event.name][0] += 1
                found[event.name][1] += (event.at - entered) * 1e3
        return dict(found)

