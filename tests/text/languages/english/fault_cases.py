"""Written forms that were once misread, by what is special about them, with their words."""

READINGS: dict[str, list[tuple[str, str]]] = {
    "a decimal comma": [
        ("Price: €1,50.", "Price: one euro fifty cents."),
        ("1,50 € or £0,99", "one euro fifty cents or ninety-nine pence"),
        (
            "€1.234,56 and 2 500,75 €",
            "one thousand two hundred and thirty-four euros fifty-six cents and two thousand five "
            "hundred euros seventy-five cents",
        ),
        ("€1,5 million", "one point five million euros"),
        ("1,75 m and 72,5 kg", "one point seven five meters and seventy-two point five kilograms"),
        ("1,5%", "one point five percent"),
        (
            "€1,234.50 and ₹1,00,000",
            "one thousand two hundred and thirty-four euros fifty cents and one hundred thousand rupees",
        ),
        ("1,50,000 people", "one hundred fifty thousand people"),
    ],
    "units and prices without a space": [
        ("At 230V, not 110V.", "At two hundred and thirty volts, not one hundred and ten volts."),
        ("a 12V battery and 5J", "a twelve volt battery and five joules"),
        ("a 10A fuse, 230V 16A", "a ten amp fuse, two hundred and thirty volts sixteen amps"),
        ("seat 10A", "seat ten A"),
        ("£3each", "three pounds each"),
        ("$5off, 3€each, 5¢each", "five dollars off, three euros each, five cents each"),
        ("$5k and $5bn", "five thousand dollars and five billion dollars"),
    ],
    "parts of an inch": [
        ('Use a 3/4" bolt.', "Use a three quarter inch bolt."),
        ('A 1/2" pipe, 5/8" wide', "A one half inch pipe, five eighths of an inch wide"),
        ('a 1 1/2" nail', "a one and a half inch nail"),
        ("½″ drill", "one half inch drill"),
        ('It is 3/4".', "It is three quarters of an inch."),
        ('He said "use 3/4" and left.', 'He said "use three quarters" and left.'),
    ],
}
