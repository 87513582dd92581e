"""Who is asking: access tokens of the user pool. Builds the Actor that services judge."""
