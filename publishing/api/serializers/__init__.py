"""The shapes of requests and answers, field by field; what is not listed is neither read nor shown."""
