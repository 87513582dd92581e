"""Reads and conditional writes; domain values on both sides, DynamoDB in between."""
