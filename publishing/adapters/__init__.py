"""What reaches outside besides the table and the channels: stream, clock, secrets, function invocation."""
