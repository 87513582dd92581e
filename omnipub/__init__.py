"""The web process: settings, addresses and the WSGI application. No rules live here."""
