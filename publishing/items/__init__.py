"""pynamodb item classes and key composition: the single table's rows. Only `store` (and the admin's reads) come here."""
