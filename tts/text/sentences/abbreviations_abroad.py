"""Abbreviations of other languages whose stop does not end a sentence, or not always, and the words that start one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Abroad:
    """What decides about a stop in one language; words in lower case, without their last stop and without blanks."""

    going_on: frozenset[str] = frozenset()
    """The sentence goes on after these: titles, "z.B."."""
    numbered: frozenset[str] = frozenset()
    """It goes on where a number follows; else they are ordinary words that may end it."""
    closing: frozenset[str] = frozenset()
    """It ends after these unless a small letter or a number follows: "usw."."""
    trailing: frozenset[str] = frozenset()
    """It ends after these where a word follows that starts sentences."""
    starters: frozenset[str] = frozenset()
    """Words that start a sentence far more often than they go on after an abbreviation."""
    ordinal_stops: bool = False
    """A number and a stop is an ordinal, "3. Oktober"."""
    capital_nouns: bool = False
    """A capital says little."""


# Understood in most languages that are written in Latin letters.
_COMMON = "dr prof st mr mrs vs cf ing dipl sr jr"
_COMMON_NUMBERED = "nr no p pp s fig art cap tel vol"
_COMMON_CLOSING = "etc"

_GOING_ON = {
    "de": """hr hrn fr frl dr dres prof dipl ing bacc dipl.-ing pd st hl sr geb gest verh verw z.b zb d.h dh i.d.r
        i.a i.e.s m.e m.w u.u u.ä.m z.t zt z.zt z.z s.o s.u s.a o.g vgl bzw ca inkl exkl zzgl abzgl bzgl bez evtl evt
        ggf gegr gem insb insbes sog sogen jew lt mind max min allg ehem eigtl einschl entspr ev kath röm franz engl
        dt lat griech hrsg verf bearb übers red str nördl südl östl westl wg zw betr durchschn
        mio mrd tsd std kl gr n.n zus versch vorm nachm i.v i.a v.l.n.r""",
    "fr": """m mm mgr me dr pr prof ste st cf p.ex c.-à-d c-à-d env éd ed coll trad s.l av apr bd boul no n° tél
        ex min max adj adv i.e""",
    "es": """sr sra srta sres sras d dª dña dr dra drs dres prof profa lic ing arq gral cnel tte cap
        p.ej ej avda av c/ cf cfr vid aprox máx mín sto sta excmo excma ilmo ilma rvdo rvda mons fr hnos dpto
        depto izq dcha tel telf ee""",
    "it": """sig sigg sig.ra sig.na sigra sign dott dott.ssa dr prof prof.ssa ing avv arch geom rag on sen mons cav
        comm gen col cap magg ten serg s ss sant p.es es ad.es cfr cf ca circa c.so v.le p.za p.zza c.a n.d.r spett
        gent egr illmo rev tel trad min max""",
    "pt": """sr sra srs sras srta dr dra drs dras prof profa eng enga arq des exmo exma ilmo ilma rev pe d dª gen cel
        cap ten sgt p.ex ex cf cfr aprox máx mín av r tel trav lgo pça jd sto sta sen dep gov núm""",
    "nl": """dhr mevr mw mej drs ir ing mr dr prof ds st bijv bv b.v d.w.z dwz o.a m.a.w m.n m.b.t m.b.v i.p.v i.v.m
        i.h.b t.a.v t.b.v t.g.v t.o.v t/m nl incl excl ca vgl zgn z.g.a.n e.v.a gebr fam jhr weled vs resp max min
        ong evt o.l.v a.h.v""",
    "pl": """prof inż dyr doc hab red ks o bp abp św gen płk kpt por mjr sierż ul al pl os np tzn tj m.in tzw
        wym zob por ang niem franc łac gr woj pow gm płd płn wsch zach nt wg tel mec hr dr.hab ew""",
    "ru": """т.е т.к т.н т.о т.ч т.наз проф акад доц инж св гр см ср напр ул пр просп пер пл наб бул д корп стр
        кв обл р-н пос с дер г-н г-жа нем англ фр лат греч рус ум изд ред перев тов зам зав ст мл илл н.п тел моб""",
}
_NUMBERED = {
    "de": "nr nrn s abs art abb abschn anm aufl ausg bd bde kap ziff zi tab teil tel apr aug sept okt nov dez jan feb",
    "fr": "art chap fig p pp vol t tél n num al janv févr avr juil sept oct nov déc sect tab réf",
    "es": """pág págs p pp núm n nº n.º art arts cap caps vol vols fig figs tab t tomo ene feb mar abr jun jul ago sept
        oct nov dic""",
    "it": "n nn pag pagg p pp art artt cap capp vol voll fig figg tab sec par lett gen febb apr ott nov dic tel",
    "pt": "n nº n.º pág págs p pp art arts cap caps vol vols fig figs tab séc inc jan fev mar abr ago set out nov dez",
    "nl": "nr nrs blz p pp art artt afb fig hfst hfdst par vol dl tab jan feb mrt apr aug sept okt nov dec tel",
    "pl": "nr s str art ust pkt rozdz ryc rys tab t vol poz § stycz lut mar kwiec sierp wrz paźdz list grudz godz ok",
    "ru": "с стр гл п пп ч рис табл ст т тт вып № янв февр мар апр авг сент окт нояб дек",
}
_CLOSING = {
    "de": "usw usf u.s.w u.s.f u.v.m uvm u.v.a dgl u.dgl u.ä o.ä",
    "it": "ecc",
    "nl": "enz e.d",
    "pl": "itd itp i.in",
    "ru": "т.д т.п др пр проч",
}
_TRAILING = {
    "de": "u.a ua v.chr n.chr chr jh jhd jhdt e.v ev f ff a.d a.m a.rh co ltd bros m.b.h o.j z.h d.j d.m",
    "fr": "av.j.-c apr.j.-c j.-c jc s.a s.a.r.l s.n.c.f",
    "es": "a.c d.c a.de.c d.de.c ee.uu uu s.a s.l s.a.u cía ltda ud vd uds vds a.m p.m rr.hh hh",
    "it": "a.c d.c s.p.a spa s.r.l srl s.n.c u.s.a f.lli",
    "pt": "a.c d.c s.a lda ltda cia e.u.a eua v.exª",
    "nl": "e.a n.chr v.chr chr b.v n.v jl a.s a.u.b m.m s.v.p",
    "pl": "r w im n.e p.n.e zł gr s.a z.o.o sp tys d.s",
    "ru": "г гг в вв им н.э до.н.э э руб коп тыс ч чел мин сек с.г т.г",
}
_STARTERS = {
    "de": """der die das den dem des ein eine einen einem einer er sie es ich du wir ihr man und aber doch denn oder
        so da dann dort hier nun jetzt auch nicht noch nur wenn als wie was wer wo warum wann welche in im am an auf
        bei mit nach von vor zu zum zur für durch seit um unter über aus ohne trotz während weil obwohl dieser diese
        dieses mein dein sein seine ihre unser kein keine alle viele einige heute gestern morgen danach später schon
        bald leider ja nein daher deshalb allerdings jedoch außerdem ist war hat sind kann soll bitte""",
    "fr": """le la les l' un une des il elle ils elles je j' nous vous on ce c' cet cette ces mais et ou donc car puis
        alors ensuite enfin dans en à au aux avec pour par sur sous sans après avant depuis pendant lorsque quand si
        comme que qui quoi où son sa ses leur leurs mon ma mes tout tous toutes cela ça ici là oui non aujourd'hui
        hier demain pourtant cependant ainsi d'abord y""",
    "es": """el la los las un una unos unas él ella ellos ellas yo tú nosotros usted ustedes se me te le les lo y e o
        pero mas pues porque así entonces luego después antes ahora hoy ayer mañana aquí allí en con sin por para a al
        de del desde hasta sobre cuando donde como si no sí que quién qué este esta estos estas ese esa eso esto su sus
        mi mis todo todos muchos algunos también además sin era es fue había hay""",
    "it": """il lo la i gli le l' un uno una lui lei loro egli ella io tu noi voi si ci vi e ed o ma però perché così
        allora poi dopo prima ora oggi ieri domani qui là in con senza per a al alla di del della da dal su nel nella
        quando dove come se non no sì che chi questo questa questi queste quello quella suo sua mio mia tutti tutto
        molti alcuni anche inoltre era è fu c' tra fra""",
    "pt": """o a os as um uma uns umas ele ela eles elas eu tu nós você vocês e mas ou pois porque assim então depois
        antes agora hoje ontem amanhã aqui ali em no na nos nas com sem por para ao à do da dos das desde até sobre
        quando onde como se não sim que quem este esta estes estas esse essa isso isto seu sua meu minha todo todos
        muitos alguns também além era é foi há""",
    "nl": """de het een hij zij ze ik jij je wij we jullie men dit dat deze die en maar of want dus toen daarna dan
        daar hier nu ook niet nog als wie wat waar waarom wanneer in op aan bij met na van voor tot uit door over onder
        sinds om zonder tijdens omdat hoewel mijn jouw zijn haar hun ons geen alle veel vandaag gisteren morgen later
        ja nee er was is heeft""",
    "pl": """on ona ono oni one ja ty my wy to ten ta te ci tamten i a ale lecz lub albo więc bo bowiem gdy kiedy jeśli
        jeżeli choć potem później wtedy teraz dziś dzisiaj wczoraj jutro tu tam w we na z ze do od po przed przez dla o
        u pod nad za bez nie tak co kto gdzie jak dlaczego czy jego jej ich mój moja wszyscy wiele jednak również także
        był była było jest są się""",
    "ru": """он она оно они я ты мы вы это этот эта эти тот та те и а но или да нет же потом затем тогда теперь сегодня
        вчера завтра здесь там тут в во на с со к по от до из у о об за под над при для без через после перед когда
        если что кто где как почему чтобы хотя не ни его её их мой моя все всё многие однако также был была было есть
        вот так""",
}
# Languages that write an ordinal as a number and a stop, and those where every noun has a capital.
_ORDINAL_STOPS = frozenset(
    ["de", "lb", "da", "nb", "no", "nn", "fo", "is", "fi", "et", "lv", "hu", "cs", "sk", "sl", "hr", "sr", "bs", "tr"]
)
_CAPITAL_NOUNS = frozenset({"de", "lb"})


@cache
def abroad(language: str) -> Abroad:
    """What is known of a language by its code ("pt-br" is Portuguese); any code is taken, if with little knowledge."""
    code = language.replace("_", "-").split("-")[0].lower()
    return Abroad(
        going_on=_words(_COMMON, _GOING_ON.get(code, "")),
        numbered=_words(_COMMON_NUMBERED, _NUMBERED.get(code, "")),
        closing=_words(_COMMON_CLOSING, _CLOSING.get(code, "")),
        trailing=_words(_TRAILING.get(code, "")),
        starters=_words(_STARTERS.get(code, "")),
        ordinal_stops=code in _ORDINAL_STOPS,
        capital_nouns=code in _CAPITAL_NOUNS,
    )


def _words(*lists: str) -> frozenset[str]:
    return frozenset(word for words in lists for word in words.split())
