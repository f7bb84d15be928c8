package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/cyclonedx"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/release/build"
)

// bomSuffix ends the names of bills of materials.
const bomSuffix = ".cdx.json"

// The names of the module and of its place.
const (
	modulePath = "github.com/picketsec/picket"
	location   = "https://github.com/picketsec/picket"
)

// bill writes the bill of materials of the binary in a folder: the modules that the linker put into it.
func (a *assembly) bill(ctx context.Context, t build.Target, dir string) (string, error) {
	name := a.stem(t) + bomSuffix
	m, err := evidence.HashFile(ctx, os.DirFS(dir), t.Program(), evidence.Options{Name: t.Program()})
	if err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	b, err := bom.Build(ctx, bom.Input{Content: os.DirFS(dir), Manifest: m, Author: "picketsec", Location: location,
		Tool: "picket release", Version: a.source.Version, Time: a.source.Time})
	if err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	a.name(b)
	var text bytes.Buffer
	if err := cyclonedx.Encode(&text, b, cyclonedx.V1_6); err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	if err := os.WriteFile(filepath.Join(a.dir, name), text.Bytes(), 0o644); err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	return name, nil
}

// name fills in what the release knows and the binary does not say: its own version and licence.
func (a *assembly) name(b *bom.Bill) {
	version := bom.Field{Value: a.source.Version, Confidence: bom.Declared, Source: recordFile + "#version"}
	b.Model.Version = version
	b.Model.Licences = []bom.Field{{Value: "Apache-2.0", Confidence: bom.Declared, Source: "LICENSE"}}
	for i, s := range b.Software {
		if s.Name.Value == modulePath {
			b.Software[i].Version, b.Software[i].PURL = version, "pkg:golang/"+modulePath+"@"+a.source.Version
		}
	}
}
