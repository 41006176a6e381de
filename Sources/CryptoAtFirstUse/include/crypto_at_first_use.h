// Nothing to be called: see crypto_at_first_use.c.
