# People who log in all the time, each in a thread: commands, terminals, copies of files, and data that has to be kept.
import hashlib
import itertools
import random
import threading

from beside import Beside
from judge import Judgement, Outcome, Verdict, judge_answer, judge_copy
from processes import run

KINDS = {"command": 5, "terminal": 2, "keep": 3, "scp up": 2, "scp down": 2}
PAUSES = {True: (0.4, 1.2), False: (0.8, 1.6)}  # seconds, for accounts of labgpu's and for the host's
NUMBERS = itertools.count(1)
# One attempt: a client that tries again by itself would hide that it was refused.
ONCE = ["-o", "ConnectionAttempts=1", "-o", "ConnectTimeout=25"]
# A client that is not through by then is one that hangs.
GIVE_UP = 40


class Load(Beside):
    """`with Load(people, tally, faults, seed, folder): …`; FAULTS says which are at work (storm.AtWork)."""

    def __init__(self, people, tally, at_work, seed, folder):
        self.tally = tally
        self.at_work = at_work
        self.folder = folder
        self.broken = []
        # The first account twice, so that one container has logins at the same time.
        super().__init__(
            [
                threading.Thread(target=self._guarded, args=(person, random.Random(f"{seed}/{number}")))
                for number, person in enumerate([people[0], *people])
            ]
        )

    def _guarded(self, person, draw):
        try:
            while not self.stop.is_set():
                kind = draw.choices(list(KINDS), KINDS.values())[0]
                self._one(person, kind, draw)
                self.stop.wait(draw.uniform(*PAUSES[person.managed]))
        except Exception as error:  # a thread's end must not look like peace
            self.broken.append(f"the load of {person.name} broke: {error!r}")

    def _one(self, person, kind, draw):
        number = next(NUMBERS)
        began = self.tally.now()
        outcome, judge = getattr(self, "_" + kind.replace(" ", "_"))(person, number, draw)
        faults = self.at_work.between(began, self.tally.now())
        may_be_cut = any(fault.stops_sshd or (fault.cuts and person.managed) for fault in faults)
        judgement = judge(may_be_cut)
        if judgement.verdict == Verdict.REFUSED:
            judgement = excused(judgement, person.managed, faults)
        self.tally.login(person.name, kind, began, outcome.seconds, judgement, sorted({fault.name for fault in faults}))

    def _command(self, person, number, _draw, between="true", options=()):
        nonce = f"n{number}n"
        outcome = attempt(person.client.ssh_argv(*ONCE, *options, "--", person.whereabouts(nonce, between)), person)
        return outcome, lambda cut: judge_answer(outcome, person.place, nonce, cut, terminal=bool(options))

    def _terminal(self, person, number, draw):
        return self._command(person, number, draw, options=("-tt",))

    def _keep(self, person, number, draw):
        script, digests = person.keep(f"k{number}", f"content-{number}-{draw.random()}")
        outcome, judge = self._command(person, number, draw, between=script)
        if outcome.status == 0:
            person.ledger.update(digests)
        return outcome, judge

    def _scp_up(self, person, number, draw):
        content = draw.randbytes(draw.randrange(1, 200_000))
        local = self.folder / f"up-{number}"
        local.write_bytes(content)
        outcome = attempt(["scp", "-q", *person.client.options, *ONCE, str(local), f"server:up-{number}"], person)
        local.unlink()
        if outcome.status == 0:
            person.ledger[f"{person.home}/up-{number}"] = hashlib.sha256(content).hexdigest()
        return outcome, lambda cut: judge_copy(outcome, content, None, cut)

    def _scp_down(self, person, number, _draw):
        local = self.folder / f"down-{number}"
        outcome = attempt(["scp", "-q", *person.client.options, *ONCE, "server:.faults-token", str(local)], person)
        got = local.read_bytes() if local.exists() else b""
        local.unlink(missing_ok=True)
        return outcome, lambda cut: judge_copy(outcome, person.place.lines[2].encode() + b"\n", got, cut)


def attempt(argv, person):
    try:
        result = run(argv, timeout=GIVE_UP, env=person.client.environment)
    except AssertionError as late:
        return Outcome(None, str(late), "", GIVE_UP)
    return Outcome(result.status, result.out.decode(errors="replace"), result.err.decode(errors="replace"), result.seconds)


def excused(judgement, managed, faults):
    """A refusal is right only while something is broken, and for accounts of the host only what is sshd's own."""
    if any(fault.stops_sshd or managed for fault in faults):
        return judgement
    return Judgement(Verdict.WRONG, f"refused for no reason: {judgement.says}")
