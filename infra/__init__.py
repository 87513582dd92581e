"""The AWS side as code: eight CDK stacks, the packages of the functions, and the commands that deploy them.

Only `infra.app`, `infra.stacks` and `infra.constructs` need the CDK; they run in an environment of their own
(`.venv-infra`), so that the project's stays small. Of the application, `publishing.table` and `publishing.paths` alone
are read here.
"""
