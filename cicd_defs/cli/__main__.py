"""`python -m cicd_defs.cli`."""

from cicd_defs.cli import main

main()
