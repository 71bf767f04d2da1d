"""Mail that comes back: bounces, complaints, auto-replies and answers. Pure: bytes go in, what they mean comes out."""
