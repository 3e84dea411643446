"""What authors write into their texts: inline markup and SSML, read into passages."""
