package bom

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/internal/jsonstream"
)

// maxColumns is how many columns of a table are listed.
const maxColumns = 64

// dataset adds data that something names. What several places say about the same data for the same use is joined.
func (b *builder) dataset(d Dataset) {
	for i := range b.bill.Datasets {
		known := &b.bill.Datasets[i]
		if d.Name.Confidence == Unresolved || known.Use != d.Use || !sameValue(known.Name.Value, d.Name.Value) {
			continue
		}
		for _, pair := range []struct{ to, from *Field }{{&known.Version, &d.Version}, {&known.Description, &d.Description},
			{&known.Location, &d.Location}, {&known.Identifier, &d.Identifier}, {&known.Licence, &d.Licence}} {
			b.fill(pair.to, *pair.from)
		}
		return
	}
	if len(b.bill.Datasets) >= maxList {
		b.leftOut["datasets"]++
		return
	}
	b.bill.Datasets = append(b.bill.Datasets, d)
}

// readDatasets reads what a folder of data declares: its card, and what its files say about themselves.
func (b *builder) readDatasets() {
	infos := b.json(b.home + "dataset_infos.json")
	if b.bill.Kind != DatasetKind {
		return
	}
	d := b.card.front
	set := Dataset{Name: Field{b.bill.Name, Inferred, "the name of the folder"}, Digest: b.bill.Digest}
	b.fill(&set.Identifier, Field{string(b.bill.Digest), Verified, "the files"})
	if f := d.first("pretty_name", "dataset_name"); f.Value != "" {
		set.Name = f
	}
	set.Version = d.first("version", "revision")
	b.datasetWords(&set)
	var licences []Field
	b.cardLicence(&licences)
	set.Licence = firstOf(licences)
	b.datasetLicenceText(&set)
	b.datasetContent(&set)
	b.datasetSizes(&set, infos)
	b.dataset(set)
	for _, f := range d.fields("source_datasets") {
		f.Value = strings.TrimPrefix(f.Value, "extended|")
		if isHubName(f.Value) && f.Value != "original" && f.Value != "extended" {
			b.dataset(Dataset{Name: f, Version: unresolved(f.Source, "the card does not say which version")})
		}
	}
	for _, f := range d.fields("tags") {
		b.tag(f)
	}
}

// datasetWords takes what a dataset card says in words.
func (b *builder) datasetWords(set *Dataset) {
	c, m := b.card, &b.bill.Model
	set.Description = firstOf(c.about("dataset description", "dataset summary", "dataset details", "summary"))
	b.fill(&set.Description, c.opening())
	set.Provenance = firstOf(c.about("data collection", "source data", "dataset creation", "data source", "curation rationale"))
	for _, key := range []string{"annotations_creators", "language_creators", "source_datasets"} {
		if list := c.front.fields(key); len(list) > 0 {
			b.fill(&set.Provenance, Field{key + ": " + values(list), Declared, list[0].Source})
		}
	}
	set.Sensitivity = firstOf(c.about("personal and sensitive information", "sensitive information", "privacy"))
	b.add(&m.Uses, c.about("direct use", "uses", "intended use", "intended uses", "supported tasks")...)
	b.add(&m.Limitations, c.about("limitations", "out-of-scope use", "known limitations", "risks")...)
	b.add(&m.Considered, c.about("bias", "biases", "considerations", "social impact")...)
	b.add(&m.Languages, c.front.fields("language")...)
	b.put("producer", &m.Producer, c.fact("curated by", "developed by", "shared by"))
	for i, f := range c.front.fields("task_categories") {
		if i == 0 {
			b.put("task", &m.Task, f)
		} else {
			b.property("task", f)
		}
	}
}

// datasetLicenceText recognises the text of the licence beside the data.
func (b *builder) datasetLicenceText(set *Dataset) {
	name := b.find("LICENSE", "LICENSE.txt", "LICENSE.md")
	if name == "" {
		return
	}
	text, err := b.whole(name, maxLines)
	if err != nil {
		b.note(name, err)
		return
	}
	if id := recogniseLicence(string(text)); id != "" {
		found := Field{id, Inferred, name}
		if set.Licence.Value != "" && !sameLicence(set.Licence.Value, id) {
			b.conflict("licence", set.Licence, found)
		}
		b.fill(&set.Licence, found)
	}
}

