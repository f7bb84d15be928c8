package bom

import (
	"regexp"
	"strings"
)

// hubLicences are the identifiers of the hub that are not those of SPDX. What SPDX does not list has the form that SPDX has for
// such licences.
var hubLicences = map[string]string{
	"apache-2.0": "Apache-2.0", "mit": "MIT", "bsd": "BSD-3-Clause", "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause",
	"bsd-3-clause-clear": "BSD-3-Clause-Clear", "isc": "ISC", "unlicense": "Unlicense", "zlib": "Zlib", "wtfpl": "WTFPL", "bsl-1.0": "BSL-1.0",
	"mpl-2.0": "MPL-2.0", "epl-1.0": "EPL-1.0", "epl-2.0": "EPL-2.0", "eupl-1.1": "EUPL-1.1", "eupl-1.2": "EUPL-1.2", "artistic-2.0": "Artistic-2.0",
	"afl-3.0": "AFL-3.0", "ecl-2.0": "ECL-2.0", "ms-pl": "MS-PL", "ncsa": "NCSA", "ofl-1.1": "OFL-1.1", "osl-3.0": "OSL-3.0", "postgresql": "PostgreSQL",
	"lppl-1.3c": "LPPL-1.3c", "gpl": "GPL-3.0-or-later", "gpl-2.0": "GPL-2.0-only", "gpl-3.0": "GPL-3.0-only", "agpl-3.0": "AGPL-3.0-only",
	"lgpl": "LGPL-3.0-or-later", "lgpl-2.1": "LGPL-2.1-only", "lgpl-3.0": "LGPL-3.0-only", "gfdl": "GFDL-1.3-or-later",
	"cc": "LicenseRef-creative-commons", "cc0-1.0": "CC0-1.0", "cc-by-2.0": "CC-BY-2.0", "cc-by-2.5": "CC-BY-2.5", "cc-by-3.0": "CC-BY-3.0",
	"cc-by-4.0": "CC-BY-4.0", "cc-by-sa-3.0": "CC-BY-SA-3.0", "cc-by-sa-4.0": "CC-BY-SA-4.0", "cc-by-nc-2.0": "CC-BY-NC-2.0", "cc-by-nc-3.0": "CC-BY-NC-3.0",
	"cc-by-nc-4.0": "CC-BY-NC-4.0", "cc-by-nd-4.0": "CC-BY-ND-4.0", "cc-by-nc-nd-3.0": "CC-BY-NC-ND-3.0", "cc-by-nc-nd-4.0": "CC-BY-NC-ND-4.0",
	"cc-by-nc-sa-2.0": "CC-BY-NC-SA-2.0", "cc-by-nc-sa-3.0": "CC-BY-NC-SA-3.0", "cc-by-nc-sa-4.0": "CC-BY-NC-SA-4.0", "cdla-permissive-1.0": "CDLA-Permissive-1.0",
	"cdla-permissive-2.0": "CDLA-Permissive-2.0", "cdla-sharing-1.0": "CDLA-Sharing-1.0", "odbl": "ODbL-1.0", "odc-by": "ODC-By-1.0", "pddl": "PDDL-1.0",
	"c-uda": "C-UDA-1.0", "etalab-2.0": "etalab-2.0",
}

