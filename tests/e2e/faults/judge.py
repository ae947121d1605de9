# What a login's answer is worth. Pure, so that forged answers can show that it notices.
import dataclasses
import enum
import re

HUNG = 30.0  # seconds
# What ssh itself says at the end of every session at a terminal. It explains nothing.
CLIENTS_FAREWELL = re.compile(r"Connection to \S+ closed\.")
# What the clients say after the server's own reason, if it gave one.
CLIENTS_RESULT = re.compile(r"(scp: )?Connection (closed|reset)( by .*)?|client_loop: .*|scp: .*lost connection.*")


class Verdict(enum.Enum):
    FINE = "fine"
    REFUSED = "refused"  # with a sentence, or cut off by a fault that ends logins
    WRONG = "wrong"


@dataclasses.dataclass(frozen=True)
class Place:
    """Where somebody has to land: what `lines` of a login say there."""

    lines: tuple  # name, host name, and the tokens that lie in this home and in this container alone
    host_namespaces: tuple = ()  # of the host; a container's are all different
    on_host: bool = False

    def contradiction(self, answer):
        """What in an answer's lines is not of this place; None when all of it is."""
        expected = len(self.lines)
        if tuple(answer[:expected]) != self.lines:
            return f"not where it belongs: {answer[:expected]} instead of {list(self.lines)}"
        namespaces = tuple(answer[expected:])
        if len(namespaces) != len(self.host_namespaces):
            return f"cut short: {answer}"
        same = [mine == hosts for mine, hosts in zip(namespaces, self.host_namespaces)]
        if not all(same) if self.on_host else any(same):
            return f"in the wrong namespaces: {namespaces}"
        return None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a client saw: `out` and `err` are text; `status` is None for one that did not end in time."""

    status: int | None
    out: str
    err: str
    seconds: float


@dataclasses.dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    says: str = ""


def judge_answer(outcome, place, nonce, may_be_cut, terminal=False):
    """A login whose script prints the nonce, its place, and the nonce again."""
    late = judge_time(outcome)
    if late:
        return late
    answer, complete, rest = _between(outcome.out, nonce)
    wrong = _wrong_in_part(answer, place) if not complete else place.contradiction(answer)
    if wrong:
        return Judgement(Verdict.WRONG, wrong)
    if outcome.status == 0:
        if not complete:
            return Judgement(Verdict.WRONG, f"status 0 and half an answer: {outcome.out!r}")
        # A person at a terminal may be told something; a program gets its bytes and no other.
        if rest and not terminal:
            return Judgement(Verdict.WRONG, f"more than was asked for: {rest!r}")
        return Judgement(Verdict.FINE)
    return judge_refusal(outcome, may_be_cut, "\n".join(rest) if terminal else "")


def judge_copy(outcome, wanted, got, may_be_cut):
    """A copy of a file: `got` is what arrived, None when that is looked at later."""
    late = judge_time(outcome)
    if late:
        return late
    if outcome.status == 0:
        if got is not None and got != wanted:
            return Judgement(Verdict.WRONG, f"another file arrived: {got[:80]!r} instead of {wanted[:80]!r}")
        return Judgement(Verdict.FINE)
    return judge_refusal(outcome, may_be_cut)


def judge_time(outcome):
    if outcome.status is None or outcome.seconds > HUNG:
        return Judgement(Verdict.WRONG, f"hung: {outcome.seconds:.1f} s; {outcome.out!r} {outcome.err!r}")
    return None


def judge_refusal(outcome, may_be_cut, said=""):
    sentence = message(said) or message(outcome.err)
    if sentence:
        return Judgement(Verdict.REFUSED, sentence)
    silent = f"ended without a word (status {outcome.status})"
    return Judgement(Verdict.REFUSED if may_be_cut else Verdict.WRONG, silent)


def message(text):
    """The last line that explains something, without what differs each time, so that equal ones can be counted."""
    lines = [line.strip() for line in text.replace("\r", "\n").splitlines()]
    lines = [line for line in lines if line and not CLIENTS_FAREWELL.fullmatch(line)]
    if not lines:
        return ""
    explained = [line for line in lines if not CLIENTS_RESULT.fullmatch(line)]
    line = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", (explained or lines)[-1])
    line = re.sub(r"\b(alice|bob|dora|eve|carol|root)(_container)?\b", "NAME", line)
    return re.sub(r"[0-9a-f]{12,}|\d+(\.\d+)*", "N", line)[:160]


def _between(text, nonce):
    """The lines between the two nonces, whether the second one came, and all the other lines."""
    lines = text.replace("\r", "").splitlines()
    if nonce not in lines:
        return [], False, lines
    first = lines.index(nonce)
    rest = lines[first + 1 :]
    if nonce not in rest:
        return rest, False, lines[:first]
    last = rest.index(nonce)
    return rest[:last], True, lines[:first] + rest[last + 1 :]


def _wrong_in_part(answer, place):
    """Half an answer may be all that came, and has to be right as far as it goes; its last line may be half a line."""
    whole = answer[:-1]
    for line, wanted in zip(whole, place.lines):
        if line != wanted:
            return f"not where it belongs: {line!r} instead of {wanted!r}"
    namespaces = whole[len(place.lines) :]
    if any((mine == hosts) != place.on_host for mine, hosts in zip(namespaces, place.host_namespaces)):
        return f"in the wrong namespaces: {namespaces}"
    return None
