"""The providers that report back, one file each: how to see that it was them, and what they said."""
