"""One module a platform: two pure translations and a thin shell each; no platform's name appears elsewhere."""
