"""What a voice says where nobody says what."""

HELLO = "Hello world."

TEN_SECONDS = (
    "The morning ferry leaves the harbor at half past seven, and by the time it reaches the far side of the bay "
    "the sun has usually burned through the fog that lies on the water in the early autumn."
)
