# What sanitised daemons report: a file for each process (tests/run/sanitised.conf), and lines of the journal where none could be made.
REPORTS, JOURNAL = "/var/log/sanitised", "/var/tmp/e2e-sanitised"
MARKS = "AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:"


def take_reports(server):
    """All that was reported since the last call, as text."""
    script = f"""cat {REPORTS}/report.* 2>/dev/null; rm -f {REPORTS}/report.*
        journalctl -q -o cat --cursor-file={JOURNAL}.cursor >{JOURNAL} && {{ grep -aE '{MARKS}' {JOURNAL}; true; }}"""
    return server.sh(script).out.decode(errors="replace").strip()


def fail_when_reported(server):
    reports = take_reports(server)
    assert not reports, f"a sanitised daemon reported:\n{reports[:8000]}"


def fail_when_reported_at_the_end(server):
    """What has leaked is told when the helper ends; there may be none any more."""
    server.try_sh("systemctl stop labgpud.service")
    fail_when_reported(server)
    server.try_sh("systemctl start labgpud.service")
