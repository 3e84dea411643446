"""English words that are written alike and said differently: how (IPA of en-us), and the words that tell which."""


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Word → as a verb, and as anything else. Where espeak-ng has a form for one of them, it is that.
VERB_OR_NOT = {
    "abuse": ("ɐbjˈuːz", "ɐbjˈuːs"),
    "advocate": ("ˈædvəkˌeɪt", "ˈædvəkət"),
    "affiliate": ("ɐfˈɪlɪˌeɪt", "ɐfˈɪlɪət"),
    "aggregate": ("ˈæɡɹɪɡˌeɪt", "ˈæɡɹɪɡət"),
    "alternate": ("ˈɔːltɚnˌeɪt", "ˈɔːltɚnət"),
    "animate": ("ˈænɪmˌeɪt", "ˈænɪmət"),
    "appropriate": ("ɐpɹˈoʊpɹɪˌeɪt", "ɐpɹˈoʊpɹɪət"),
    "approximate": ("ɐpɹˈɑːksɪmˌeɪt", "ɐpɹˈɑːksɪmət"),
    "articulate": ("ɑːɹtˈɪkjʊlˌeɪt", "ɑːɹtˈɪkjʊlət"),
    "associate": ("ɐsˈoʊsɪˌeɪt", "ɐsˈoʊsɪət"),
    "attribute": ("ɐtɹˈɪbjuːt", "ˈætɹɪbjˌuːt"),
    "close": ("klˈoʊz", "klˈoʊs"),
    "compound": ("kɑːmpˈaʊnd", "kˈɑːmpaʊnd"),
    "conduct": ("kəndˈʌkt", "kˈɑːndʌkt"),
    "conflict": ("kənflˈɪkt", "kˈɑːnflɪkt"),
    "console": ("kənsˈoʊl", "kˈɑːnsoʊl"),
    "construct": ("kənstɹˈʌkt", "kˈɑːnstɹʌkt"),
    "content": ("kəntˈɛnt", "kˈɑːntɛnt"),
    "contest": ("kəntˈɛst", "kˈɑːntɛst"),
    "contract": ("kəntɹˈækt", "kˈɑːntɹækt"),
    "contrast": ("kəntɹˈæst", "kˈɑːntɹæst"),
    "convert": ("kənvˈɜːt", "kˈɑːnvɜːt"),
    "convict": ("kənvˈɪkt", "kˈɑːnvɪkt"),
    "coordinate": ("koʊˈɔːɹdɪnˌeɪt", "koʊˈɔːɹdᵻnət"),
    "decrease": ("dᵻkɹˈiːs", "dˈiːkɹiːs"),
    "delegate": ("dˈɛlɪɡˌeɪt", "dˈɛlɪɡət"),
    "deliberate": ("dᵻlˈɪbɚɹˌeɪt", "dᵻlˈɪbɚɹət"),
    "desert": ("dᵻzˈɜːt", "dˈɛzɚt"),
    "diffuse": ("dᵻfjˈuːz", "dᵻfjˈuːs"),
    "digest": ("daɪdʒˈɛst", "dˈaɪdʒɛst"),
    "duplicate": ("dˈuːplᵻkˌeɪt", "dˈuːplᵻkət"),
    "elaborate": ("ᵻlˈæbɚɹˌeɪt", "ᵻlˈæbɚɹət"),
    "escort": ("ɛskˈɔːɹt", "ˈɛskɔːɹt"),
    "estimate": ("ˈɛstᵻmˌeɪt", "ˈɛstᵻmət"),
    "excuse": ("ɛkskjˈuːz", "ɛkskjˈuːs"),
    "export": ("ɛkspˈɔːɹt", "ˈɛkspɔːɹt"),
    "extract": ("ɛkstɹˈækt", "ˈɛkstɹækt"),
    "graduate": ("ɡɹˈædjuːˌeɪt", "ɡɹˈædʒuːət"),
    "house": ("hˈaʊz", "hˈaʊs"),
    "import": ("ɪmpˈɔːɹt", "ˈɪmpɔːɹt"),
    "increase": ("ɪŋkɹˈiːs", "ˈɪŋkɹiːs"),
    "insert": ("ɪnsˈɜːt", "ˈɪnsɜːt"),
    "insult": ("ɪnsˈʌlt", "ˈɪnsʌlt"),
    "intimate": ("ˈɪntᵻmˌeɪt", "ˈɪntᵻmət"),
    "misuse": ("mɪsjˈuːz", "mɪsjˈuːs"),
    "moderate": ("mˈɑːdɚɹˌeɪt", "mˈɑːdɚɹət"),
    "object": ("ɑːbdʒˈɛkt", "ˈɑːbdʒɛkt"),
    "perfect": ("pɚfˈɛkt", "pˈɜːfɛkt"),
    "permit": ("pɚmˈɪt", "pˈɜːmɪt"),
    "present": ("pɹɪzˈɛnt", "pɹˈɛzənt"),
    "produce": ("pɹədˈuːs", "pɹˈɑːduːs"),
    "progress": ("pɹəɡɹˈɛs", "pɹˈɑːɡɹɛs"),
    "project": ("pɹədʒˈɛkt", "pɹˈɑːdʒɛkt"),
    "protest": ("pɹətˈɛst", "pɹˈoʊtɛst"),
    "rebel": ("ɹᵻbˈɛl", "ɹˈɛbəl"),
    "record": ("ɹᵻkˈɔːɹd", "ɹˈɛkɚd"),
    "refund": ("ɹᵻfˈʌnd", "ɹˈiːfʌnd"),
    "refuse": ("ɹᵻfjˈuːz", "ɹˈɛfjuːs"),
    "reject": ("ɹᵻdʒˈɛkt", "ɹˈiːdʒɛkt"),
    "reuse": ("ɹiːjˈuːz", "ɹiːjˈuːs"),
    "separate": ("sˈɛpɚɹˌeɪt", "sˈɛpɹət"),
    "subject": ("səbdʒˈɛkt", "sˈʌbdʒɛkt"),
    "suspect": ("səspˈɛkt", "sˈʌspɛkt"),
    "tear": ("tˈɛɹ", "tˈɪɹ"),
    "torment": ("tɔːɹmˈɛnt", "tˈɔːɹmɛnt"),
    "transfer": ("tɹænsfˈɜː", "tɹˈænsfɜː"),
    "transport": ("tɹænspˈɔːɹt", "tɹˈænspɔːɹt"),
    "use": ("jˈuːz", "jˈuːs"),
    "wind": ("wˈaɪnd", "wˈɪnd"),
}
# Their forms with -s that are said differently too. Those in -ate are not: an "estimates" is too seldom sure.
WITH_S = {
    **dict.fromkeys(("abuse", "excuse", "use", "refuse", "increase"), "ᵻz"),
    **dict.fromkeys(("conduct", "conflict", "contest", "contract", "convict", "export", "extract", "import"), "s"),
    **dict.fromkeys(("insult", "object", "permit", "present", "project", "protest", "suspect", "escort"), "s"),
    **dict.fromkeys(("record", "rebel"), "z"),
}

