"""Write down that an action was called, by which job and with which inputs; fail where a rule says so."""

import json
import os
import sys

from journal import write_down

inputs = json.loads(os.environ["INPUTS"])
rule = write_down([os.environ["ACTION"]], inputs=inputs)
if rule and rule["status"]:
    sys.exit(rule["status"])
