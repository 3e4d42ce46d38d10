"""Location `delivery`: tasks, agent runs, pull requests and their evaluation, shared by all projects.

Small on purpose, however many projects there are: a run that evaluates a pull request loads this module alone. It has
no parts yet; each will be named once, here.
"""

import dagster as dg

defs = dg.Definitions()
