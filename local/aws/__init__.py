"""The AWS emulator, made durable, and what a deployment's Data and Auth stacks would create in it."""
