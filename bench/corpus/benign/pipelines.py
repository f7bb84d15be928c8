"""Pipelines of spaCy, initialised and saved to folders, in several languages and with several components."""
import os
import sys

from corpus import Writer, require

spacy = require("spacy")
LABELS = {"ner": ["ORG", "GPE"], "textcat": ["good", "bad"], "textcat_multilabel": ["a", "b"], "tagger": ["NN", "VB"],
          "morphologizer": ["POS=NOUN", "POS=VERB"], "spancat": ["X"], "parser": ["nsubj", "dobj"]}
PIPELINES = [
    ("en", ["sentencizer"]), ("de", ["entity_ruler", "sentencizer"]), ("fr", ["ner"]), ("es", ["textcat"]), ("xx", ["span_ruler"]),
    ("it", ["morphologizer"]), ("nl", ["spancat"]), ("pt", ["senter"]), ("pl", []), ("en", ["parser", "attribute_ruler"]),
    ("en", ["merge_entities", "doc_cleaner", "token_splitter"]), ("da", ["sentencizer", "merge_subtokens"]), ("sv", ["lemmatizer"]),
    ("uk", []), ("ru", []), ("fi", ["sentencizer"]), ("nb", []), ("ro", ["entity_ruler"]), ("hu", []), ("cs", ["span_ruler"]),
]

writer = Writer("spacy", spacy.__version__)
for number, (language, components) in enumerate(PIPELINES):
    nlp = spacy.blank(language)
    for component in components:
        pipe = nlp.add_pipe(component)
        for label in LABELS.get(component, ()):
            pipe.add_label(label)
        if component in ("entity_ruler", "span_ruler"):
            pipe.add_patterns([{"label": "ORG", "pattern": "Apple"}, {"label": "GPE", "pattern": [{"LOWER": "rome"}]}])
    try:
        nlp.initialize()
    except Exception as error:  # a component that cannot do without examples is left as it is
        print(f"{language} {components}: {error}", file=sys.stderr)
        continue
    name = f"{number:02}-{language}-{'-'.join(components) or 'blank'}"
    folder = os.path.join(writer.folder, name)
    nlp.to_disk(folder)
    for path, _, files in os.walk(folder):
        for file in files:
            relative = os.path.relpath(os.path.join(path, file), writer.folder)
            writer.path(relative, f"{relative} of a {language} pipeline", "spacy")
