# Copying files with scp, sftp and rsync.
import os
import re
import shlex

from client import NEWLINE_NAME, ODD_NAMES
from processes import observed_tree
from table import Table

table = Table("files")
