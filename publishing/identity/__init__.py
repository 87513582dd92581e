"""Who is asking: access tokens of the user pool, API keys of programs. Builds the Actor that services judge."""
