"""How everything looks: tokens from the host's palette and font, icons, and the ground that carries the style sheet."""
