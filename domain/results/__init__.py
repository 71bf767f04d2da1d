"""What comes back from a send: reports of providers, returned mail, opens and clicks, and the figures made of them."""
