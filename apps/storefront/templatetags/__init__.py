"""What templates of the shop need beside what Django has."""
