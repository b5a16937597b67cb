"""Small widgets that every larger one is made of: labels, buttons, chips, frames, lists to pick from."""
