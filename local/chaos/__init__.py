"""`make chaos`: a system of its own, killed and misled for minutes, and then counted at the platforms."""
