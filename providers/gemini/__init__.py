"""The Google Gemini API."""
