"""Samples of returned mail, written here after the RFCs and after what mail programs are known to write."""
