"""What WhatsApp tells the shop beside what became of a message: what people wrote, what they wish, how the account stands."""
