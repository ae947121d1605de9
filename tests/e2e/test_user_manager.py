# systemd's manager of a user's own services, which every login to the host asks for: not for who is in a container.


def asked_for(server, client):
    """What systemd says of the unit when that person logs in."""
    begun = server.sh("date +%s.%N").text
    client.ssh("true").ok()
    uid = server.sh(f"id -u {client.user}").text
    server.sh("journalctl --sync")
    return server.sh(f"journalctl -q --no-pager --since @{begun} UNIT=user@{uid}.service + _SYSTEMD_UNIT=user@{uid}.service").text


def test_a_login_to_a_container_starts_no_process_for_it(server, alice):
    for _ in range(2):  # the unit stays inactive, so each login asks for it
        said = asked_for(server, alice)
        assert "unmet condition check" in said and "Starting" not in said, said


def test_it_runs_for_an_account_of_the_host(server, carol):
    server.sh("loginctl terminate-user carol; systemctl stop user@$(id -u carol).service; true")
    said = asked_for(server, carol)
    assert "Started" in said and "unmet" not in said, said


def test_the_file_that_systemd_looks_for_goes_with_the_account(server, new_user):
    client = new_user()
    uid = server.sh(f"id -u {client.user}").text
    assert server.sh("ls /var/lib/labgpu/nss/uids").text.split().count(uid) == 1
    server.labgpu("user", "remove", "--yes", client.user).ok()
    assert uid not in server.sh("ls /var/lib/labgpu/nss/uids").text.split()
