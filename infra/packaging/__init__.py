"""Packages of the functions: `make build` writes `build/<architecture>/<package>.zip` and what is known about each.

Standard library only: it runs before anything else of `infra` is installed.
"""