var (
	spdxName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+-]*$`)
	notInNames = regexp.MustCompile(`[^A-Za-z0-9.-]+`)
	expression = regexp.MustCompile(`^\(?[A-Za-z0-9.+-]+\)?( (AND|OR|WITH) \(?[A-Za-z0-9.+-]+\)?)+$`)
)

// spdxOf writes a licence as an SPDX expression. A name that SPDX does not list becomes a reference of its own.
func spdxOf(name string) string {
	name = strings.TrimSpace(name)
	if id, ok := hubLicences[strings.ToLower(name)]; ok {
		return id
	}
	if id, ok := byIdentifier(name); ok {
		return id
	}
	for _, suffix := range []string{"-only", "-or-later"} {
		if base, ok := strings.CutSuffix(strings.ToLower(name), suffix); ok {
			if id, known := hubLicences[base]; known {
				return strings.TrimSuffix(strings.TrimSuffix(id, "-only"), "-or-later") + suffix
			}
		}
	}
	if name == "" || strings.HasPrefix(name, "LicenseRef-") && spdxName.MatchString(name) || expression.MatchString(name) {
		return name
	}
	return "LicenseRef-" + strings.Trim(clean(notInNames.ReplaceAllString(name, "-"), 80), "-")
}

// byIdentifier finds an SPDX identifier in any case.
func byIdentifier(name string) (string, bool) {
	for _, id := range hubLicences {
		if strings.EqualFold(id, name) {
			return id, true
		}
	}
	return "", false
}

// licenceText is how the text of a licence is recognised: it has all of the phrases, the title before the others, and none that
// it must not have. Texts are compared in lower case with single spaces.
type licenceText struct {
	id      string
	has     []string
	without []string
}

// licenceTexts are the common licences, the special before the general.
var licenceTexts = []licenceText{
	{"AGPL-3.0-only", []string{"gnu affero general public license", "version 3"}, nil},
	{"LGPL-3.0-only", []string{"gnu lesser general public license", "version 3"}, nil},
	{"LGPL-2.1-only", []string{"gnu lesser general public license", "version 2.1"}, nil},
	{"GPL-3.0-only", []string{"gnu general public license", "version 3, 29 june 2007"}, nil},
	{"GPL-2.0-only", []string{"gnu general public license", "version 2, june 1991"}, nil},
	{"MPL-2.0", []string{"mozilla public license", "2.0"}, nil},
	{"LicenseRef-llama2", []string{"llama 2 community license agreement"}, nil},
	{"LicenseRef-llama3.1", []string{"llama 3.1 community license agreement"}, nil},
	{"LicenseRef-llama3.2", []string{"llama 3.2 community license agreement"}, nil},
	{"LicenseRef-llama3.3", []string{"llama 3.3 community license agreement"}, nil},
	{"LicenseRef-llama4", []string{"llama 4 community license agreement"}, nil},
	{"LicenseRef-llama3", []string{"meta llama 3 community license agreement"}, nil},
	{"LicenseRef-gemma", []string{"gemma terms of use"}, nil},
	{"LicenseRef-bigscience-bloom-rail-1.0", []string{"bigscience", "rail license"}, nil},
	{"LicenseRef-creativeml-openrail-m", []string{"creativeml open rail-m"}, nil},
	{"LicenseRef-openrail-plus-plus", []string{"open rail++-m"}, nil},
	{"LicenseRef-bigcode-openrail-m", []string{"bigcode open rail-m"}, nil},
	{"LicenseRef-openrail", []string{"open rail"}, nil},
	{"LicenseRef-mistral-research", []string{"mistral ai research license"}, nil},
	{"LicenseRef-qwen", []string{"tongyi qianwen", "license agreement"}, nil},
	{"LicenseRef-falcon-llm", []string{"falcon", "tii falcon llm license"}, nil},
	{"LicenseRef-deepseek", []string{"deepseek license agreement"}, nil},
	{"CC-BY-NC-SA-4.0", []string{"attribution-noncommercial-sharealike 4.0 international"}, nil},
	{"CC-BY-NC-ND-4.0", []string{"attribution-noncommercial-noderivatives 4.0 international"}, nil},
	{"CC-BY-NC-4.0", []string{"attribution-noncommercial 4.0 international"}, nil},
	{"CC-BY-SA-4.0", []string{"attribution-sharealike 4.0 international"}, nil},
	{"CC-BY-ND-4.0", []string{"attribution-noderivatives 4.0 international"}, nil},
	{"CC-BY-4.0", []string{"attribution 4.0 international"}, nil},
	{"CC0-1.0", []string{"cc0 1.0 universal"}, nil},
	{"Apache-2.0", []string{"apache license", "version 2.0, january 2004"}, nil},
	{"Unlicense", []string{"this is free and unencumbered software released into the public domain"}, nil},
	{"ISC", []string{"permission to use, copy, modify, and/or distribute this software for any purpose"}, nil},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "endorse or promote products"}, nil},
	{"BSD-2-Clause", []string{"redistribution and use in source and binary forms", "this software is provided by"}, []string{"endorse or promote"}},
	{"MIT", []string{"permission is hereby granted, free of charge, to any person obtaining a copy", "the software is provided \"as is\""}, nil},
}

// recogniseLicence names the licence whose text this is; empty when it is none of those that are known.
func recogniseLicence(text string) string {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	text = strings.NewReplacer("“", "\"", "”", "\"").Replace(text)
	id, first := "", len(text)
	for _, l := range licenceTexts {
		// Texts name other licences further down: the one whose title comes first is it.
		if at := strings.Index(text, l.has[0]); at >= 0 && at < first && hasAll(text, l.has) && !hasAny(text, l.without) {
			id, first = l.id, at
		}
	}
	return id
}

// hasAll reports whether a text has every phrase.
func hasAll(text string, phrases []string) bool {
	for _, p := range phrases {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}

// hasAny reports whether a text has one of the phrases.
func hasAny(text string, phrases []string) bool {
	for _, p := range phrases {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

// readLicences recognises the texts of licences beside the card, and compares them with what the card declares.
func (b *builder) readLicences() {
	m := &b.bill.Model
	if b.bill.Kind != ModelKind {
		return
	}
	for _, name := range []string{"LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING"} {
		if !b.has(name) {
			continue
		}
		text, err := b.whole(b.home+name, maxLines)
		if err != nil {
			b.note(b.home+name, err)
			continue
		}
		id := recogniseLicence(string(text))
		if id == "" {
			b.property("licence text", unresolved(b.home+name, "not one of the licences that are known"))
			continue
		}
		found := Field{id, Inferred, b.home + name}
		for _, f := range m.Licences {
			if f.Confidence == Declared && !sameLicence(f.Value, id) {
				b.conflict("licence", f, found)
			}
		}
		b.add(&m.Licences, found)
	}
}

// sameLicence compares licences without what a text does not show: whether later versions may be used.
func sameLicence(x, y string) bool {
	short := func(s string) string {
		return strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(s), "-only"), "-or-later")
	}
	return short(x) == short(y)
}
