"""The editors' desk: pages for people who signed in by web session, and the pages by which they do."""
