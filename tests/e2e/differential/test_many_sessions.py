# Nothing is left of a thousand sessions: no process, no descriptor, no terminal.
from concurrent.futures import ThreadPoolExecutor

from processes import wait_until

SESSIONS = 1000


def remains(server, user):
    """Counts that must not grow: the helper's and init's descriptors, processes, zombies, terminals."""
    init = server.init_pid(user)
    script = f"""
        ls /proc/{server.helper_pid()}/fd | wc -l
        ls /proc/{init}/fd | wc -l
        docker top {user}_container -eo pid | wc -l
        ps -eo stat= | grep -c '^Z'
        docker exec {user}_container sh -c 'ls /dev/pts | wc -l'
        ls /dev/pts | wc -l
        pgrep -c -u {user}"""
    return [int(word) for word in server.try_sh(script).text.split()]


def test_a_thousand_sessions_leave_nothing(server, boxed):
    def one(number):
        options = ["-tt"] if number % 4 == 0 else []
        result = shared.ssh(f"echo {number}; exit {number % 100}", *options, timeout=120)
        return result.status == number % 100 and result.text == str(number)

    boxed.client.ssh("true").ok()
    before = wait_until(lambda: remains(server, boxed.name), 5)
    with boxed.client.master() as shared, ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(SESSIONS)))
    wait_until(lambda: remains(server, boxed.name) == before, 20, f"{before} again, as before", 0.5)