# Those that are adjectives: "he offers separate rooms".
ADJECTIVAL = words(
    "aggregate alternate animate appropriate approximate articulate close coordinate deliberate diffuse duplicate "
    "elaborate intimate moderate perfect present separate subject"
)
# Those that espeak-ng takes for verbs, and what must come next for that to stand.
VERB_BEFORE = {
    "affiliate": words("with"),
    "advocate": words("that"),
    "associate": words("with into"),
    "delegate": words(""),
    "duplicate": words(""),
    "elaborate": words("on upon further"),
    "import": words("from"),
}

ARTICLES = words("a an the")
POSSESSIVES = words("my your his her its our their whose")
DETERMINERS = ARTICLES | POSSESSIVES | words("this these those each every another no")
OBJECT_PRONOUNS = words(
    "it them him me us you everything anything something nothing everyone everybody anyone anybody someone "
    "somebody himself herself itself themselves myself yourself ourselves one"
)
# What begins the object of a verb, and seldom follows a noun.
OBJECT_STARTS = DETERMINERS | OBJECT_PRONOUNS | words("some any all both most many several much more")
SUBJECTS = words("i you we they who")
SUBJECTS_OF_S = words("he she it who which everyone everybody someone somebody nobody anyone anybody")
INDEFINITE = words("anybody anyone everybody everyone somebody someone nobody people")
MODALS = words("will would can could may might must shall should cannot")
DO = words("do does did")
BE = words("be is are was were am been being")
HAVE = words("have has had having")
BEFORE_VERB = MODALS | DO | words("to let's please")
PREPOSITIONS = words(
    "of in on for with by at from under about without into through during against between per via after before"
)
DEGREES = words("so as too very how more most less least quite rather fairly pretty")
NUMBERS = words("two three four five six seven eight nine ten first second third last next other")
ADJECTIVES = words(
    "new old good bad big small large great high low own same such main only whole good better best worst free "
    "final full early late long short strong sharp slow steady rapid public private local fresh national "
    "international royal chemical human social political personal official military world"
)
ADVERBS = words(
    "not never always often also still just ever now soon then sometimes rarely seldom usually even only already "
    "yet again here there today first"
)
QUESTIONS = words("what when where why how who whom which")
JOINING = words("and or but")
SUBORDINATE = words("when if because while unless until although though that whether how why where what")
AFTER_NOUN = BE | HAVE | MODALS | DO | words("of")
# Nouns that stand before another noun in their plural.
PLURAL_MODIFIERS = words(
    "sports sales news arms drugs goods savings customs rights series species process success business express "
    "access address mass class glass press cross loss gas bus less yes us this thus plus perhaps always parents "
    "women men's physics mathematics politics economics systems operations securities futures communications "
    "sometimes"
)
# "to" as a preposition: what comes after it is a noun.
BEFORE_PREPOSITION_TO = words(
    "due led leads leading thanks according access prone contrary addition related resistance compared attention "
    "commitment contribution response opposed contributed contributes exposure exposed similar equal next amount "
    "amounted amounts vulnerable relative relevant"
)

