# Whatever breaks on a server while people log in, a login is refused with an error or right, and nothing is lost.
from judge import Verdict


def test_the_storm_was_one(storm):
    """Faults were made, and took hold; people logged in, also while nothing was broken."""
    assert storm.broken == []
    assert sum(row.times for row in storm.tally.rows.values()) >= storm.seconds / 40
    assert storm.tally.total.verdicts[Verdict.FINE] >= storm.seconds


def test_no_login_was_wrong(storm):
    """None landed elsewhere, hung, ended without a word, or was refused while nothing was broken."""
    wrong = storm.tally.wrong
    assert wrong == [], f"{len(wrong)} wrong logins, the first: {wrong[0]}"


def test_nothing_was_lost(storm):
    """Every file of which the server said that it is on the disk is there, at home and in the container's own layer."""
    for person in storm.people:
        assert person.ledger, f"{person.name} had nothing to lose"
        assert person.lost() == []
