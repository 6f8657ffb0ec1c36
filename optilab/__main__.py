"""`python -m optilab`."""

from optilab.cli import main

main(prog_name="optilab")
