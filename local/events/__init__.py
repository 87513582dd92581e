"""Local event sources: what Kinesis' event source mapping, EventBridge and Lambda's Invoke do on AWS."""
