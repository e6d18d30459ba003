"""What memberships does when billing and loyalty announce something."""
