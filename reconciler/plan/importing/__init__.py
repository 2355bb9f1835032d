"""What live state says a first YAML should be: whose each wallet is, what it is usually funded with, what is left."""
