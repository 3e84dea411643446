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
    "dates with a time": [
        ("At 2024-05-06T14:30:00Z it began.", "At May sixth twenty twenty-four, fourteen thirty UTC it began."),
        ("2024-05-06 14:30:15", "May sixth twenty twenty-four, fourteen thirty and fifteen seconds"),
        ("2024-12-01T00:00Z", "December first twenty twenty-four, midnight UTC"),
        ("2024-05-06T14:30:00.123+05:30", "May sixth twenty twenty-four, fourteen thirty UTC plus five thirty"),
        ("20240506T143000-0800", "May sixth twenty twenty-four, fourteen thirty UTC minus eight"),
        ("2024-05-06 2:30 PM", "May sixth twenty twenty-four two thirty PM"),
    ],
    "ranges of days and months": [
        ("Open Mon-Fri 9am-5pm.", "Open Monday to Friday nine AM to five PM"),
        ("Open Mon.–Fri. and Sat/Sun", "Open Monday to Friday and Saturday and Sunday"),
        ("Open Mon-Fri. Then closed.", "Open Monday to Friday. Then closed."),
        ("Mon, Wed and Fri; Tues thru Sat", "Monday, Wednesday and Friday; Tuesday through Saturday"),
        ("Monday-Friday", "Monday to Friday"),
        ("Sat 9am-5pm, Sun 10:00", "Saturday nine AM to five PM, Sunday ten o'clock"),
        ("In Apr–Jun 2024", "In April to June twenty twenty-four"),
        ("Jan-Mar, Sept.–Nov. 2023", "January to March, September to November twenty twenty-three"),
        ("Apr 3–Jun 5", "April third to June fifth"),
        ("3 Apr–5 June", "the third of April to the fifth of June"),
        (
            "Jan 2020–Mar 2021, May 2021 – present",
            "January twenty twenty to March twenty twenty-one, May twenty twenty-one to present",
        ),
        ("The Sun and the Mar. May and June came.", "The Sun and the Mar. May and June came."),
    ],
    "joined durations": [
        ("He waited 2h30m.", "He waited two hours thirty minutes."),
        ("2h 30m, 1h30 and 1hr 5mins", "two hours thirty minutes, one hour thirty minutes and one hour five minutes"),
        (
            "3d4h, 2m30s, 1h05m20s.",
            "three days four hours, two minutes thirty seconds, one hour five minutes twenty seconds.",
        ),
        ("4 h 20 min or 5 m 3 h", "four hours twenty minutes or five meters three hours"),
    ],
    "eras at the end of a sentence": [
        ("It ran from 44 BC. Then it ended.", "It ran from forty-four BC. Then it ended."),
        ("He died in 300 B.C. The war went on.", "He died in three hundred BC. The war went on."),
        ("In 44 B.C. the war ended.", "In forty-four BC the war ended."),
        (
            "In 500 BCE. We left in 79 A.D. It was late.",
            "In five hundred BCE. We left in seventy-nine AD. It was late.",
        ),
    ],
}
