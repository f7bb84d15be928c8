// Package documenttest makes bills for the tests of the packages that write and read them. It fills every field that a bill
// has, new ones too, so that a field that a form forgets is found. It is for tests only.
package documenttest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/bom"
)

// texts are values that are easy to get wrong.
func texts() []string {
	return []string{
		"", "plain", "with \"quotes\" and \\", "null", "line\nfeed\x00\x1f\u007f", "<b>&amp;", "\u202egnirts", "a=b: c", "emoji 😀 é", "0", "true",
		"bad \xff\xfe UTF-8", "pkg:pypi/numpy@1.26.4", "https://example.org/a?b=c#d", "not a url %zz", "Apache-2.0", "apache-2.0", "MIT OR (Apache-2.0 AND X)",
		"supervised", "training: 12.5 kWh", "12 kWh", "CVE-2026-12345", "2026-01-02T03:04:05Z", "7000000000", "picket:value:task", "model", "text", "_:blank",
		strings.Repeat("long ", 50), "\u2028", "license", "documentation", "paper", "train", "test", "card", "config.json#architectures[0]",
	}
}

// Random makes a bill of random content.
func Random(r *rand.Rand) *bom.Bill {
	b := &bom.Bill{}
	fill(r, reflect.ValueOf(b).Elem(), true)
	b.Kept = nil
	return b
}

// fill sets a value at random; a value at the top is more often filled than not.
func fill(r *rand.Rand, v reflect.Value, top bool) {
	switch v.Interface().(type) {
	case picket.Digest:
		if r.IntN(4) > 0 {
			v.SetString(fmt.Sprintf("sha256:%064x", r.Uint64()))
		}
		return
	case time.Time:
		if r.IntN(2) > 0 {
			v.Set(reflect.ValueOf(time.Unix(r.Int64N(1<<33), 0).UTC()))
		}
		return
	case bom.Confidence:
		v.SetString(string([]bom.Confidence{bom.Unresolved, bom.Declared, bom.Declared, bom.Inferred, bom.Verified}[r.IntN(5)]))
		return
	case bom.Kind:
		v.SetString(string([]bom.Kind{bom.ModelKind, bom.ModelKind, bom.DatasetKind, bom.ProgramKind, bom.FolderKind, "", "odd"}[r.IntN(7)]))
		return
	}
	switch v.Kind() {
	case reflect.String:
		all := texts()
		v.SetString(all[r.IntN(len(all))])
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64N(5))
	case reflect.Slice:
		for range r.IntN(4) {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			if r.IntN(8) > 0 {
				fill(r, v.Index(v.Len()-1), false)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if top || r.IntN(8) > 0 {
				fill(r, v.Field(i), false)
			}
		}
	}
}

// Full makes a bill in which every field has a value of its own that says where it is.
func Full(kind bom.Kind) *bom.Bill {
	b := &bom.Bill{}
	name(reflect.ValueOf(b).Elem(), "")
	b.Kind, b.Kept = kind, nil
	b.Digest = picket.Digest("sha256:" + strings.Repeat("0123456789abcdef", 4))
	b.Time = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	b.Model.Licences = []bom.Field{{Value: "Apache-2.0", Confidence: bom.Declared, Source: "README.md#license"}}
	b.Model.Location.Value = "https://example.org/models/full"
	b.Model.Identifiers[0].Value = "pkg:huggingface/example/full@0123456789abcdef0123456789abcdef01234567"
	b.Model.Approach.Value = "self-supervised"
	b.Model.Parameters.Value = "7241732096"
	b.Model.Energy = append(b.Model.Energy, bom.Field{Value: "training: 12.5 kWh", Confidence: bom.Declared, Source: "README.md"})
	b.Security.Vulnerabilities[0].Value = "CVE-2026-12345"
	b.Model.Timestamp.Value = "2026-10-01T00:00:00Z"
	b.Datasets[0].Use, b.Datasets[1].Use = "train", "test"
	b.Lineage[0].Relation, b.Lineage[1].Relation = bom.FineTuned, bom.Merged
	b.Files[0].Role, b.Files[0].Name = "card", "README.md"
	b.Software[0].PURL = "pkg:pypi/transformers@4.57.1"
	for i := range b.References {
		b.References[i].URL.Value = fmt.Sprintf("https://example.org/reference/%d", i)
	}
	b.References[0].Kind, b.References[1].Kind = "paper", "repository"
	return b
}

// name sets every value below a place to a text that says the place, lists to two elements.
func name(v reflect.Value, place string) {
	switch v.Interface().(type) {
	case bom.Field:
		all := []bom.Confidence{bom.Declared, bom.Inferred, bom.Verified}
		v.Set(reflect.ValueOf(bom.Field{
			Value: "value of " + place, Confidence: all[len(place)%3], Source: "config.json#" + place,
		}))
		return
	case picket.Digest:
		v.SetString(fmt.Sprintf("sha256:%064x", len(place)))
		return
	case time.Time:
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text of " + place)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(len(place)))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			name(v.Index(i), fmt.Sprintf("%s[%d]", place, i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if tag := f.Tag.Get("json"); f.Anonymous {
				name(v.Field(i), place)
			} else {
				name(v.Field(i), strings.Trim(place+"."+tag, "."))
			}
		}
	}
}
