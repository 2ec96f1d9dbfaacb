"""Foreign clients of Ahoy: they know the published wire and nothing of the server's insides."""
