# A directory service for a test host: Debian's slapd, and sssd that serves the host's name service and PAM from it.
import contextlib

PACKAGES = ["slapd", "ldap-utils", "sssd-ldap", "sssd-tools", "libnss-sss", "libpam-sss"]
BASE = "dc=lab,dc=example"
ADMIN = f"-x -D cn=admin,{BASE} -w directory"

DEBCONF = """slapd slapd/domain string lab.example
slapd shared/organization string lab
slapd slapd/password1 password directory
slapd slapd/password2 password directory
"""

# Passwords cross the host's own loopback alone.
SSSD = f"""[sssd]
services = nss, pam
domains = lab
[domain/lab]
id_provider = ldap
ldap_uri = ldap://127.0.0.1
ldap_search_base = {BASE}
ldap_id_use_start_tls = false
ldap_auth_disable_tls_never_use_in_production = true
cache_credentials = true
entry_cache_timeout = 3600
"""

# Homes are made at the first login, as sites with a directory have it.
SET_UP = """set -e; export DEBIAN_FRONTEND=noninteractive
debconf-set-selections </var/tmp/debconf
mkdir -p /var/tmp/directory; tar -C /var/tmp/directory -xf /var/tmp/directory.tar
apt-get install -qq -y --no-install-recommends /var/tmp/directory/*.deb >/dev/null
pam-auth-update --enable mkhomedir
systemctl restart slapd sssd"""

PURGE = "DEBIAN_FRONTEND=noninteractive apt-get purge -qq -y --autoremove slapd sssd-common sssd-tools libnss-sss libpam-sss >/dev/null"


class Directory:
    def __init__(self, server):
        self.server = server
        self._add("dn: ou=people,%s\nobjectClass: organizationalUnit\n" % BASE)
        self._add("dn: ou=groups,%s\nobjectClass: organizationalUnit\n" % BASE)

    def _add(self, entry):
        self.server.sh(f"ldapadd {ADMIN}", stdin=entry)

    def modify(self, entry, change):
        """`change` as in an LDIF file; nobody remembers what was before."""
        self.server.sh(f"ldapmodify {ADMIN}", stdin=f"dn: {entry},{BASE}\nchangetype: modify\n{change}")
        self.server.sh("sss_cache -E")

    def add_group(self, name, gid):
        self._add(f"dn: cn={name},ou=groups,{BASE}\nobjectClass: posixGroup\ncn: {name}\ngidNumber: {gid}\n")

    def add_user(self, name, uid, gid, password):
        self._add(
            f"dn: uid={name},ou=people,{BASE}\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\n"
            f"cn: {name}\nsn: {name}\nuid: {name}\nuidNumber: {uid}\ngidNumber: {gid}\nhomeDirectory: /home/{name}\n"
            f"loginShell: /bin/bash\ngecos: {name.title()} of the lab\nuserPassword: {password}\n"
        )

    def put_into(self, group, name):
        self.modify(f"cn={group},ou=groups", f"add: memberUid\nmemberUid: {name}\n")

    def take_from(self, group, name):
        self.modify(f"cn={group},ou=groups", f"delete: memberUid\nmemberUid: {name}\n")

    def set_shell(self, name, shell):
        self.modify(f"uid={name},ou=people", f"replace: loginShell\nloginShell: {shell}\n")


@contextlib.contextmanager
def directory_service(server):
    """slapd and sssd on the host until the end; PAM's, the name service's and the accounts' files are given back."""
    tar = server.testhost("packages", server.release, *PACKAGES, timeout=300).ok().text
    server.testhost("copy", tar, f"{server.name}:/var/tmp/directory.tar", timeout=60).ok()
    server.write("/var/tmp/debconf", DEBCONF.encode())
    server.write("/etc/sssd/sssd.conf", SSSD.encode(), mode="600")
    kept = "/var/tmp/before-directory.tar"
    # The packages leave the accounts that they made.
    accounts = "/etc/passwd /etc/shadow /etc/group /etc/gshadow"
    server.sh(f"tar -C / -cPf {kept} /etc/pam.d /etc/nsswitch.conf {accounts}")
    try:
        server.sh(SET_UP, timeout=240)
        yield Directory(server)
    finally:
        server.try_sh(PURGE, timeout=240)
        server.sh(f"rm -rf /etc/pam.d /etc/sssd; tar -xPf {kept} -C /; rm -rf /var/tmp/directory* {kept}")
