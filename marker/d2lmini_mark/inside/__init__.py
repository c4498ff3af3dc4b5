"""What runs on the student's side; it imports nothing from outside."""