METALS = words(
    "zinc copper tin iron mercury silver gold cadmium arsenic metal metals uranium nickel steel aluminium "
    "aluminum pewter brass bronze chromium"
)
OF_METAL = words(
    "content poisoning paint paints pipe pipes pencil pencils acid glass bullet bullets shot pellets mine mines mining "
    "roof roofs weight weights crystal solder battery batteries oxide ore exposure contamination ingot ingots "
    "sulfide sheet sheets coffin lined crystals smelter shielding sinker sinkers balloon glazed"
)
MADE_OF = words("of than like with contain contains contained containing from")
SHOWN_LIVE = words(
    "recorded performed performing perform streamed streaming stream broadcast broadcasting shown aired air sing "
    "sang sung singing played play playing go went gone going goes televised filmed it"
)
LIVE_THINGS = words(
    "music audience audiences broadcast broadcasts concert concerts show shows stream streams performance "
    "performances album recording recordings coverage television tv radio ammunition wire wires wires animals "
    "cattle bait birth births bands band band's video feed updates blog album event events theatre theater "
    "webcast sports chat interview lobster lobsters fish"
)
LIVED = words(
    "in at with near together alone there here under by without longer forever abroad among inside outside above "
    "below next across off up through within for"
)
WAYS = words("road path river stream trail track staircase lane street route valley creek highway it")
ALONG = words("through around round along its up down between past across towards toward back into over")
FISHING = words(
    "fish fishing fished fisherman fishermen caught catch catches lake lakes pond trout angler anglers largemouth "
    "smallmouth striped perch river rivers bait hook salmon grilled fillet fillets pike carp cod sea"
)
MUSICAL = words(
    "guitar guitars guitarist drum drums band bands music musical jazz singer clef player players double voice "
    "voices amp speaker speakers treble sound sounds play plays played playing song songs tenor choir string "
    "strings line lines stereo orchestra piano notes note heavy sing sang sings concert"
)
SHIPS = words(
    "ship ships boat boats vessel stern sail sails sailor sailors deck hull canoe kayak harbour harbor anchor "
    "captain yacht ferry waves ship's boat's mast port starboard torpedo torpedoes submarine warship gun guns hms uss"
)
STRINGS = words(
    "arrow arrows violin violins archer archers string strings cello fiddle ribbon tie hair quiver quarrel "
    "bowstring crossbow violinist hunter target knot"
)
TORN = words(
    "acl mcl ligament ligaments injury injuries injured surgery muscle hamstring labrum rotator tendon meniscus "
    "triceps biceps fabric sleeve jacket seam cloth jeans trousers canvas tissue retina retinal"
)
CRYING = words("eye eyes cheek cheeks face cry cried crying wept shed gas duct ducts single joy wiped brushed sad")
BOWED = words("deep low slight little polite stiff final graceful formal respectful")
DEER = words("buck bucks deer fawn fawns stag stags herd rabbits rabbit antlers doe")
PIGS = words("pig pigs piglet piglets boar boars litter farrow farrowed pigsty pen pork")
TINY = words(
    "traces trace amount amounts quantity quantities detail details particle particles difference differences "
    "change changes fraction fractions crack cracks hole holes grain grains fragment fragments dose doses "
    "crystals creatures organisms animals insects variations bubbles droplets portion examination scale "
    "proportion bits inspection"
)
RELATIVES = words(
    "mother father parents wife husband sister sisters brother son daughter child aunt uncle grandmother "
    "grandfather grandparents parent man woman men women relative relatives lady gentleman couple queen king "
    "chair pensioner people mum dad"
)
SCHOLARS = words(
    "man men woman society societies friend friends scholar scholars judge judges doctor doctors professor "
    "professors book books journal journals gentleman gentlemen lady people counsel profession author authors "
    "monk monks"
)
SACRED = words("virgin sacrament mother trinity lord saint mary are is")
SEEMING = words("look looks looked seem seems seemed feel feels felt become becomes became be lay sat lived died")
HABITS = words("every always often usually never sometimes rarely seldom now daily today's whenever when if while")
PAST_TIMES = words("yesterday last ago once earlier already before recently previously then")
PAST_VERBS = words(
    "was were had did said went came left took sat stood got gave found knew thought saw heard told felt made "
    "kept held lay woke began put opened"
)
CAUSING = words("let make makes made making help helps helped hear heard watch watched see saw have had")
PLACES = words("to in from near between via around through at outside")
