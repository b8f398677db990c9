"""Parameters looked at along random directions, and entry by entry only where a direction shows a gap."""
