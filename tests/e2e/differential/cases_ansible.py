# Ansible's modules, with pipelining on and off.
import contextlib
import re
import shlex

from table import Table

table = Table("ansible")

MASTER = ["-o", "ControlMaster=auto", "-o", "ControlPersist=20"]

PLAY = """
- hosts: all
  gather_facts: yes
  tasks:
    - copy: {content: "copied {{ ansible_user_id }}\\n", dest: "~/work/copied", mode: "0640"}
    - template: {src: "sample.j2", dest: "~/work/templated"}
    - template: {src: "sample.j2", dest: "~/work/templated"}
    - file: {path: "~/work/folder", state: directory, mode: "0711"}
    - lineinfile: {path: "~/work/copied", line: "another line"}
    - command: id -un
      register: who
    - shell: echo $0; exit 3
      register: failed
      failed_when: failed.rc != 3
    - command: id -un
      become: yes
      register: root
    - copy: {src: "sample.j2", dest: "/opt/of-{{ ansible_user_id }}", owner: root, mode: "0600"}
      become: yes
    - debug: {msg: "{{ who.stdout }} {{ root.stdout }} {{ failed.rc }} {{ ansible_user_shell }}"}
    - fetch: {src: "/opt/of-{{ ansible_user_id }}", dest: "fetched", flat: yes}
      become: yes
    - file: {path: "/opt/of-{{ ansible_user_id }}", state: absent}
      become: yes
"""


def ansible(person, folder, program, *arguments, pipelining="True"):
    """A program of Ansible's for the account as its only host, without the time that things took."""
    settings = {
        "ANSIBLE_CONFIG": f"{folder}/ansible.cfg",
        "ANSIBLE_PIPELINING": pipelining,
        "ANSIBLE_LOCAL_TEMP": f"{folder}/ansible",
        "ANSIBLE_NOCOLOR": "1",
        # One connection for all tasks, as Ansible's own settings have it.
        "ANSIBLE_SSH_ARGS": shlex.join([*person.client.options, *MASTER, "-o", f"ControlPath={folder}/mux"]),
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
    }
    seen = person.local(program, "-i", "server,", "-u", person.name, *arguments, env=settings, timeout=90)
    # Times, and random names.
    blurred = re.sub(
        r'"(start|end|delta|src)": "[^"]*"|\d{10}\.\d+[-\d]*|(?<="(inode|ctime|mtime)": )[\d.]+', "N", seen["out"]
    )
    return {**seen, "out": blurred}


@contextlib.contextmanager
def prepared(person):
    with person.folders() as (local, _):
        (local / "sample.j2").write_text("{{ inventory_hostname }} has {{ ansible_user_id | default('nobody') }}\n")
        (local / "ansible.cfg").write_text("[defaults]\n")
        (local / "play.yml").write_text(PLAY)
        yield local
        person.local(*person.client.ssh_argv("-O", "exit", "-o", f"ControlPath={local}/mux"))


for pipelining in ("True", "False"):

    @table.case(f"ping, command, copy and become, with pipelining {pipelining}")
    def _(person, pipelining=pipelining):
        with prepared(person) as local:
            return [
                ansible(person, local, "ansible", "all", *module, pipelining=pipelining)
                for module in (
                    ["-m", "ping"],
                    ["-m", "command", "-a", "id -un"],
                    ["-b", "-m", "command", "-a", "id -un"],
                    ["-m", "command", "-a", "false"],
                    ["-m", "copy", "-a", f"src={local}/sample.j2 dest=work/ mode=0600"],
                )
            ]

    @table.case(f"a playbook, with pipelining {pipelining}")
    def _(person, pipelining=pipelining):
        with prepared(person) as local:
            seen = ansible(person, local, "ansible-playbook", f"{local}/play.yml", pipelining=pipelining)
            left = person.ssh("cd work; grep -r . .; stat -c '%a %n' * | sort; ls -A ~/.ansible/tmp 2>/dev/null")
            return [seen, left, (local / "fetched").read_text()]


@table.case("a host that refuses, a module that fails, a script")
def _(person):
    with prepared(person) as local:
        (local / "script").write_text("#!/bin/sh\necho script $1; echo err >&2; exit 4\n")
        script = ansible(person, local, "ansible", "all", "-m", "script", "-a", f"{local}/script word")
        missing = ansible(person, local, "ansible", "all", "-m", "file", "-a", "path=work/none state=file")
        raw = ansible(person, local, "ansible", "all", "-m", "raw", "-a", "echo raw; exit 2")
        return [script, missing, raw]
