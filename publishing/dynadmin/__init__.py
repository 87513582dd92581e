"""Django's admin over DynamoDB: unmanaged models, a queryset-like reader, and an admin that never writes by itself.

Generic: it imports nothing of the rest of the application. README.md says how a model is put into it.
"""
