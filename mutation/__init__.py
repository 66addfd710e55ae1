"""Takes out what makes the code correct, one piece at a time: each time a test must fail."""
