"""`python -m optilab`."""

from optilab.cli.main import main

main(prog_name="optilab")
