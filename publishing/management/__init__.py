"""Commands for operators: `manage.py <command>`. Each makes one service call."""