// datasetContent states of what form the data is and which columns it has, from the first lines of tables that are text.
func (b *builder) datasetContent(set *Dataset) {
	count := map[string]int{}
	columns, source := "", ""
	for _, f := range b.bill.Files {
		if f.Role != RoleData {
			continue
		}
		kind := tables[f.Format]
		if kind == "" {
			kind = "JSON"
		}
		count[kind]++
		b.add(&b.bill.Model.Formats, Field{kind, Inferred, f.Name})
		if columns == "" {
			columns, source = b.columns(f), f.Name
		}
	}
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%d %s", count[kind], kind))
	}
	value := strings.Join(parts, ", ")
	if columns != "" {
		value += "; columns " + columns
	} else if len(b.bill.Model.Formats) > 0 {
		source = b.bill.Model.Formats[0].Source
	}
	set.Content = Field{clean(value, maxText), Inferred, source}
	if f := b.card.front.first("modality", "modalities"); f.Value != "" {
		b.property("modality", f)
	}
}

// columns lists the columns that the first line of a table names.
func (b *builder) columns(f File) string {
	if f.Format != "csv" && f.Format != "tsv" && f.Format != "jsonl" {
		return ""
	}
	head, err := b.start(f.Name, 64<<10)
	if err != nil {
		return ""
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	var names []string
	if f.Format == "jsonl" {
		root, err := json.Tree(format.BytesBlob(line), budget())
		if err != nil || root.Kind != jsonstream.ObjectStart {
			return ""
		}
		for _, c := range root.Children {
			names = append(names, clean(c.Key, 64))
		}
	} else {
		r := csv.NewReader(bytes.NewReader(line))
		if f.Format == "tsv" {
			r.Comma = '\t'
		}
		record, err := r.Read()
		if err != nil {
			return ""
		}
		for _, name := range record {
			names = append(names, clean(name, 64))
		}
	}
	if len(names) > maxColumns {
		names = append(names[:maxColumns], "…")
	}
	return strings.Join(names, ", ")
}

// datasetSizes states how much data there is, by what the card and the loader's notes declare.
func (b *builder) datasetSizes(set *Dataset, infos *doc) {
	if list := b.card.front.fields("size_categories"); len(list) > 0 {
		set.Statistics = Field{"rows: " + values(list), Declared, list[0].Source}
	}
	var splits []string
	source := ""
	note := func(name string, n *jsonstream.Node, at string) {
		if rows := text(get(n, "num_examples")); rows != "" && len(splits) < maxList {
			splits = append(splits, clean(name+" "+rows+" rows", 128))
			source = at
		}
	}
	info := b.card.front.get("dataset_info")
	for _, n := range append([]*jsonstream.Node{info}, children(info, jsonstream.ArrayStart)...) {
		for i, c := range children(get(n, "splits"), jsonstream.ArrayStart) {
			note(text(get(c, "name")), c, fmt.Sprintf("%s#dataset_info.splits[%d]", b.card.file, i))
		}
		for _, c := range children(get(n, "features"), jsonstream.ArrayStart) {
			b.property("feature", Field{clean(text(get(c, "name"))+" "+text(get(c, "dtype")), 200), Declared, b.card.file + "#dataset_info.features"})
		}
	}
	if infos != nil {
		for _, config := range infos.root.Children {
			for _, c := range children(get(config, "splits"), jsonstream.ObjectStart) {
				note(config.Key+"/"+c.Key, c, infos.source(config.Key, "splits", c.Key))
			}
			b.fill(&set.Version, Field{text(get(config, "version", "version_str")), Declared, infos.source(config.Key, "version")})
			b.fill(&set.Description, Field{text(get(config, "description")), Declared, infos.source(config.Key, "description")})
			b.fill(&set.Location, Field{text(get(config, "homepage")), Declared, infos.source(config.Key, "homepage")})
		}
	}
	if len(splits) > 0 {
		set.Statistics = Field{clean(strings.Join(splits, ", "), maxText), Declared, source}
	}
	if set.Statistics.Value == "" {
		set.Statistics = Field{fmt.Sprintf("%d files, %d bytes", len(b.bill.Files), b.in.Manifest.Size()), Verified, "the files"}
	}
}

// children are the parts of a value when it is of that kind.
func children(n *jsonstream.Node, kind jsonstream.Kind) []*jsonstream.Node {
	if n == nil || n.Kind != kind {
		return nil
	}
	return n.Children
}
