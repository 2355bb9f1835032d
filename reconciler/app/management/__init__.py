"""What git manages: taking an organization or a team under management, without a write to Keeptrusts."""
