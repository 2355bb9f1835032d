"""Evidence: exports that are kept, packets that prove what was planned and done, and their verification."""
