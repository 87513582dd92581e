"""pynamodb item classes and key composition: the single table's rows. Only `store` (and admin reads) come here."""
