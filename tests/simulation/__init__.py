"""A deterministic simulation that drives the delivery and dispatch generators: one seed, one history.

`world` has the time, the processes and their faults; `table` interprets the protocol's operations in memory;
`platforms` keeps what was posted; `people` write, move and cancel; `scenario` puts them together and checks the
invariants of the delivery protocol.
"""
